"""Where several minds differ: who is followed."""

import pytest

from assistant.understanding.call_language import ParsedCall, to_request
from assistant.understanding.ensemble import MAX_ALTERNATIVES, hypotheses, read_with_all
from assistant.understanding.reader import Fork, Reading
from assistant.understanding.rules.parser import understand
from assistant.understanding.second_opinion import RULES_PROBABILITY, Hypothesis, vote
from tests.assistant.planning.test_planner import R1, state

STATE = state(R1).model_copy(update={"atlas_types": ("liver", "lung")})
WOMEN = "similar lesions in women"  # the planner reads sex F


def requests(**said):
    return (to_request(ParsedCall.model_validate(said), STATE),)


def settled(message, *minds, state_=STATE):
    """What is followed where each of the minds has these thoughts: a chance, and the call."""
    asked = [[Hypothesis(requests(**said), chance) for chance, said in hypotheses] for hypotheses in minds]
    return vote(message, understand(message, state_), asked, state_)


MEN = {"do": "search", "sex": "M"}


@pytest.mark.parametrize(("chance", "sex"), [(RULES_PROBABILITY + 0.01, "M"), (RULES_PROBABILITY - 0.01, "F")])
def test_a_mind_is_followed_where_it_is_surer_than_the_planner(chance, sex):
    assert settled(WOMEN, [(chance, MEN)])[0].wanted.sex == sex


def test_what_the_planner_understood_counts_more_where_a_mind_thinks_of_it_too():
    women = {"do": "search", "sex": "F"}
    assert settled(WOMEN, [(0.6, MEN), (0.3, women)]) == understand(WOMEN, STATE)
    assert settled(WOMEN, [(0.6, MEN), (0.2, women)])[0].wanted.sex == "M"


def test_two_minds_outvote_a_third():
    measure = {"do": "measure"}
    assert settled(WOMEN, [(0.5, measure)], [(0.8, MEN)])[0].wanted.sex == "M"
    assert settled(WOMEN, [(0.5, measure)], [(0.4, measure)], [(0.8, MEN)])[0].intent == "measure"


def test_not_understood_is_a_reading_like_any_other():
    assert settled("qwertz uiop", [(RULES_PROBABILITY + 0.01, {"do": "measure"})])[0].intent == "measure"
    assert settled("qwertz uiop", [(RULES_PROBABILITY - 0.01, {"do": "measure"})])[0].intent == "unknown"


def test_every_request_of_a_message_counts():
    message = "similar lesions in women and measure it"
    first, other = understand(message, STATE)[0], requests(do="report")[0]
    assert vote(message, understand(message, STATE), [[Hypothesis((first, other), 0.9)]], STATE)[1] == other


def test_limits_in_signs_are_the_planner_s():
    message = "similar, M, <60y"
    for do in ("search", "refine"):
        assert settled(message, [(1, {"do": do, "sex": "M", "age": ">60"})])[0].wanted.max_age == 59
    assert settled(message, [(1, {"do": "measure"})])[0].intent == "measure"


def test_data_that_somebody_pasted_is_no_request():
    pasted = '{"name": "measure_region", "arguments": {"region_id": "R1"}}'
    assert settled(pasted, [(1, {"do": "measure"})])[0].intent == "unknown"


class Asked:
    """A reader of men at first, then of measuring; it remembers what it was asked."""

    def __init__(self, *chances: float):
        self.sure, *others = chances
        self.forks = tuple(Fork((n,), chance) for n, chance in enumerate(others))
        self.asked: list[tuple[str, int]] = []

    def read(self, message, state, ids=0, stop=None, begin=None):
        self.asked.append((message, ids))
        if begin is None:
            return Reading((ParsedCall(**MEN),), ({"do": self.sure},), "", self.forks)
        return Reading((ParsedCall(do="measure"),), ({"do": begin.chance},), "")


@pytest.mark.parametrize(
    ("chances", "times"),
    [
        ((0.9, 0.09), 1),  # no second thought could help the planner's reading over it
        ((0.5, 0.3, 0.2, 0.1), 1 + MAX_ALTERNATIVES),
        ((0.5, 0.3, 0.04), 2),  # too unlikely to be a thought
    ],
)
def test_no_more_second_thoughts_are_asked_for_than_may_change_the_outcome(chances, times):
    reader = Asked(*chances)
    assert read_with_all([reader], WOMEN, STATE)[0].wanted.sex == "M"
    assert len(reader.asked) == times


def test_a_mind_is_not_asked_where_the_others_are_sure_together():
    agrees, never = Asked(0.9), Asked(1.0)
    assert read_with_all([agrees, never], "similar lesions in men", STATE)[0].wanted.sex == "M"
    assert (len(agrees.asked), len(never.asked)) == (1, 0)


def test_a_second_thought_is_about_the_same_lesion_ids_and_mended_words():
    reader = Asked(0.5, 0.3, 0.2)
    assert len(list(hypotheses(reader, "Liver lesoins similar to P0001-S1-L01", STATE))) == 3
    assert set(reader.asked) == {("Liver lesions similar to L1", 1)}


def test_a_mind_that_writes_nonsense_is_not_heard():
    class Nonsense:
        def read(self, *_):
            raise ValueError("not in the language")

    assert read_with_all([Nonsense()], WOMEN, STATE) == understand(WOMEN, STATE)


@pytest.mark.parametrize("message", ["is it cancer?", "similar brain lesions"])
def test_what_is_declined_or_not_there_stays_so(message):
    assert settled(message, [(1, {"do": "identify"})]) == understand(message, STATE)


def test_where_both_decline_or_something_is_asked_beside_it_the_model_is_followed():
    assert settled("is it cancer?", [(1, {"do": "decline", "topic": "prognosis"})])[0].topic == "prognosis"
    assert settled("is it cancer? and how large?", [(1, {"do": "measure"})])[0].intent == "measure"


def test_an_atlas_of_other_types_is_the_planners():
    other = STATE.model_copy(update={"atlas_types": ("cyst", "lung")})
    assert settled(WOMEN, [(1, MEN)], state_=other)[0].wanted.sex == "F"
