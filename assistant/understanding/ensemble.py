"""A message read by several minds: the planner, and whatever else reads messages in the embedded language."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.core.cancellation import current_cancel_event
from assistant.core.requests import Request
from assistant.core.turn_state import TurnState
from assistant.understanding.call_language import to_request
from assistant.understanding.preprocess import lesion_ids
from assistant.understanding.reader import Fork, Reader, Reading
from assistant.understanding.rules.parser import understand
from assistant.understanding.rules.spelling import spelled
from assistant.understanding.second_opinion import Hypothesis, vote

MAX_ALTERNATIVES = 2  # of a mind, at most
MIN_PROBABILITY = 0.05  # chance from which a thought is one


@dataclass(frozen=True)
class Understood:
    """What a reader made of a text: requests, and the reading they come from."""

    text: str  # a message, or a question of ours together with the reply
    requests: tuple[Request, ...]
    reading: Reading


def read_with_all(minds: Sequence[Reader], message: str, state: TurnState) -> tuple[Request, ...]:
    """What the planner and other minds understood together. Raises what a mind raises, but for ValueError."""
    return vote(message, understand(message, state), [hypotheses(mind, message, state) for mind in minds], state)


def hypotheses(mind: Reader, message: str, state: TurnState) -> Iterator[Hypothesis]:
    """What a mind thinks possible, likeliest first, read one by one as asked; nothing where it reads no request."""
    try:
        first = read_requests(mind, message, state)
    except ValueError:
        return
    yield Hypothesis(first.requests, first.reading.sureness)
    for fork in first.reading.forks[:MAX_ALTERNATIVES]:
        if fork.chance < MIN_PROBABILITY:
            return
        try:
            other = _understood(mind, first.text, state, fork)
        except ValueError:  # no calls begin so
            continue
        yield Hypothesis(other.requests, other.reading.sureness)


def read_requests(reader: Reader, message: str, state: TurnState) -> Understood:
    """A reader's requests. A reply to a question of ours that says nothing by itself is read together with it."""
    alone = _understood(reader, message, state)
    says_nothing = all(r.intent in ("refine", "unknown", "describe_lesion") for r in alone.requests)
    if state.open_question is not None and says_nothing:
        together = _understood(reader, f"{state.open_question} {message}", state)
        if not any(r.unread or r.unclear for r in together.requests):
            return together
    return alone


def _understood(reader: Reader, text: str, state: TurnState, begin: Fork | None = None) -> Understood:
    replaced, ids = lesion_ids(text, state)
    replaced = re.sub(r"\s*\bidref(\d+)\b", lambda m: f" L{int(m.group(1)) + 1}", replaced).strip()
    mended = spelled(replaced)  # the minds have learnt from slips too, but what is sure they need not guess
    reading = reader.read(mended, state, len(ids), current_cancel_event(), begin)
    return Understood(text, tuple(to_request(said, state, ids) for said in reading.said), reading)
