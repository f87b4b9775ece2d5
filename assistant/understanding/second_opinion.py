"""Several minds have read a message: which reading is followed.

Each mind says how likely it finds each of its readings; the planner, which has no doubts, is always as likely. Readings
that mean the same are added up, and the likeliest is followed: a sure mind is believed alone, two that agree outvote
a third. The constant is from written sentences kept apart from all learning (`assistant/tuning/written.py`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.core.requests import Request
from assistant.core.turn_state import TurnState
from assistant.planning.context import Call, Reply
from assistant.planning.planner import plan_turn
from assistant.understanding.preprocess import is_data
from tools.domain.lesions import DEEPLESION_TYPES

RULES_PROBABILITY = 0.35  # the chance its reading is given
_SIGNS = re.compile(r"[<>≤≥=]")
_Meaning = list[Call | Reply]


@dataclass(frozen=True)
class Hypothesis:
    """A reading that a mind finds possible, and how likely it is to it."""

    requests: tuple[Request, ...]
    chance: float


def vote(
    message: str, planned: tuple[Request, ...], minds: Sequence[Iterable[Hypothesis]], state: TurnState
) -> tuple[Request, ...]:
    """One understanding from the planner's and the thoughts of other minds.

    A mind's thoughts come likeliest first. No mind is asked, and no more of its thoughts, than may change the outcome.
    """
    if not set(state.atlas_types) <= set(DEEPLESION_TYPES):
        return planned  # the minds learnt other types than this atlas has
    if any(r.unknown_types or r.not_applied for r in planned):
        return planned  # what is not there is told in words they do not know
    if is_data(message):
        return planned  # nobody says it
    votes = _Votes(message, state)
    votes.add(Hypothesis(planned, RULES_PROBABILITY))
    for thoughts in minds:
        if not votes.may_change(1.0):
            break
        left = 1.0
        for thought in thoughts:
            votes.add(thought)
            left -= thought.chance
            if not votes.may_change(min(left, thought.chance)):
                break
    read = votes.first.requests
    if all(r.intent == "out_of_scope" for r in planned) and all(r.intent != "out_of_scope" for r in read):
        return planned  # nothing is answered that may have to be declined
    if _SIGNS.search(message) and _kinds(read) == _kinds(planned):
        return planned  # the tables never take one sign for another
    return read


@dataclass
class _Votes:
    """The readings so far, with the sum of the chances that minds give them."""

    message: str
    state: TurnState
    cast: list[tuple[_Meaning, Hypothesis]] = field(default_factory=list)

    @property
    def first(self) -> Hypothesis:
        """The likeliest reading; of equally likely ones, the one that was thought of first."""
        return max((thought for _, thought in self.cast), key=lambda thought: thought.chance)

    def add(self, thought: Hypothesis) -> None:
        meant = _meaning(self.message, thought.requests, self.state)
        for place, (meaning, before) in enumerate(self.cast):
            if meaning == meant:
                self.cast[place] = meaning, Hypothesis(before.requests, before.chance + thought.chance)
                return
        self.cast.append((meant, thought))

    def may_change(self, chance: float) -> bool:
        """Whether a thought of at most this chance could bring another reading to the front, or a new one."""
        first = self.first
        return chance + max((t.chance for _, t in self.cast if t is not first), default=0.0) > first.chance


def _kinds(requests: tuple[Request, ...]) -> list[str]:
    """What is asked for, in no order; to change a search is to search."""
    return sorted("search" if r.intent == "refine" else r.intent for r in requests)


def _meaning(message: str, requests: tuple[Request, ...], state: TurnState) -> _Meaning:
    """What two understandings are compared by: what comes of each request, first of all."""
    steps = [plan_turn(message, state, {}, lambda _, __, one=request: (one,)) for request in requests]  # type: ignore[misc]
    return [Call(step.name, _in_order(step.args)) if isinstance(step, Call) else step for step in steps]


def _in_order(args: dict[str, Any]) -> dict[str, Any]:
    """Arguments whose lists, which are of types, do not depend on which was named first."""
    return {name: sorted(value) if isinstance(value, list) else value for name, value in args.items()}
