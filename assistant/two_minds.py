"""A message read by two minds: the planner, and whatever else reads messages in the embedded language."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from assistant.calling_off import stop_event
from assistant.embedded_language import to_request
from assistant.embedded_model import Fork, Reading
from assistant.requests import Request
from assistant.second_opinion import LANGUAGE_MODEL, THOUGHTS, Trust, settle
from assistant.spelling import spelled
from assistant.state import TurnState
from assistant.understanding import lesion_ids, understand


class Mind(Protocol):
    """Whatever reads a message as the tuned model does."""

    def read(
        self,
        message: str,
        state: TurnState,
        ids: int = 0,
        stop: threading.Event | None = None,
        begin: Fork | None = None,
    ) -> Reading: ...


@dataclass(frozen=True)
class Understood:
    """What a reader made of a text: requests, and the reading they come from."""

    text: str  # a message, or a question of ours together with the reply
    requests: tuple[Request, ...]
    reading: Reading


def read_by_both(reader: Mind, message: str, state: TurnState, trust: Trust = LANGUAGE_MODEL) -> tuple[Request, ...]:
    """What planner and a second mind understood together. Raises what the reader raises."""
    first = read_requests(reader, message, state)
    others = second_thoughts(reader, first, state, trust.possible)
    planned = understand(message, state)
    return settle(message, planned, first.requests, others, state, trust, first.reading.sureness)


def second_thoughts(
    reader: Mind, first: Understood, state: TurnState, possible: float = LANGUAGE_MODEL.possible
) -> Iterator[tuple[Request, ...]]:
    """What else the reader thinks possible beside what it read first; decoded one by one, as asked."""
    least = possible * first.reading.sureness
    for fork in first.reading.forks[:THOUGHTS]:
        if fork.chance < least:
            return
        try:
            other = _understood(reader, first.text, state, fork)
        except ValueError:  # no calls begin so
            continue
        if other.reading.sureness >= least:
            yield other.requests


def read_requests(reader: Mind, message: str, state: TurnState) -> Understood:
    """A reader's requests. A reply to a question of ours that says nothing by itself is read together with it."""
    alone = _understood(reader, message, state)
    says_nothing = all(r.intent in ("refine", "unknown", "describe_lesion") for r in alone.requests)
    if state.open_question is not None and says_nothing:
        together = _understood(reader, f"{state.open_question} {message}", state)
        if not any(r.unread or r.unclear for r in together.requests):
            return together
    return alone


def _understood(reader: Mind, text: str, state: TurnState, begin: Fork | None = None) -> Understood:
    replaced, ids = lesion_ids(text, state)
    replaced = re.sub(r"\s*\bidref(\d+)\b", lambda m: f" L{int(m.group(1)) + 1}", replaced).strip()
    mended = spelled(replaced)  # the minds have learnt from slips too, but what is sure they need not guess
    reading = reader.read(mended, state, len(ids), stop_event(), begin)
    return Understood(text, tuple(to_request(said, state, ids) for said in reading.said), reading)
