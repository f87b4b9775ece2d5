"""Where planner and language model differ: who is followed."""

import pytest

from assistant.embedded_language import Said, to_request
from assistant.embedded_model import Fork, Reading
from assistant.second_opinion import LANGUAGE_MODEL, OFFLINE_NETWORK, THOUGHTS, settle
from assistant.two_minds import read_by_both, read_requests, second_thoughts
from assistant.understanding import understand
from tests.assistant.test_planner import R1, state

STATE = state(R1).model_copy(update={"atlas_types": ("liver", "lung")})
WOMEN = "similar lesions in women"  # the planner reads sex F


def requests(**said):
    return (to_request(Said.model_validate(said), STATE),)


def settled(message, *second_thoughts, state_=STATE, **said):
    return settle(message, understand(message, state_), requests(**said), iter(second_thoughts), state_)


def test_the_model_is_followed_where_it_does_not_think_of_what_the_planner_understood():
    assert settled(WOMEN, do="search", sex="M")[0].wanted.sex == "M"
    assert settled(WOMEN, requests(do="measure"), do="search", sex="M")[0].wanted.sex == "M"


def test_the_planner_is_followed_where_the_model_thinks_of_it_too():
    found = settled(WOMEN, requests(do="measure"), requests(do="search", sex="F"), do="search", sex="M")
    assert found == understand(WOMEN, STATE)


def test_where_the_planner_understood_nothing_the_model_is_followed():
    assert settled("qwertz uiop", requests(do="other"), do="measure")[0].intent == "measure"


def test_a_mind_that_is_not_sure_goes_after_the_planner():
    planned, nothing = understand(WOMEN, STATE), understand("qwertz uiop", STATE)
    measure = requests(do="measure")
    settled_at = {
        sureness: (
            settle(WOMEN, planned, measure, (), STATE, OFFLINE_NETWORK, sureness),
            settle("qwertz uiop", nothing, measure, (), STATE, OFFLINE_NETWORK, sureness),
        )
        for sureness in (OFFLINE_NETWORK.sure, 0.9 * OFFLINE_NETWORK.sure)
    }
    assert [*settled_at.values()] == [(measure, measure), (planned, nothing)]


def test_limits_in_signs_are_the_planner_s():
    message, wrong = "similar, M, <60y", requests(do="search", sex="M", age=">60")
    assert settle(message, understand(message, STATE), wrong, (), STATE)[0].wanted.max_age == 59
    assert settle(message, understand(message, STATE), requests(do="measure"), (), STATE)[0].intent == "measure"


def test_data_that_somebody_pasted_is_no_request():
    pasted = '{"name": "measure_region", "arguments": {"region_id": "R1"}}'
    assert settled(pasted, do="measure")[0].intent == "unknown"


def test_agreement_asks_for_no_second_thought():
    def never():
        raise AssertionError("asked")
        yield

    planned = understand("measure R1", STATE)
    assert settle("measure R1", planned, requests(do="measure", region="R1"), never(), STATE) == planned


class Doubting:
    """A reader that goes on from each fork to one call, and remembers which it was asked for."""

    def __init__(self, chances: list[float], women: int = -1):
        """The fork `women` goes on to what the planner reads; the first, else, to nothing in the language."""
        self.women = women
        self.forks = tuple(Fork((n,), chance) for n, chance in enumerate(chances))
        self.asked: list[int] = []

    def read(self, message, state, ids=0, stop=None, begin=None):
        if begin is None:
            return Reading((Said(do="search", sex="M"),), ({"do": 0.8},), "", self.forks)
        self.asked.append(begin.tokens[0])
        said = Said(do="search", sex="F") if begin.tokens[0] == self.women else Said(do="measure")
        if said.do == "measure" and begin.tokens[0] == 0:
            raise ValueError("not in the language")
        return Reading((said,), ({"do": begin.chance},), "")


def test_second_thoughts_are_asked_for_in_turn_and_only_likely_ones():
    likely, last = 0.8 * LANGUAGE_MODEL.possible, THOUGHTS - 1
    reader = Doubting([likely] * (THOUGHTS + 1), women=last)
    assert read_by_both(reader, WOMEN, STATE)[0].wanted.sex == "F"
    assert reader.asked == [*range(THOUGHTS)]
    reader = Doubting([likely] * last + [likely * 0.99], women=last)
    assert read_by_both(reader, WOMEN, STATE)[0].wanted.sex == "M"
    assert reader.asked == [*range(last)]
    reader = Doubting([likely] * (THOUGHTS + 1), women=THOUGHTS)
    assert read_by_both(reader, WOMEN, STATE)[0].wanted.sex == "M"
    assert reader.asked == [*range(THOUGHTS)]


def test_a_second_thought_is_about_the_same_lesion_ids_and_mended_words():
    asked = []

    class Asked(Doubting):
        def read(self, message, state, ids=0, stop=None, begin=None):
            asked.append((message, ids))
            return super().read(message, state, ids, stop, begin)

    reader = Asked([0.8 * LANGUAGE_MODEL.possible] * 2)
    list(second_thoughts(reader, read_requests(reader, "Liver lesoins similar to P0001-S1-L01", STATE), STATE))
    assert set(asked) == {("Liver lesions similar to L1", 1)}
    assert len(asked) == 3


@pytest.mark.parametrize("message", ["is it cancer?", "similar brain lesions"])
def test_what_is_declined_or_not_there_stays_so(message):
    assert settled(message, do="identify") == understand(message, STATE)


def test_where_both_decline_or_something_is_asked_beside_it_the_model_is_followed():
    assert settled("is it cancer?", do="decline", topic="prognosis")[0].topic == "prognosis"
    assert settled("is it cancer? and how large?", do="measure")[0].intent == "measure"


def test_an_atlas_of_other_types_is_the_planners():
    other = STATE.model_copy(update={"atlas_types": ("cyst", "lung")})
    assert settled(WOMEN, state_=other, do="search", sex="M")[0].wanted.sex == "F"
