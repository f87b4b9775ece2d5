"""Where planner and language model differ: who is followed."""

import pytest

from assistant.embedded_language import Said, to_request
from assistant.embedded_model import Reading
from assistant.second_opinion import SURE, SURE_ENOUGH, settle
from assistant.understanding import understand
from tests.assistant.test_planner import R1, state

STATE = state(R1).model_copy(update={"atlas_types": ("liver", "lung")})


def settled(message, sureness, state_=STATE, **said):
    one = Said.model_validate(said)
    reading = Reading((one,), ({"do": sureness},), "")
    return settle(message, understand(message, state_), (to_request(one, state_),), reading, state_)


def test_a_sure_model_is_followed_and_an_unsure_one_not():
    assert settled("similar lesions in women", SURE, do="search", sex="M")[0].wanted.sex == "M"
    assert settled("similar lesions in women", SURE - 0.01, do="search", sex="M")[0].wanted.sex == "F"


def test_where_the_planner_understood_nothing_less_is_enough():
    assert settled("qwertz uiop", SURE_ENOUGH, do="measure")[0].intent == "measure"
    assert settled("qwertz uiop", SURE_ENOUGH - 0.01, do="measure")[0].intent == "unknown"


def test_agreement_is_the_planners():
    found = settled("measure R1", 0.99, do="measure", region="R1")
    assert found == understand("measure R1", STATE)


@pytest.mark.parametrize("message", ["is it cancer?", "similar brain lesions"])
def test_what_is_declined_or_not_there_stays_so(message):
    assert settled(message, 1.0, do="identify") == understand(message, STATE)


def test_an_atlas_of_other_types_is_the_planners():
    other = STATE.model_copy(update={"atlas_types": ("cyst", "lung")})
    assert settled("similar lesions in women", 1.0, other, do="search", sex="M")[0].wanted.sex == "F"
