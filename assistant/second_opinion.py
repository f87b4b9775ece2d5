"""Two minds have read a message: which of them is followed where they differ.

The thresholds were chosen on the written sentences kept apart from both (`assistant/tuning/written.py`). Where the two
differ, the model is right more often than the planner from a sureness of about 0.7 on, and less often below it.
"""

from assistant.embedded_model import Reading
from assistant.planner import plan_turn
from assistant.state import TurnState
from assistant.tuning.phrases import TYPE_NAMES
from assistant.turn import Call, Reply
from assistant.understanding import Request

SURE = 0.7  # that everything in a reading is right
SURE_ENOUGH = 0.5  # where the planner understood nothing


def settle(
    message: str, planned: tuple[Request, ...], read: tuple[Request, ...], reading: Reading, state: TurnState
) -> tuple[Request, ...]:
    """One understanding from the planner's and the model's."""
    if not set(state.atlas_types) <= set(TYPE_NAMES):
        return planned  # the model was tuned to other types than this atlas has
    if any(r.intent == "out_of_scope" or r.unknown_types or r.not_applied for r in planned):
        return planned  # what must be said, and what is not there, are words the model does not know
    if len(planned) == len(read) and _begins(message, planned, state) == _begins(message, read, state):
        return planned
    nothing = all(r.intent == "unknown" for r in planned)
    return read if reading.sureness >= (SURE_ENOUGH if nothing else SURE) else planned


def _begins(message: str, requests: tuple[Request, ...], state: TurnState) -> Call | Reply:
    return plan_turn(message, state, {}, lambda _, __: requests)
