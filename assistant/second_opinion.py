"""Two minds have read a message: which of them is followed where they differ.

The second mind, a language model or the offline network, understands more messages than the planner. It is followed,
unless it was not sure, or what the planner understood is among its own second thoughts: then two independent minds
speak for it. Measured on the written sentences kept apart from all (`assistant/tuning/written.py`), from which the
constants are too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.planner import plan_turn
from assistant.requests import Request
from assistant.state import TurnState
from assistant.tuning.phrases import TYPE_NAMES
from assistant.turn import Call, Reply
from assistant.understanding import is_data

_SIGNS = re.compile(r"[<>≤≥=]")
THOUGHTS = 2  # that are asked for, the likeliest first


@dataclass(frozen=True)
class Trust:
    """How far a second mind is followed. Chances are of its whole reading, as it sees it."""

    sure: float  # at least, where the planner understood something else or nothing
    possible: float  # a second thought's chance beside the first's, to be one


LANGUAGE_MODEL = Trust(sure=0.0, possible=0.15)
OFFLINE_NETWORK = Trust(sure=0.3, possible=0.15)


def settle(
    message: str,
    planned: tuple[Request, ...],
    read: tuple[Request, ...],
    second_thoughts: Iterable[tuple[Request, ...]],
    state: TurnState,
    trust: Trust = LANGUAGE_MODEL,
    sureness: float = 1.0,
) -> tuple[Request, ...]:
    """One understanding from the planner's, the second mind's, and its second thoughts."""
    if not set(state.atlas_types) <= set(TYPE_NAMES):
        return planned  # the model was tuned to other types than this atlas has
    if any(r.unknown_types or r.not_applied for r in planned):
        return planned  # what is not there is told in words the model does not know
    if is_data(message):
        return planned  # nobody says it
    if all(r.intent == "out_of_scope" for r in planned) and all(r.intent != "out_of_scope" for r in read):
        return planned  # nothing is answered that may have to be declined
    if sureness < trust.sure:
        return planned
    if all(r.intent == "unknown" for r in planned):
        return read
    if _SIGNS.search(message) and sorted(r.intent for r in read) == sorted(r.intent for r in planned):
        return planned  # the tables never take one sign for another
    meant = _meaning(message, planned, state)
    if meant == _meaning(message, read, state):
        return planned
    return planned if any(_meaning(message, thought, state) == meant for thought in second_thoughts) else read


def _meaning(message: str, requests: tuple[Request, ...], state: TurnState) -> tuple[int, Call | Reply]:
    """What two understandings are compared by: how many requests, and what comes of them first."""
    return len(requests), plan_turn(message, state, {}, lambda _, __: requests)
