"""Names and arguments of the tools are a contract, and the schema keeps bad arguments out."""

import json
import re
from dataclasses import replace

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage

from encoder.errors import LesionSearchError
from tests.conftest import open_case
from tools.agent_tools import TOOLS
from tools.domain.facts import Facts
from tools.domain.region import PixelBox
from tools.domain.view import Looked, OpenStudy
from tools.workspace.session import Workspace
from tools.workspace.undo import kept_regions, note_changes
from tools.workspace.volumes import known_volume

CONTRACT = {
    "describe_study": set(),
    "select_series": {"series"},
    "find_image": {"image_number", "slice"},
    "set_view": {
        "slice",
        "slices_on",
        "window",
        "width_hu",
        "level_hu",
        "window_step",
        "zoom",
        "zoom_on",
        "show",
        "hide",
        "planes",
        "beside",
        "save_picture",
    },
    "remove_region": {"region_id"},
    "accept_region": {"region_id"},
    "measure_distance": {"region_id", "other_region_id"},
    "describe_densities": {"region_id"},
    "measure_volume": {"region_id"},
    "read_density": {"column", "row", "slice"},
    "rename_region": {"region_id", "name"},
    "undo_change": {"region_id"},
    "find_regions": {"max_regions"},
    "measure_region": {"region_id"},
    "search_similar_lesions": {
        "region_id",
        "k",
        "lesion_types",
        "sex",
        "min_age",
        "max_age",
        "min_size_mm",
        "max_size_mm",
        "scope",
    },
    "describe_lesion": {"lesion_id"},
    "compare_lesion": {"region_id", "lesion_id"},
    "describe_atlas": {"group_by"},
    "explain_lesion_type": {"lesion_type", "level"},
    "write_report": {"format", "region_ids"},
    "save_case": {"region_id", "lesion_type", "confirmed_by", "difficulty"},
    "list_cases": {"lesion_types", "confirmed_by"},
    "edit_case": {"lesion_id", "lesion_type", "confirmed_by", "difficulty"},
    "delete_case": {"lesion_id"},
    "start_quiz": {"lesion_types", "cases"},
    "give_hint": set(),
    "reveal_truth": set(),
}


class Scripted(GenericFakeChatModel):
    """Says what the test tells it to say."""

    def bind_tools(self, tools, **kwargs):
        return self


def call(workspace: Workspace, name: str, /, **args) -> ToolMessage:
    """One tool call through a real agent."""
    messages = iter([AIMessage("", tool_calls=[{"name": name, "args": args, "id": "1"}]), AIMessage("done")])
    agent = create_agent(Scripted(messages=messages), list(TOOLS), context_schema=Workspace)
    state = agent.invoke({"messages": [("user", "go")]}, context=workspace, config={"recursion_limit": 8})
    return next(message for message in state["messages"] if isinstance(message, ToolMessage))


@pytest.fixture
def looking(workspace, demo):
    case = demo.case("lung")
    open_case(workspace, case, demo)
    workspace.session.add_click(case.slice - 1, *case.centre)
    return workspace


def test_names_and_arguments_are_the_contract():
    assert {t.name: set(t.tool_call_schema.model_json_schema().get("properties", {})) for t in TOOLS} == CONTRACT


def test_every_tool_explains_itself():
    assert all(len(t.description) > 40 for t in TOOLS)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("describe_study", {}),
        ("select_series", {"series": 1}),
        ("find_image", {"slice": 2}),
        ("find_regions", {"max_regions": 2}),
        ("measure_region", {"region_id": "R1"}),
        ("search_similar_lesions", {"region_id": "R1", "k": 3, "sex": "F", "min_age": 40}),
        ("describe_lesion", {"lesion_id": "LESION"}),
        ("compare_lesion", {"region_id": "R1", "lesion_id": "LESION"}),
        ("describe_atlas", {"group_by": "sex"}),
        ("explain_lesion_type", {"lesion_type": "lung"}),
        ("write_report", {"format": "json"}),
    ],
)
def test_the_model_reads_the_facts_as_json(looking, demo, name, args):
    args = {key: demo.case("bone").lesion_id if value == "LESION" else value for key, value in args.items()}
    message = call(looking, name, **args)
    assert message.status == "success"
    assert isinstance(message.artifact, Facts)
    assert json.loads(message.content) == json.loads(message.artifact.model_dump_json(exclude_none=True))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("measure_region", {"region_id": "../../etc/passwd"}),
        ("search_similar_lesions", {"region_id": "R1", "k": 5000}),
        ("search_similar_lesions", {"region_id": "R1", "sex": "woman"}),
        ("search_similar_lesions", {"region_id": "R1", "min_age": -4}),
        ("search_similar_lesions", {"region_id": "R1", "scope": "everyone"}),
        ("describe_atlas", {"group_by": "patient_key"}),
        ("write_report", {"format": "exe"}),
    ],
)
def test_arguments_outside_the_schema_never_reach_a_tool(looking, name, args):
    message = call(looking, name, **args)
    assert message.status == "error"
    assert message.artifact is None


def test_the_view_is_changed_and_told(looking):
    told = call(looking, "set_view", slice=5, window="lung", hide=["outlines"]).artifact.statement
    assert told.startswith("The viewer shows slice 5 of ")
    assert "The display window is Lung (W 1500, L −600)." in told
    change, _ = looking.session.view
    assert (change.window.width_hu, change.hide) == (1500, ("outlines",))
    assert looking.session.shown[0] == 4
    assert "goes 3 slices back" in call(looking, "set_view", slices_on=-3).content
    assert "zoomed to R1" in call(looking, "set_view", zoom_on="r1").content
    assert call(looking, "set_view").artifact.statement == "Nothing was to change in the viewer."


def test_the_slices_end_where_the_series_does(looking):
    assert call(looking, "find_image").artifact.slice == looking.session.looked.slice_index + 1
    slices = looking.session.series.facts.slices
    call(looking, "set_view", slice=slices - 1)
    assert "goes 1 slice on" in call(looking, "set_view", slices_on=10).content
    call(looking, "set_view", slice=slices)
    with pytest.raises(LesionSearchError, match=f"Slice {slices} of {slices} is on the screen, the last one"):
        call(looking, "set_view", slices_on=1)


@pytest.mark.parametrize(
    ("args", "why"),
    [({"slice": 4000}, "no slice 4000"), ({"width_hu": 400}, "give both"), ({"zoom_on": "R7"}, "no region R7")],
)
def test_a_view_that_cannot_be_is_refused_with_the_reason(looking, args, why):
    with pytest.raises(LesionSearchError, match=why):
        call(looking, "set_view", **args)
    assert looking.session.view is None


def test_what_stands_beside_the_picture_is_there_and_told(looking):
    session = looking.session
    told = call(looking, "set_view", planes=["coronal", "axial"]).artifact.statement
    assert session.view[0].panes == ("plane:coronal",)
    assert told == "The coronal view stands beside the picture, with a cross-hair at the same place."
    assert call(looking, "set_view", planes=[]).artifact.statement.startswith("The picture stands alone")
    assert session.view[0].panes == ()
    for beside, why in (("1", "Series 1 is the picture itself"), ("7", "no series 7"), ("study", "No other study")):
        with pytest.raises(LesionSearchError, match=why):
            call(looking, "set_view", beside=beside)
    session.open_studies = (OpenStudy("KEY", "Your CT (28 slices)"),)
    told = call(looking, "set_view", beside="study").artifact.statement
    assert told == "The other study, Your CT (28 slices), stands beside the picture, and its slices follow."
    assert session.view[0].panes == ("study:KEY",)
    session.open_studies *= 2
    with pytest.raises(LesionSearchError, match="Several other studies"):
        call(looking, "set_view", beside="study")
    study = session.study
    session.study = replace(study, series=(*study.series, replace(study.series[0], series_key="another")))
    assert call(looking, "set_view", beside="2").artifact.statement.startswith(
        f"Series 2 ({len(study.series[0].volume_hu)} slices"
    )
    assert session.view[0].panes == ("series:1",)


def test_a_region_is_accepted_and_removed(looking):
    session = looking.session
    assert "your own region already" in call(looking, "accept_region", region_id="R1").content
    suggested = call(looking, "find_regions").artifact.regions[0].region_id
    if suggested != "R1":
        assert "accepted" in call(looking, "accept_region", region_id=suggested).content
        assert session.region(suggested).origin == "click"
    assert call(looking, "remove_region", region_id="R1").artifact.statement == "R1 is deleted."
    assert "R1" not in [r.region_id for r in session.regions()]
    with pytest.raises(LesionSearchError, match="There is no region R1"):
        call(looking, "remove_region", region_id="R1")


@pytest.mark.parametrize("stated", [{"body_part": "head"}, {"body_part": None, "body_part_seen": "head"}])
def test_nothing_is_suggested_where_nothing_was_learnt(looking, stated):
    session = looking.session
    (series,) = session.study.series
    changed = replace(series, facts=series.facts.model_copy(update=stated))
    session.study = replace(session.study, series=(changed,))
    if stated["body_part"] is None:
        assert call(looking, "find_regions").artifact.regions  # the picture is looked at, and shows a chest
        return
    with pytest.raises(LesionSearchError, match="On CT of the head no places are suggested"):
        call(looking, "find_regions")
    assert len(session.regions()) == 1


def test_what_lies_between_and_inside_is_told(looking, demo):
    case = demo.case("lung")
    looking.session.add_box(case.slice - 1, PixelBox(10, 10, 30, 30))
    told = call(looking, "measure_distance", region_id="R1", other_region_id="R2").artifact.statement
    assert told.startswith("R1 and R2 lie ")
    assert "mm apart, centre to centre, both on slice" in told
    with pytest.raises(LesionSearchError, match="between two regions"):
        call(looking, "measure_distance", region_id="R1", other_region_id="r1")
    assert "pixels inside R1, a tenth lie below" in call(looking, "describe_densities", region_id="R1").content


def test_a_volume_is_measured_told_and_kept_for_the_screen_until_the_outline_changes(looking):
    told = call(looking, "measure_volume", region_id="R1").artifact.statement
    assert re.match(r"R1 takes up [\d.]+ ml \([\d.]+ mm³\) on slices? \d", told)
    grown = known_volume(looking.session, "R1")
    assert looking.session.region("R1").slice_index in grown.outlines
    looking.session.resize("R1", PixelBox(200, 200, 240, 240))
    assert known_volume(looking.session, "R1") is None


def test_the_density_of_a_pixel_is_read_where_it_is_said_or_pointed_at(looking):
    session = looking.session
    value = int(session.series.volume_hu[1][96, 120])
    assert f"column 120, row 96 of slice 2 the density is {value} HU".replace("-", "−") in (
        call(looking, "read_density", column=120, row=96, slice=2).artifact.statement
    )
    session.looked = Looked(1, (120.7, 96.2))
    assert call(looking, "read_density").artifact == call(looking, "read_density", column=120, row=96).artifact
    session.looked = Looked(1)
    with pytest.raises(LesionSearchError, match="No point is marked on this slice"):
        call(looking, "read_density")
    with pytest.raises(LesionSearchError, match="give both"):
        call(looking, "read_density", column=120)
    with pytest.raises(LesionSearchError, match="columns 0 to 511"):
        call(looking, "read_density", column=600, row=1)
    session.looked = None
    with pytest.raises(LesionSearchError, match="name the slice too"):
        call(looking, "read_density", column=1, row=1)


def test_a_region_is_named_and_what_was_deleted_comes_back_with_its_name(looking):
    session = looking.session
    assert call(looking, "undo_change").artifact.statement == "There is nothing to undo."
    assert "R1 is named “left  adrenal”".replace("  ", " ") in (
        call(looking, "rename_region", region_id="R1", name="left  adrenal").artifact.statement
    )
    before = kept_regions(session)
    call(looking, "remove_region", region_id="R1")
    assert note_changes(session, before)
    assert call(looking, "undo_change").artifact.statement == "R1 is as before."
    assert call(looking, "undo_change", region_id="r1").artifact.statement == "R1 is still there, as it was."
    assert "was not deleted" in call(looking, "undo_change", region_id="R9").artifact.statement
    assert session.region("R1").name == "left adrenal"
