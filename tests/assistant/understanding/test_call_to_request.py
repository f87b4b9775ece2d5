"""A call becomes a request: ages in years, sizes in millimetres, references resolved."""

from typing import get_args

import pytest

from assistant.core.requests import HitRef, RegionRef
from assistant.core.turn_state import TurnState
from assistant.planning.context import Call
from assistant.planning.planner import plan_turn
from assistant.understanding.call_language import Do, ParsedCall
from assistant.understanding.call_to_request import to_request
from assistant.wording.fixed_sentences import NOT_YET
from tests.assistant.planning.test_planner import R1, state
from tools.domain.view import ViewChange
from tools.domain.windows import BONE_WINDOW, SOFT_TISSUE_WINDOW, Window

# in the atlas' order, in which types left out leave the others
STATE = TurnState(atlas_types=("bone", "abdomen", "mediastinum", "liver", "lung", "kidney", "soft tissue", "pelvis"))


def request(ids=(), **fields):
    return to_request(ParsedCall.model_validate(fields), STATE, ids)


@pytest.mark.parametrize(
    ("code", "low", "high"),
    [(">60", 61, None), (">=60", 60, None), ("<40", None, 39), ("<=40", None, 40), ("50-59", 50, 59), ("59-50", 50, 59),
     ("45", 45, 45), ("~60", 55, 65), ("~", None, None)],
)  # fmt: skip
def test_ages_are_whole_years_both_ends_included(code, low, high):
    wanted = request(do="search", age=code).wanted
    assert (wanted.min_age, wanted.max_age) == (low, high)


@pytest.mark.parametrize(
    ("code", "low", "high"),
    [(">1.5cm", 15, None), ("<2cm", None, 20), ("<15mm", None, 15), ("1cm-3cm", 10, 30), ("8mm-2.5cm", 8, 25),
     ("<1in", None, 25.4), ("~10mm", 8, 12)],
)  # fmt: skip
def test_sizes_become_millimetres(code, low, high):
    wanted = request(do="search", size=code).wanted
    assert (wanted.min_size_mm, wanted.max_size_mm) == (low, high)


def test_a_topic_is_the_one_field_its_kind_of_request_has_for_it():
    assert request(do="decline", by="sex").topic == "diagnosis"
    assert request(do="decline", topic="growth").topic == "growth"
    assert request(do="atlas", by="sex", topic="growth").topic == "sex"
    assert request(do="search", by="sex").topic == ""
    assert request(do="report", **{"as": "json"}).topic == "json"
    with pytest.raises(ValueError, match="declined"):
        request(do="decline", topic="weather")


def test_types_left_out_leave_the_others_of_the_atlas():
    assert request(do="search", **{"not": "liver+bone"}).wanted.lesion_types == (
        "abdomen", "mediastinum", "lung", "kidney", "soft tissue", "pelvis",
    )  # fmt: skip


@pytest.mark.parametrize("do", get_args(Do))
def test_every_call_is_done_or_told_that_nothing_does_it(do):
    which = {"series": {"series": "2"}, "image": {"image": "7"}, "window": {"preset": "lung"}}.get(do, {})
    which |= {"what": "labels"} if do in ("show", "hide") else {"slice": "next"} if do == "go" else {}
    step = plan_turn([request(do=do, **which)], STATE, {})
    if do in NOT_YET and do not in ("report", "window", "show", "hide", "delete", "export"):
        assert step.text == NOT_YET[do]
    else:
        assert isinstance(step, Call) or step.text


def test_to_go_to_an_image_is_to_find_it():
    assert request(do="go", image="22").intent == "find_image"
    assert request(do="go", slice="12").topic == "slice 12"
    assert request(do="go", region="R2").topic == "slice"


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ({"do": "go", "slice": "next", "k": "5"}, ViewChange(slices_on=5)),
        ({"do": "go", "slice": "previous"}, ViewChange(slices_on=-1)),
        ({"do": "go", "slice": "first"}, ViewChange(slice=1)),
        ({"do": "window", "preset": "bone"}, ViewChange(window=BONE_WINDOW)),
        ({"do": "window", "preset": "mediastinum"}, ViewChange(window=SOFT_TISSUE_WINDOW)),
        ({"do": "window", "width": "350", "level": "-50"}, ViewChange(window=Window(350, -50))),
        ({"do": "window", "preset": "darker"}, ViewChange(window_step="darker")),
        ({"do": "zoom", "way": "fit"}, ViewChange(zoom="fit")),
        ({"do": "export", "as": "png"}, ViewChange(save_picture=True)),
        ({"do": "hide", "what": "outlines+labels"}, ViewChange(hide=("outlines", "labels"))),
    ],
)
def test_words_for_the_viewer_change_the_view(said, change):
    assert request(**said).view == change


@pytest.mark.parametrize(
    ("said", "format"),
    [
        ({"do": "report", "as": "text"}, "text"),
        ({"do": "report", "as": "markdown"}, "markdown"),
        ({"do": "report", "as": "seg"}, "dicom-seg"),
        ({"do": "export", "as": "seg"}, "dicom-seg"),
        ({"do": "export", "as": "dicom-sr"}, "dicom-sr"),
    ],
)
def test_what_is_exported_is_a_report_of_that_format(said, format):
    asked = request(**said)
    assert (asked.intent, asked.topic) == ("report", format)


@pytest.mark.parametrize(
    "said",
    [
        {"do": "report", "as": "pdf"},
        {"do": "show", "what": "heatmap"},
        {"do": "export", "as": "csv"},
        {"do": "window", "width": "400"},
        {"do": "window"},
    ],
)
def test_what_the_viewer_cannot_is_told(said):
    assert request(**said).intent == "not_yet"


def test_the_region_that_is_named_is_zoomed_to_deleted_accepted_and_read():
    asked = ("zoom", "delete", "accept", "histogram")
    calls = [plan_turn([request(do=do, region="R1")], state(R1), {}) for do in asked]
    assert [(call.name, call.args) for call in calls] == [
        ("set_view", {"zoom_on": "R1"}), ("remove_region", {"region_id": "R1"}),
        ("accept_region", {"region_id": "R1"}), ("describe_densities", {"region_id": "R1"}),
    ]  # fmt: skip


def test_pointers():
    assert request(do="measure", region="R2+largest").regions == (RegionRef("id", "R2"), RegionRef("largest"))
    assert request(do="measure", region="2").regions == (RegionRef("nth", n=2),)
    assert request(do="hit", hit="3+last").hits == (HitRef("rank", n=3), HitRef("last"))
    assert request(("LX-7",), do="hit", hit="L1").hits == (HitRef("id", lesion_id="LX-7"),)
    assert request(do="refine", nth="last").nth == -1


def test_filters_are_lifted():
    assert request(do="refine", drop="age+size").cleared == {"age", "size"}
    assert request(do="refine", drop="all").cleared == {"type", "sex", "age", "size", "scope"}
    assert request(do="refine", drop="max").cleared_end == "max"


def test_teaching_about_a_type_filters_nothing():
    explained = to_request(ParsedCall.model_validate({"do": "explain", "in": "liver"}), STATE)
    assert explained.types == ("liver",)
    assert not explained.wanted.said()
