"""What is seen and kept: nothing is done to a region that was not meant."""

import pytest

from assistant.core.requests import RegionRef, Request
from assistant.core.turn_state import ToolCallRecord
from assistant.planning.context import Call, Result
from assistant.planning.planner import plan_turn
from tests.assistant.planning.test_planner import R1, R2, region, state
from tools.domain.facts import RegionRemoved, SeriesFacts, Stated
from tools.domain.view import ViewChange

R3 = region("R3", 5.0)


def calls(request, now):
    """The calls that a request makes, each of them done."""
    made, results = [], {}
    while isinstance(step := plan_turn([request], now, results), Call):
        made.append((step.name, step.args))
        facts = Stated(statement="Done.")
        if step.name == "remove_region":
            facts = RegionRemoved(region_id=step.args["region_id"], statement="Gone.")
        results[step.key] = Result(facts)
    return made, step.text


def test_the_last_and_the_middle_slice_are_counted_from_the_series():
    assert calls(Request("view", view=ViewChange(slice=-1)), state(R1))[0] == [("set_view", {"slice": 40})]
    assert calls(Request("view", view=ViewChange(slice=0)), state(R1))[0] == [("set_view", {"slice": 21})]


@pytest.mark.parametrize(
    ("regions", "gone"),
    [
        ((RegionRef("id", "R2"),), ["R2"]),
        ((RegionRef("all"),), ["R1", "R2", "R3"]),
        ((RegionRef("other"),), ["R2", "R3"]),
        ((), ["R1"]),  # the selected one
    ],
)
def test_what_was_meant_is_removed_and_nothing_else(regions, gone):
    now = state(R1, R2, R3).model_copy(update={"selected": "R1"})
    made, _ = calls(Request("remove", regions=regions), now)
    assert [args["region_id"] for _, args in made] == gone


def test_where_none_is_named_or_selected_it_is_asked_which():
    now = state(R1, R2).model_copy(update={"selected": None})
    made, text = calls(Request("remove"), now)
    assert not made
    assert text.startswith("Which region")


def test_a_distance_is_between_the_two_that_are_named_or_there():
    between = [("measure_distance", {"region_id": "R1", "other_region_id": "R2"})]
    assert calls(Request("distance"), state(R1, R2))[0] == between
    named = Request("distance", regions=(RegionRef("id", "R1"), RegionRef("id", "R2")))
    assert calls(named, state(R1, R2, R3))[0] == between
    to_selected = Request("distance", regions=(RegionRef("id", "R1"), RegionRef("id", "R1")))  # "from this to R1"
    assert calls(to_selected, state(R1, R2, R3).model_copy(update={"selected": "R2"}))[0] == between
    assert calls(Request("distance"), state(R1))[1].startswith("A distance is between two regions")
    assert calls(Request("distance"), state(R1, R2, R3))[1].startswith("Which region")


def test_what_was_changed_last_is_undone_and_else_the_search():
    changed = state(R1).model_copy(update={"changed_last": True})
    assert calls(Request("undo"), changed)[0] == [("undo_change", {})]
    assert calls(Request("undo"), state(R1)) == ([], "There is nothing to undo.")
    assert calls(Request("undo", topic="region"), state(R1))[0] == [("undo_change", {})]


def test_a_region_is_brought_back_by_its_name():
    named = Request("undo", topic="region", regions=(RegionRef("id", "R2"),))
    assert calls(named, state(R1))[0] == [("undo_change", {"region_id": "R2"})]


@pytest.mark.parametrize(
    ("topic", "now", "args"),
    [
        ("other", 1, {"beside": "2"}),
        ("other", 3, {"beside": "1"}),
        ("prior", 1, {"beside": "3"}),
        ("2", 1, {"beside": "2"}),
        ("1+3", 1, {"beside": "3"}),
        ("study", 1, {"beside": "study"}),
        ("coronal+sagittal", 1, {"planes": ["coronal", "sagittal"]}),
        ("", 1, {"planes": []}),
    ],
)
def test_another_series_a_study_or_planes_stand_beside_the_picture(topic, now, args):
    series = tuple(
        SeriesFacts(number=n, slices=9, modality="CT", years_before_newest=years)
        for n, years in ((1, 0.0), (2, 0.0), (3, 1.5))
    )
    of_three = state(R1).model_copy(update={"series": series, "series_number": now})
    assert calls(Request("beside", topic=topic), of_three)[0] == [("set_view", args)]


def test_with_one_series_it_is_another_study_that_stands_beside_the_picture():
    for topic in ("other", "prior"):
        assert calls(Request("beside", topic=topic), state(R1))[0] == [("set_view", {"beside": "study"})]


def test_a_lesson_is_given_at_a_level_and_again_at_another():
    asked = plan_turn([Request("explain", types=("liver",), topic="student")], state(R1), {})
    assert asked.args == {"lesion_type": "liver", "level": "student"}
    taught = (ToolCallRecord(name="explain_lesion_type", args=asked.args),)
    again = plan_turn([Request("explain", topic="resident")], state(R1).model_copy(update={"last_calls": taught}), {})
    assert again.args == {"lesion_type": "liver", "level": "resident"}


def test_a_region_is_named_and_a_name_that_is_missing_asked_for():
    assert calls(Request("rename", name="cyst", regions=(RegionRef("id", "R1"),)), state(R1, R2))[0] == [
        ("rename_region", {"region_id": "R1", "name": "cyst"})
    ]
    assert calls(Request("rename"), state(R1))[1].startswith("What shall it be called?")


def test_a_volume_is_of_regions_and_a_density_of_a_point():
    assert calls(Request("volume", regions=(RegionRef("all"),)), state(R1, R2))[0] == [
        ("measure_volume", {"region_id": "R1"}), ("measure_volume", {"region_id": "R2"}),
    ]  # fmt: skip
    assert calls(Request("density", point=(3, 4)), state(R1))[0] == [("read_density", {"column": 3, "row": 4})]
    assert calls(Request("density"), state(R1))[0] == [("read_density", {})]
