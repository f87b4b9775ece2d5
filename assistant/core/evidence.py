"""Numbered evidence: everything the tools of one conversation returned, and nothing else."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializeAsAny

from tools.domain.facts import ComparisonFacts, Facts, LesionFacts, SearchFacts

MAX_EVIDENCE = 60  # older evidence is dropped, so that a long conversation stays bounded; numbers are never reused


class Evidence(BaseModel):
    """Hold one tool result: E`number`, from which turn, which tool, called with what."""

    model_config = ConfigDict(frozen=True)

    number: int
    turn: int
    tool: str
    args: dict[str, Any]
    facts: SerializeAsAny[Facts]


class EvidenceLedger:
    """Keep the evidence of one conversation, oldest first, at most `max_kept` entries."""

    def __init__(self, max_kept: int = MAX_EVIDENCE) -> None:
        self._kept: OrderedDict[int, Evidence] = OrderedDict()
        self._max_kept = max_kept
        self._next = 1
        self.turn = 0

    def begin_turn(self) -> int:
        """Start the next turn, and return its number; what is added from now on belongs to it."""
        self.turn += 1
        return self.turn

    def add(self, tool: str, args: dict[str, Any], facts: Facts) -> Evidence:
        """Number a tool result and keep it; the oldest is dropped past `max_kept`."""
        evidence = Evidence(number=self._next, turn=self.turn, tool=tool, args=args, facts=facts)
        self._kept[self._next] = evidence
        self._next += 1
        while len(self._kept) > self._max_kept:
            self._kept.popitem(last=False)
        return evidence

    def get(self, number: int) -> Evidence | None:
        """Return the evidence E`number`, if it is still kept."""
        return self._kept.get(number)

    def of_turn(self, turn: int) -> tuple[Evidence, ...]:
        """Return what the tools returned in one turn."""
        return tuple(e for e in self._kept.values() if e.turn == turn)

    def forget_since(self, turn: int) -> tuple[Evidence, ...]:
        """Drop what a turn and those after it brought, and return it; numbers go on."""
        gone = tuple(e for e in self._kept.values() if e.turn >= turn)
        for evidence in gone:
            del self._kept[evidence.number]
        return gone

    def knows_lesion(self, lesion_id: str) -> bool:
        """Tell whether a tool returned this atlas lesion."""
        return any(lesion_id in _lesion_ids(e.facts) for e in self._kept.values())

    def forget(self) -> None:
        """Drop everything, as when another study is opened; numbers go on."""
        self._kept.clear()

    def newest_first(self) -> Iterator[Evidence]:
        """Iterate over the evidence, newest first."""
        return reversed(list(self._kept.values()))

    def __iter__(self) -> Iterator[Evidence]:
        return iter(list(self._kept.values()))

    def __len__(self) -> int:
        return len(self._kept)


def _lesion_ids(facts: Facts) -> set[str]:
    """Return the atlas lesions that facts are about."""
    match facts:
        case SearchFacts():
            return {hit.lesion_id for hit in facts.hits}
        case LesionFacts():
            return {facts.lesion_id}
        case ComparisonFacts():
            return {facts.lesion.lesion_id}
    return set()
