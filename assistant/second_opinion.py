"""Two minds have read a message: which of them is followed where they differ.

The model understands more messages than the planner. It is followed, unless what the planner understood is among the
model's own second thoughts: then two independent minds speak for it. Measured on the written sentences kept apart from
both (`assistant/tuning/written.py`), from which the constants are too.
"""

from collections.abc import Iterable

from assistant.planner import plan_turn
from assistant.requests import Request
from assistant.state import TurnState
from assistant.tuning.phrases import TYPE_NAMES
from assistant.turn import Call, Reply

THOUGHTS = 2  # that are asked for, the likeliest first
POSSIBLE = 0.15  # how likely one is beside the first, to be one


def settle(
    message: str,
    planned: tuple[Request, ...],
    read: tuple[Request, ...],
    second_thoughts: Iterable[tuple[Request, ...]],
    state: TurnState,
) -> tuple[Request, ...]:
    """One understanding from the planner's, the model's, and the model's second thoughts."""
    if not set(state.atlas_types) <= set(TYPE_NAMES):
        return planned  # the model was tuned to other types than this atlas has
    if any(r.unknown_types or r.not_applied for r in planned):
        return planned  # what is not there is told in words the model does not know
    if all(r.intent == "out_of_scope" for r in planned) and all(r.intent != "out_of_scope" for r in read):
        return planned  # nothing is answered that may have to be declined
    if all(r.intent == "unknown" for r in planned):
        return read
    meant = _meaning(message, planned, state)
    if meant == _meaning(message, read, state):
        return planned
    return planned if any(_meaning(message, thought, state) == meant for thought in second_thoughts) else read


def _meaning(message: str, requests: tuple[Request, ...], state: TurnState) -> tuple[int, Call | Reply]:
    """What two understandings are compared by: how many requests, and what comes of them first."""
    return len(requests), plan_turn(message, state, {}, lambda _, __: requests)
