"""Understand a message with two readers: the rules and the network.

The network says how probable it finds each of its hypotheses; the rules, which know no doubt, are always given the same
probability. Hypotheses that lead to the same tool calls are added up, and the most probable sum is followed.
`RULES_PROBABILITY` is fitted on written sentences kept apart from all training (`assistant/training/corpus.py`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from assistant.core.requests import Request
from assistant.core.turn_state import TurnState, current_cancel_event
from assistant.planning.context import Call, Reply
from assistant.planning.planner import meaning
from assistant.understanding.call_language import ParsedCall
from assistant.understanding.call_to_request import to_request
from assistant.understanding.network.reader import Fork, NetworkReader, Reading, load_network_reader
from assistant.understanding.rules.parser import understand
from assistant.understanding.words_of_message import (
    has_thanks,
    is_data,
    is_foreign,
    lesion_ids,
    with_case_words,
    with_conditions,
    with_words,
)
from tools.domain.lesions import DEEPLESION_TYPES

RULES_PROBABILITY = 0.35  # of the rules' hypothesis
MAX_ALTERNATIVES = 2  # of the network, besides its likeliest hypothesis
MIN_PROBABILITY = 0.05  # of an alternative that is read at all
_Meaning = list[tuple[Call | Reply, frozenset[str]]]


@dataclass(frozen=True)
class Understood:
    """What a reader made of a text: requests, and the reading they come from."""

    text: str  # a message, or a question of ours together with the reply
    requests: tuple[Request, ...]
    reading: Reading


@dataclass(frozen=True)
class Hypothesis:
    """What a message may ask for, and how probable a reader finds that."""

    requests: tuple[Request, ...]
    probability: float


def read_message(message: str, state: TurnState) -> tuple[Request, ...]:
    """Read a message with the rules and the network. Raises what the network raises, but for ValueError."""
    by_rules = understand(message, state)
    if is_data(message):
        return by_rules
    winner = vote(by_rules, hypotheses(load_network_reader(), message, state), state)
    winner = with_conditions(winner, message)
    return tuple(replace(request, foreign=True) for request in winner) if is_foreign(message) else winner


def read_requests(reader: NetworkReader, message: str, state: TurnState) -> Understood:
    """Read a message with one reader; a reply to a question of ours that says nothing alone is read together with it.

    Raises what the reader raises, among it ValueError for what it could not read.
    """
    alone = _understood(reader, message, state)
    says_nothing = all(r.intent in ("refine", "unknown", "describe_lesion") for r in alone.requests)
    if state.open_question is not None and says_nothing:
        together = _understood(reader, f"{state.open_question} {message}", state)
        if not any(r.unread or r.unclear for r in together.requests):
            return together
    return alone


def hypotheses(reader: NetworkReader, message: str, state: TurnState) -> Iterator[Hypothesis]:
    """Yield a reader's hypotheses, likeliest first, each read only when asked for; none where it reads no request."""
    try:
        first = read_requests(reader, message, state)
    except ValueError:
        return
    yield Hypothesis(first.requests, first.reading.probability)
    for fork in first.reading.forks[:MAX_ALTERNATIVES]:
        if fork.probability < MIN_PROBABILITY:
            return
        try:
            alternative = _understood(reader, first.text, state, fork)
        except ValueError:  # no calls begin so
            continue
        yield Hypothesis(alternative.requests, alternative.reading.probability)


def vote(by_rules: tuple[Request, ...], by_network: Iterable[Hypothesis], state: TurnState) -> tuple[Request, ...]:
    """Choose between the requests of the rules and the hypotheses of the network, which come likeliest first.

    Of an atlas with other types than DeepLesion's the rules know too little: the network reads alone. No more of its
    hypotheses are read than may change the outcome.
    """
    if not set(state.atlas_types) <= set(DEEPLESION_TYPES):
        return next((one.requests for one in by_network), by_rules)
    votes = _Votes(state)
    votes.add(Hypothesis(by_rules, RULES_PROBABILITY))
    left = 1.0
    for hypothesis in by_network:
        votes.add(hypothesis)
        left -= hypothesis.probability
        if not votes.may_change(min(left, hypothesis.probability)):
            break
    winner = votes.first.requests
    if all(r.intent == "out_of_scope" for r in by_rules) and all(r.intent != "out_of_scope" for r in winner):
        return by_rules  # nothing is answered that may have to be declined
    return winner


@dataclass
class _Votes:
    """The hypotheses so far, those of one meaning added up."""

    state: TurnState
    cast: list[tuple[_Meaning, Hypothesis]] = field(default_factory=list)

    @property
    def first(self) -> Hypothesis:
        """The most probable one; of equally probable ones, the earliest."""
        return max((one for _, one in self.cast), key=lambda one: one.probability)

    def add(self, hypothesis: Hypothesis) -> None:
        """Count a hypothesis to the earlier one of the same meaning, or as a new one."""
        meant = _meaning(hypothesis.requests, self.state)
        for place, (other, before) in enumerate(self.cast):
            if other == meant:
                together = before.probability + hypothesis.probability
                self.cast[place] = meant, Hypothesis(before.requests, together)
                return
        self.cast.append((meant, hypothesis))

    def may_change(self, probability: float) -> bool:
        """Tell whether a hypothesis of at most this probability could bring another one to the front."""
        first = self.first
        return probability + max((h.probability for _, h in self.cast if h is not first), default=0.0) > (
            first.probability
        )


def _understood(reader: NetworkReader, text: str, state: TurnState, begin: Fork | None = None) -> Understood:
    replaced, ids = lesion_ids(text, state)
    replaced = re.sub(r"\s*\bidref(\d+)\b", lambda m: f" L{int(m.group(1)) + 1}", replaced).strip()
    reading = reader.read(replaced, state, len(ids), current_cancel_event(), begin)
    return Understood(text, to_requests(reading.calls, text, state, ids), reading)


def to_requests(calls: Sequence[ParsedCall], message: str, state: TurnState, ids: Sequence[str]) -> tuple[Request, ...]:
    """Resolve the calls that a message means into requests, with what they take from its words.

    `ids` are the lesion ids that stand in the calls as L1, L2, …. Raises ValueError as `to_request` does.
    """
    thanked, alone = has_thanks(message), len(calls) == 1
    read = (with_words(replace(to_request(call, state, ids), thanked=thanked), message, alone) for call in calls)
    return tuple(with_case_words(request, message) for request in read)


def _meaning(requests: Sequence[Request], state: TurnState) -> _Meaning:
    """List what is done and told: hypotheses that lead to the same mean the same."""
    return [(_in_order(step.does), step.told) for step in meaning(requests, state)]


def _in_order(does: Call | Reply) -> Call | Reply:
    """Sort the lists among a call's arguments, which are of types: which was named first does not count."""
    if isinstance(does, Reply):
        return does
    ordered = {name: sorted(value) if isinstance(value, list) else value for name, value in does.args.items()}
    return Call(does.name, ordered)
