"""What is deleted: what was asked for, and nothing else."""

import pytest

from assistant.core.requests import HitRef, RegionRef, Request
from assistant.core.turn_state import ToolCallRecord, TurnState
from assistant.planning.context import Call
from assistant.planning.planner import plan_turn
from assistant.understanding.deletions import all_but, only_as_asked
from assistant.wording.fixed_sentences import NO_OTHER_REGION
from tests.assistant.planning.test_planner import R1, R2, state

STATE = TurnState()
R1_GONE = Request("remove", regions=(RegionRef("id", "R1"),))
SECOND_CASE = Request("delete_case", nth=2)


@pytest.mark.parametrize(
    "message",
    [
        "don't delete R1", "please do not delete R1", "never remove R1", "not delete R1", "how do I delete R1?",
        "what happens if I delete R1?", "was R1 deleted?", "why did you delete R1", "can I remove R1?",
        "delete R1's label", "remove the outline", "clear the measurements", "clear",
    ],
)  # fmt: skip
def test_nothing_is_deleted_that_was_not_asked_for(message: str) -> None:
    for read in (R1_GONE, SECOND_CASE):
        asked = only_as_asked(read, message, STATE)
        assert (asked.intent, asked.topic) == ("not_yet", "deletion")


@pytest.mark.parametrize("message", ["delete R1", "it is no lesion, delete R1", "can you remove R1?", "R1 is a vessel"])
def test_what_was_asked_for_is(message: str) -> None:
    assert only_as_asked(R1_GONE, message, STATE) == R1_GONE


def test_a_case_is_meant_where_cases_are_spoken_of_and_else_a_region() -> None:
    assert only_as_asked(SECOND_CASE, "delete my second case", STATE) == SECOND_CASE
    assert only_as_asked(SECOND_CASE, "delete the second one", STATE) == Request("remove", nth=2)
    of_cases = TurnState(last_calls=(ToolCallRecord(name="list_cases", args={}),))
    assert only_as_asked(SECOND_CASE, "delete the second one", of_cases) == SECOND_CASE
    hit = Request("delete_case", hits=(HitRef("rank", n=3),))
    assert only_as_asked(hit, "delete number 3", STATE) == Request("remove", nth=3)
    assert only_as_asked(hit, "remove hit 3 from the list", STATE).topic == "deletion"
    every = Request("remove", regions=(RegionRef("all"),))
    assert only_as_asked(every, "delete all my cases", STATE).intent == "delete_case"
    assert only_as_asked(SECOND_CASE, "mark my second case as hard", STATE).intent == "edit"


def test_all_but_one_leaves_that_one() -> None:
    asked = only_as_asked(R1_GONE, "delete everything except R1", STATE)
    assert plan_turn([asked], state(R1, R2), {}) == Call("remove_region", {"region_id": "R2"})


@pytest.mark.parametrize(
    "message", ["remove everything but R2", "delete all except R2", "get rid of all of them but r2"]
)
def test_all_but_one_is_read_whatever_a_reader_makes_of_it(message: str) -> None:
    assert all_but(message) == Request("remove", regions=(RegionRef("all but", "R2"),))


@pytest.mark.parametrize(
    "message", ["delete R2", "delete all", "search everything but the liver", "how to delete all but R2"]
)
def test_other_messages_are_not_taken_for_it(message: str) -> None:
    assert all_but(message) is None


def test_all_but_the_only_region_and_all_but_none_delete_nothing() -> None:
    only = Request("remove", regions=(RegionRef("all but", "R1"),))
    assert plan_turn((only,), state(R1), {}).text == NO_OTHER_REGION  # type: ignore[union-attr]
    absent = Request("remove", regions=(RegionRef("all but", "R9"),))
    assert "There is no region R9." in plan_turn((absent,), state(R1, R2), {}).text  # type: ignore[union-attr]


def test_all_of_them_are_those_that_were_shown_and_suggestions_are_only_those() -> None:
    drawn, found = R1, R2.model_copy(update={"origin": "suggested"})
    start = state(drawn, found).model_copy(update={"last_found": ("R2",)})
    read = Request("remove", regions=(RegionRef("all"),))
    assert only_as_asked(read, "get rid of every suggestion", start).regions == (RegionRef("id", "R2"),)
    named = Request("remove", regions=(RegionRef("id", "R1"),))
    assert only_as_asked(named, "R1 is the aorta. throw all three away", start).regions == (RegionRef("id", "R2"),)
    assert only_as_asked(read, "delete all of them except R1", start).regions == (RegionRef("all but", "R1"),)
