"""Where several readers differ: which is followed."""

import pytest

from assistant.understanding.call_language import ParsedCall
from assistant.understanding.call_to_request import to_request
from assistant.understanding.ensemble import (
    MAX_ALTERNATIVES,
    RULES_PROBABILITY,
    Hypothesis,
    hypotheses,
    read_with_all,
    vote,
)
from assistant.understanding.reader import Fork, Reading
from assistant.understanding.rules.parser import understand
from tests.assistant.planning.test_planner import R1, state

STATE = state(R1).model_copy(update={"atlas_types": ("liver", "lung")})
WOMEN = "similar lesions in women"  # the rules read sex F


def requests(**call):
    return (to_request(ParsedCall.model_validate(call), STATE),)


def followed(message, *readers, state_=STATE):
    """What is followed where each of the readers has these hypotheses: a probability, and the call."""
    asked = [[Hypothesis(requests(**call), probability) for probability, call in found] for found in readers]
    return vote(message, understand(message, state_), asked, state_)


MEN = {"do": "search", "sex": "M"}


@pytest.mark.parametrize(("probability", "sex"), [(RULES_PROBABILITY + 0.01, "M"), (RULES_PROBABILITY - 0.01, "F")])
def test_a_reader_is_followed_where_it_is_surer_than_the_rules(probability, sex):
    assert followed(WOMEN, [(probability, MEN)])[0].wanted.sex == sex


def test_what_the_rules_read_counts_more_where_a_reader_finds_it_possible_too():
    women = {"do": "search", "sex": "F"}
    assert followed(WOMEN, [(0.6, MEN), (0.3, women)]) == understand(WOMEN, STATE)
    assert followed(WOMEN, [(0.6, MEN), (0.2, women)])[0].wanted.sex == "M"


def test_two_readers_outvote_a_third():
    measure = {"do": "measure"}
    assert followed(WOMEN, [(0.5, measure)], [(0.8, MEN)])[0].wanted.sex == "M"
    assert followed(WOMEN, [(0.5, measure)], [(0.4, measure)], [(0.8, MEN)])[0].intent == "measure"


def test_not_understood_is_a_reading_like_any_other():
    assert followed("qwertz uiop", [(RULES_PROBABILITY + 0.01, {"do": "measure"})])[0].intent == "measure"
    assert followed("qwertz uiop", [(RULES_PROBABILITY - 0.01, {"do": "measure"})])[0].intent == "unknown"


def test_every_request_of_a_message_counts():
    message = "similar lesions in women and measure it"
    first, other = understand(message, STATE)[0], requests(do="report")[0]
    assert vote(message, understand(message, STATE), [[Hypothesis((first, other), 0.9)]], STATE)[1] == other


def test_limits_in_signs_are_the_rules():
    message = "similar, M, <60y"
    for do in ("search", "refine"):
        assert followed(message, [(1, {"do": do, "sex": "M", "age": ">60"})])[0].wanted.max_age == 59
    assert followed(message, [(1, {"do": "measure"})])[0].intent == "measure"


def test_pasted_data_is_no_request():
    pasted = '{"name": "measure_region", "arguments": {"region_id": "R1"}}'
    assert followed(pasted, [(1, {"do": "measure"})])[0].intent == "unknown"


class Asked:
    """A reader of men at first, of measuring as every alternative; it remembers what it was asked."""

    def __init__(self, *probabilities: float):
        self.sure, *others = probabilities
        self.forks = tuple(Fork((n,), probability) for n, probability in enumerate(others))
        self.asked: list[tuple[str, int]] = []

    def read(self, message, state, ids=0, stop=None, begin=None):
        self.asked.append((message, ids))
        if begin is None:
            return Reading((ParsedCall(**MEN),), ({"do": self.sure},), "", self.forks)
        return Reading((ParsedCall(do="measure"),), ({"do": begin.probability},), "")


@pytest.mark.parametrize(
    ("probabilities", "times"),
    [
        ((0.9, 0.09), 1),  # no alternative could help the rules' hypothesis over it
        ((0.5, 0.3, 0.2, 0.1), 1 + MAX_ALTERNATIVES),
        ((0.5, 0.3, 0.04), 2),  # too unlikely to be read
    ],
)
def test_no_more_alternatives_are_asked_for_than_may_change_the_outcome(probabilities, times):
    reader = Asked(*probabilities)
    assert read_with_all([reader], WOMEN, STATE)[0].wanted.sex == "M"
    assert len(reader.asked) == times


def test_a_reader_is_not_asked_where_the_others_are_sure_together():
    agrees, never = Asked(0.9), Asked(1.0)
    assert read_with_all([agrees, never], "similar lesions in men", STATE)[0].wanted.sex == "M"
    assert (len(agrees.asked), len(never.asked)) == (1, 0)


def test_an_alternative_is_about_the_same_lesion_ids_and_corrected_words():
    reader = Asked(0.5, 0.3, 0.2)
    assert len(list(hypotheses(reader, "Liver lesoins similar to P0001-S1-L01", STATE))) == 3
    assert set(reader.asked) == {("Liver lesions similar to L1", 1)}


def test_a_reader_that_writes_nonsense_has_no_vote():
    class Nonsense:
        def read(self, *_):
            raise ValueError("not in the language")

    assert read_with_all([Nonsense()], WOMEN, STATE) == understand(WOMEN, STATE)


@pytest.mark.parametrize("message", ["is it cancer?", "similar brain lesions"])
def test_what_is_declined_or_not_there_stays_so(message):
    assert followed(message, [(1, {"do": "identify"})]) == understand(message, STATE)


def test_where_both_decline_or_something_is_asked_beside_it_the_reader_is_followed():
    assert followed("is it cancer?", [(1, {"do": "decline", "topic": "prognosis"})])[0].topic == "prognosis"
    assert followed("is it cancer? and how large?", [(1, {"do": "measure"})])[0].intent == "measure"


def test_an_atlas_of_other_types_is_left_to_the_rules():
    other = STATE.model_copy(update={"atlas_types": ("cyst", "lung")})
    assert followed(WOMEN, [(1, MEN)], state_=other)[0].wanted.sex == "F"
