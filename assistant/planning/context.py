"""The planning context: the calls a turn makes, what they bring, and what is known by then."""

import json
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.core.turn_state import PastSearch, TurnState
from tools.domain.facts import (
    ComparisonFacts,
    Facts,
    LesionFacts,
    RegionFacts,
    RegionRemoved,
    RegionsFound,
    SearchFacts,
    SeriesFacts,
    SeriesSelected,
    Stated,
)


@dataclass(frozen=True)
class Call:
    """Hold a tool call to make."""

    name: str
    args: dict[str, Any]

    @property
    def key(self) -> str:
        """Name the call by tool and arguments, the same for the same call."""
        return f"{self.name} {json.dumps(self.args, sort_keys=True)}"


@dataclass(frozen=True)
class Result:
    """Hold what came of a call: facts, or the sentence that says why not. `evidence` is its number, 0 if unknown."""

    facts: Facts | None
    failure: str = ""
    evidence: int = 0


@dataclass(frozen=True)
class Reply:
    """Hold the finished answer. `asks`: it is a clarification, read together with what the user says next."""

    text: str
    asks: bool = False


class ClarificationNeededError(Exception):
    """Raise where the request can mean several things: the message is the clarification question."""


class RequestRefusedError(Exception):
    """Raise where the request cannot be met: the message says why and what to do instead."""


Recipe = Generator[Call, Facts, str]  # yields calls, is sent their facts, returns its part of the answer


def stated(tool: str, arguments: Mapping[str, object]) -> Recipe:
    """Make a call whose result says all in its statement, which is the answer."""
    facts = yield Call(tool, dict(arguments))
    assert isinstance(facts, Stated)
    return facts.statement


def stated_of_each(tool: str, arguments: Iterable[Mapping[str, object]]) -> Recipe:
    """Make such a call with each of these arguments."""
    told = []
    for one in arguments:
        told.append((yield from stated(tool, one)))
    return " ".join(told)


@dataclass
class PlanningContext:
    """Hold what is known while a turn is planned: the state before it, and what its calls brought."""

    state: TurnState
    regions: dict[str, RegionFacts] = field(default_factory=dict)
    searches: dict[str, PastSearch] = field(default_factory=dict)  # newest last
    series: tuple[SeriesFacts, ...] = ()  # of the upload, where it holds several
    series_number: int = 1  # of the one on the screen
    focus: str | None = None  # the region this message is about
    suggested: bool = False  # regions were proposed in this turn, the user had pointed at none
    hit: str | None = None
    cautioned: bool = False  # in this turn
    evidence: int = 0  # number of the newest result

    def __post_init__(self) -> None:
        self.regions = {r.region_id: r for r in self.state.regions}
        self.searches = {s.facts.region_id: s for s in reversed(self.state.searches)}
        self.series, self.series_number = self.state.series, self.state.series_number

    def learn(self, call: Call, result: Result) -> None:
        """Take in what a call brought."""
        facts, self.evidence = result.facts, result.evidence
        if isinstance(facts, RegionsFound):
            self.regions.update({r.region_id: r for r in facts.regions})
        elif isinstance(facts, SeriesSelected):
            self.series_number, self.focus = facts.number, None
            self.regions = {r.region_id: r for r in facts.regions}
            self.searches = {r: s for r, s in self.searches.items() if r in self.regions}
        elif isinstance(facts, RegionRemoved):
            self.regions.pop(facts.region_id, None)
            self.searches.pop(facts.region_id, None)
        elif isinstance(facts, RegionFacts):
            self.regions[facts.region_id] = facts
            self.focus = facts.region_id
        elif isinstance(facts, SearchFacts):
            self.searches.pop(facts.region_id, None)
            self.searches[facts.region_id] = PastSearch(evidence=result.evidence, args=call.args, facts=facts)
            self.focus = facts.region_id
        elif isinstance(facts, ComparisonFacts):
            self.focus, self.hit = facts.region.region_id, facts.lesion.lesion_id
        elif isinstance(facts, LesionFacts):
            self.hit = facts.lesion_id

    @property
    def last_search(self) -> PastSearch | None:
        """Return the newest search, of this turn or before it."""
        return next(reversed(self.searches.values()), None)

    @property
    def last_tool(self) -> str:
        """Name the last tool of the turn before, empty if there was none."""
        return self.state.last_calls[-1].name if self.state.last_calls else ""
