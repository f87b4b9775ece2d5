"""Read a message: rules find what has a fixed form, the network finds the structure.

A short message that goes on with the last call is read by its form (`follow_ups.py`). Of all others rules find lesion
ids, numbers, lesion types and pasted data beforehand. The network (`network/reader.py`) writes the
calls that the message means, pointing at those. Of its words the calls are then given what no call can hold
(`words_of_message.py`, `words_of_cases.py`). Whatever was made of it, nothing is deleted that was not asked for
(`deletions.py`), and a question for a judgement that is nobody's but a clinician's is declined (`guardrail.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.core.requests import Request
from assistant.core.turn_state import TurnState
from assistant.understanding.call_language import ParsedCall
from assistant.understanding.call_to_request import to_request
from assistant.understanding.deletions import all_but, only_as_asked
from assistant.understanding.follow_ups import follow_up
from assistant.understanding.guardrail import guarded
from assistant.understanding.network.reader import NetworkReader, load_network_reader
from assistant.understanding.words_of_cases import with_case_words
from assistant.understanding.words_of_message import (
    has_thanks,
    is_data,
    is_foreign,
    lesion_ids,
    like_the_patient,
    with_conditions,
    with_words,
)

NOT_READ = (Request("unknown"),)


def read_message(message: str, state: TurnState, reader: NetworkReader | None = None) -> tuple[Request, ...]:
    """Return the requests of a message in this state, in order; by the shipped network, if no other is given.

    A reply to a question of ours that says nothing alone is read together with it. Raises OSError where the network's
    files are missing.
    """
    if is_data(message):
        return NOT_READ
    if (requests := follow_up(message, state)) is None and (others := all_but(message)) is not None:
        requests = (others,)
    if requests is not None:
        return tuple(replace(request, thanked=has_thanks(message)) for request in requests)
    reader = reader or load_network_reader()
    requests = _read(message, state, reader)
    if state.open_question is not None and all(r.intent in ("refine", "unknown", "describe_lesion") for r in requests):
        together = _read(f"{state.open_question} {message}", state, reader)
        if not any(r.unread or r.unclear for r in together):  # else the reply stands on its own
            requests = together
    requests = guarded(with_conditions(requests, message), message, state.atlas_types)
    return tuple(replace(request, foreign=True) for request in requests) if is_foreign(message) else requests


def _read(text: str, state: TurnState, reader: NetworkReader) -> tuple[Request, ...]:
    replaced, ids = lesion_ids(text, state)
    replaced = re.sub(r"\s*\bidref(\d+)\b", lambda m: f" L{int(m.group(1)) + 1}", replaced).strip()
    try:
        return to_requests(reader.read(replaced, state, len(ids)), text, state, ids)
    except ValueError:  # what was written is no call, or says not what it is about
        return NOT_READ


def to_requests(calls: Sequence[ParsedCall], message: str, state: TurnState, ids: Sequence[str]) -> tuple[Request, ...]:
    """Resolve the calls that a message means into requests, with what they take from its words.

    `ids` are the lesion ids that stand in the calls as L1, L2, …. Raises ValueError as `to_request` does.
    """
    thanked, alone = has_thanks(message), len(calls) == 1
    read = (with_words(replace(to_request(call, state, ids), thanked=thanked), message, alone) for call in calls)
    asked = (only_as_asked(like_the_patient(request, message, state), message, state) for request in read)
    return tuple(with_case_words(request, message) for request in asked)
