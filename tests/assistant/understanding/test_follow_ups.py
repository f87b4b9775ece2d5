"""Short messages go on with the last call, and only where it is one that they can go on with."""

from typing import Any

import pytest

from assistant.core.requests import HitRef, RegionRef, Request
from assistant.core.turn_state import ToolCallRecord, TurnState
from assistant.planning.planner import plan_turn
from assistant.understanding.follow_ups import follow_up
from assistant.understanding.message_reader import read_message
from assistant.wording.fixed_sentences import NOT_YET
from tests.assistant.planning.test_planner import R1, R2, region, state
from tools.domain.view import ViewChange
from tools.domain.windows import DISPLAY_WINDOWS

DISTANCE = {"region_id": "R1", "other_region_id": "R2"}
SECOND = {"region_id": "R1", "lesion_id": "P0002-S1-L02"}
PAIR = (RegionRef("id", "R1"), RegionRef("id", "R2"))


def after(tool: str, args: dict[str, Any], *regions: Any, **fields: Any) -> TurnState:
    """A conversation whose last call was this; R1 was searched."""
    start = state(*(regions or (R1, R2)), searched={})
    return start.model_copy(update={"last_calls": (ToolCallRecord(name=tool, args=args),), **fields})


@pytest.mark.parametrize(
    ("message", "tool", "args", "meant"),
    [
        ("and in cm?", "measure_distance", DISTANCE, Request("distance", regions=PAIR)),
        ("same in cm", "measure_region", {"region_id": "R2"}, Request("measure", regions=PAIR[1:])),
        ("in cm please", "measure_region", {"region_id": "R2"}, Request("measure", regions=PAIR[1:])),
        ("and in centimetres", "measure_volume", {"region_id": "R2"}, Request("volume", regions=PAIR[1:])),
        ("and R2 from R1?", "measure_distance", {}, Request("distance", regions=PAIR[::-1])),
        ("and edge to edge?", "measure_distance", DISTANCE, Request("not_yet", topic="edges")),
        ("which of the two is denser?", "measure_distance", DISTANCE,
         Request("measure", regions=PAIR, topic="density")),
        ("which is the bigger one of the two and by how much", "measure_region", {"region_id": "R1"},
         Request("measure", regions=(RegionRef("all"),))),
        ("which of the two is denser?", "compare_lesion", SECOND,
         Request("compare", regions=PAIR[:1], hits=(HitRef("id", lesion_id="P0002-S1-L02"),))),
        ("which is bigger, mine or theirs?", "compare_lesion", SECOND,
         Request("compare", regions=PAIR[:1], hits=(HitRef("id", lesion_id="P0002-S1-L02"),))),
        ("no, the one after that", "compare_lesion", SECOND,
         Request("compare", regions=PAIR[:1], hits=(HitRef("rank", n=3),))),
        ("and with the one after", "compare_lesion", SECOND,
         Request("compare", regions=PAIR[:1], hits=(HitRef("rank", n=3),))),
        ("and the next one", "describe_lesion", {"lesion_id": "P0003-S1-L03"},
         Request("describe_lesion", hits=(HitRef("rank", n=4),))),
        ("the one before", "describe_lesion", {"lesion_id": "P0003-S1-L03"},
         Request("describe_lesion", hits=(HitRef("rank", n=2),))),
        ("undo", "set_view", {"window": "bone"}, Request("not_yet", topic="undo view")),
    ],
)  # fmt: skip
def test_what_was_said_last_is_gone_on_with(message: str, tool: str, args: dict[str, Any], meant: Request) -> None:
    assert follow_up(message, after(tool, args))[0] == meant  # type: ignore[index]


@pytest.mark.parametrize(
    ("message", "args", "slices"),
    [
        ("one back", {"slices_on": 1}, -1),
        ("go on by one", {"slice": 1}, 1),
        ("two further", {"slices_on": 1}, 2),
        ("and the one after that", {"slices_on": -1}, 1),
        ("next one", {"slice": 4}, 1),
        ("two more", {"slices_on": -1}, -2),
        ("and back one", {"slices_on": 2}, -1),
        ("again", {"slices_on": -3}, -3),
        ("Next slice, and the one after that as well", {"slices_on": 1}, 2),
        ("next slice x3", {"slices_on": 1}, 3),
    ],
)
def test_slices_go_on_without_being_named(message: str, args: dict[str, Any], slices: int) -> None:
    assert follow_up(message, after("set_view", args)) == (Request("view", view=ViewChange(slices_on=slices)),)


def test_what_was_narrowed_last_is_dropped_and_no_region() -> None:
    narrowed = {"region_id": "R1", "min_age": 51}
    start = after("search_similar_lesions", narrowed, trail=({"region_id": "R1"}, narrowed))
    assert follow_up("drop that", start) == (Request("undo"),)
    assert follow_up("drop that", start.model_copy(update={"trail": (narrowed,)})) is None
    assert follow_up("drop R1", start) is None


def test_the_ends_of_a_series_are_named() -> None:
    assert follow_up("first image", state(R1)) == (Request("view", view=ViewChange(slice=1)),)
    assert follow_up("go to the last slice please", state(R1)) == (Request("view", view=ViewChange(slice=-1)),)


def test_a_bare_name_is_a_window_after_a_window_alone() -> None:
    assert follow_up("and back to soft tissue", after("set_view", {"window": "bone"})) == (
        Request("view", view=ViewChange(window=DISPLAY_WINDOWS["Soft tissue"])),
    )
    assert follow_up("soft tissue", after("search_similar_lesions", {"region_id": "R1"})) is None
    assert follow_up("brain", after("set_view", {"slices_on": 1})) is None


def test_a_suggestion_is_gone_to_by_its_number() -> None:
    found = after("find_regions", {}, R1, R2, region("R3", 9), last_found=("R1", "R2", "R3"))
    assert follow_up("show me number 3", found) == (
        Request("measure", regions=(RegionRef("id", "R3"),), topic="slice"),
    )
    assert follow_up("the second one", found) == (Request("measure", regions=(RegionRef("id", "R2"),), topic="slice"),)
    assert follow_up("take me to the third of those", found) == follow_up("number 3", found)
    assert follow_up("number 4", found) is None


@pytest.mark.parametrize(
    ("message", "lesion"),
    [
        ("compare R1 with the 48 year old man", "P0002-S1-L02"),
        ("put it next to the hit from the 83-year-old", "P0003-S1-L03"),
        ("compare it with the 61 yo woman", "P0001-S1-L01"),
        ("compare it with the 61 year old man", None),
        ("compare it with the 20 year old", None),
    ],
)
def test_a_hit_is_named_by_the_age_of_its_patient(message: str, lesion: str | None) -> None:
    [request] = follow_up(message, after("search_similar_lesions", {"region_id": "R1"})) or ()
    if lesion is None:
        assert request == Request("not_yet", topic="age of hit")
    else:
        assert (request.intent, request.hits) == ("compare", (HitRef("id", lesion_id=lesion),))


@pytest.mark.parametrize(
    "message",
    [
        "go back to the head ct please",
        "ok, and back to the other patient",
        "ok thx. go back to the brain",
        "take me back to the liver case from before",
        "open my earlier case again",
        "how can i open a second ct?",
        "how do I load another patient?",
        "go back to the liver one",
        "reopen the one before",
        "open the first one again",
        "show the first study again",
        "switch to study 1",
        "now back to the brain",
    ],
)
def test_another_study_is_gone_back_to_by_its_button(message: str) -> None:
    start = after("search_similar_lesions", {"region_id": "R1"})
    assert follow_up(message, start) == (Request("not_yet", topic="other study"),)
    assert plan_turn(follow_up(message, start) or (), start, {}).text == NOT_YET["other study"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "message",
    [
        "open the report", "show my first case", "show me the second hit", "compare it with the first one",
        "go back to slice 3", "patients over 60 years old", "similar cases of 60 year olds",
        "find cases of the liver", "describe the study", "show the prior", "delete the first one", "and the last one?",
        "what do liver cases look like", "how dense is it", "go to the next series", "is it bigger than the first one",
    ],
)  # fmt: skip
@pytest.mark.parametrize("tool", ["search_similar_lesions", "measure_distance", "set_view", "compare_lesion"])
def test_what_says_more_is_no_follow_up(message: str, tool: str) -> None:
    assert follow_up(message, after(tool, {"region_id": "R1", "window": "bone", "slices_on": 1})) is None


def test_the_slice_on_the_screen_is_asked_for() -> None:
    assert follow_up("which slice am I on?", state(R1)) == (Request("find_image", topic="here"),)
    assert follow_up("what image is this", state(R1)) == (Request("find_image", topic="here"),)


def test_a_follow_up_is_read_before_all_else() -> None:
    assert read_message("thanks, and in cm?", after("measure_distance", DISTANCE)) != ()
    requests = read_message("and in cm?", after("measure_distance", DISTANCE))
    assert [request.intent for request in requests] == ["distance", "not_yet"]
