"""What the viewer may ask for is checked field by field; what it is told is complete."""

from typing import Any

import numpy as np
import pytest

from tools.domain.view import Looked
from tools.domain.windows import DISPLAY_WINDOWS, Window
from tools.report.content import ReportContent
from tools.report.write import report_session
from ui.viewer.actions import perform
from ui.viewer.viewer import facts_line, side_letters, state_of


def test_a_click_becomes_a_listed_measured_region(visit: Any, demo: Any, shelf: Any) -> None:
    case = next(c for c in demo.cases if c.folder == shelf.samples[0].folder)
    x, y = case.centre
    notice = perform(visit, {"kind": "click", "study": visit.study_key, "slice_index": case.slice - 1, "x": x, "y": y})
    assert notice is not None
    assert notice.kind == "info"
    state = state_of(visit)
    assert [r.region_id for r in state.regions] == ["R1"]
    assert state.selected == "R1"
    assert state.regions[0].slice_index == case.slice - 1
    assert state.regions[0].size.endswith("mm")
    assert state.regions[0].density.endswith("HU")


def test_a_box_over_nothing_is_marked_as_the_box_itself(visit: Any) -> None:
    asked = {"kind": "box", "study": visit.study_key, "slice_index": 0, "box": [0, 0, 30, 20]}  # air
    notice = perform(visit, asked)
    assert notice is not None
    assert "this is the box itself, not a measured lesion" in notice.text
    region = state_of(visit).regions[0]
    assert (region.outlined, region.mark) == ("box", "box itself")


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        "click",
        {},
        {"kind": "click"},
        {"kind": "click", "slice_index": 0, "x": float("nan"), "y": 1.0},
        {"kind": "click", "slice_index": -1, "x": 1.0, "y": 1.0},
        {"kind": "click", "slice_index": 0, "x": 1.0, "y": 1.0, "more": 1},
        {"kind": "click", "slice_index": 0, "x": [1], "y": {}},
        {"kind": "box", "slice_index": 0, "box": [1, 2, 3]},
        {"kind": "remove", "region_id": "R1" * 100},
        {"kind": "rename", "region_id": "R1", "name": "x" * 10_000},
        {"kind": "outline", "slice_index": 0, "points": [[1, 2], [3, 4]]},
        {"kind": "outline", "slice_index": 0, "points": [[1, 2]] * 401},
        {"kind": "outline", "slice_index": 0, "points": [[1, float("inf")], [3, 4], [9, 9]]},
        {"kind": "annotate", "slice_index": 0, "points": [[1, 2]]},
        {"kind": "annotate", "slice_index": 0, "points": [[1, 2, 3], [4, 5, 6]]},
        {"kind": "name_annotation", "annotation_id": "M1" * 100, "name": ""},
        {"kind": "format_disk"},
    ],
)
def test_nonsense_changes_nothing_and_gets_a_sentence(visit: Any, asked: Any) -> None:
    if isinstance(asked, dict):
        asked = {**asked, "study": visit.study_key}
    before = visit.session.revision
    notice = perform(visit, asked)
    assert notice is not None
    assert notice.kind == "problem"
    assert visit.session.revision == before


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "click", "slice_index": 99, "x": 1.0, "y": 1.0},
        {"kind": "click", "slice_index": 0, "x": 9999.0, "y": 1.0},
        {"kind": "box", "slice_index": 0, "box": [600, 600, 700, 700]},
        {"kind": "box", "slice_index": 0, "box": [10**12, 0, 10**13, 5]},
        {"kind": "select", "region_id": "R7"},
        {"kind": "resize", "region_id": "R7", "box": [1, 1, 9, 9]},
        {"kind": "series", "index": 5},
        {"kind": "outline", "slice_index": 99, "points": [[1, 1], [50, 1], [50, 50]]},
        {"kind": "annotate", "slice_index": 99, "points": [[1, 1], [50, 1]]},
        {"kind": "annotate", "slice_index": 0, "points": [[1, 1], [5000, 1]]},
        {"kind": "remove_annotation", "annotation_id": "M7"},
    ],
)
def test_what_is_not_there_gets_a_sentence(visit: Any, asked: dict[str, Any]) -> None:
    notice = perform(visit, {**asked, "study": visit.study_key})
    assert notice is not None
    assert notice.kind == "problem"
    assert visit.session.regions() == ()


def test_a_study_that_is_no_longer_open_is_not_touched(visit: Any, shelf: Any) -> None:
    old = visit.study_key
    visit.open(shelf.study(shelf.samples[1]), "Another")
    notice = perform(visit, {"kind": "click", "study": old, "slice_index": 0, "x": 256.0, "y": 256.0})
    assert notice is not None
    assert "no longer open" in notice.text
    assert visit.session.regions() == ()


def test_boxes_resizing_naming_accepting_and_deleting(visit: Any) -> None:
    key = {"study": visit.study_key}
    perform(visit, {**key, "kind": "box", "slice_index": 1, "box": [250, 240, 200, 300]})  # drawn from right to left
    assert state_of(visit).regions[0].box == (200, 240, 250, 300)
    perform(visit, {**key, "kind": "resize", "region_id": "R1", "box": [200, 240, 600, 300]})
    assert state_of(visit).regions[0].box == (200, 240, 512, 300)  # cut at the edge of the image
    perform(visit, {**key, "kind": "rename", "region_id": "R1", "name": "left one"})
    assert state_of(visit).regions[0].name == "left one"
    perform(visit, {**key, "kind": "remove", "region_id": "R1"})
    assert state_of(visit).regions == ()


def test_what_is_drawn_is_listed_named_and_part_of_the_report(visit: Any) -> None:
    key = {"study": visit.study_key, "slice_index": 1}
    perform(visit, {**key, "kind": "outline", "points": [[200, 200], [240, 200], [240, 240], [200, 240]]})
    perform(visit, {**key, "kind": "annotate", "points": [[100, 100], [200, 100]]})
    perform(visit, {**key, "kind": "annotate", "points": [[100, 100], [200, 100], [200, 150]]})
    named = {"study": visit.study_key, "kind": "name_annotation", "annotation_id": "M1", "name": " width <b> "}
    perform(visit, named)
    perform(visit, {"study": visit.study_key, "kind": "rename", "region_id": "R1", "name": "left <i>"})
    state = state_of(visit)
    assert (state.regions[0].drawn, state.regions[0].mark) == (True, "")
    spacing = visit.session.series.spacing_mm[2]
    assert [(a.name, a.size) for a in state.annotations] == [("width <b>", f"{100 * spacing:.3g} mm"), ("", "90°")]
    written = visit.session.files_folder() / report_session(visit.workspace, "json").file_name
    report = ReportContent.model_validate_json(written.read_text())
    assert [(a.annotation_id, a.name, a.slice) for a in report.annotations] == [("M1", "width <b>", 2), ("M2", "", 2)]
    assert report.annotations[1].angle_deg == 90
    assert report.regions[0].facts.origin == "drawn"
    page = (visit.session.files_folder() / report_session(visit.workspace, "html").file_name).read_text()
    assert "M1 width &lt;b&gt;" in page
    assert "drawn by hand" in page
    assert (report.regions[0].name, "<h2>Region R1 left &lt;i&gt;</h2>" in page) == ("left <i>", True)


def test_what_is_looked_at_is_noted_and_checked(visit: Any) -> None:
    key = {"kind": "look", "study": visit.study_key, "shown": 0}
    assert perform(visit, {**key, "slice_index": 2, "point": [10.5, 20.5]}) is None
    assert visit.session.looked == Looked(2, (10.5, 20.5))
    visit.session.show_slice(2)
    assert visit.session.looked == Looked(2, (10.5, 20.5))
    visit.session.show_slice(1)
    assert visit.session.looked == Looked(1)
    notice = perform(visit, {**key, "slice_index": 99})
    assert notice is not None
    assert "no slice 100" in notice.text


def test_the_state_without_a_study_says_nothing_of_one(visits: Any) -> None:
    from ui.state.visits import new_visitor

    state = state_of(visits.of_page(new_visitor(), "page"))
    assert state.series == ()
    assert state.study_key == ""


def test_a_window_is_added_in_one_place(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [(w.name, w.width, w.level) for w in state_of(visit).windows] == [
        ("Soft tissue", 400, 40), ("Lung", 1500, -600), ("Liver", 150, 90), ("Bone", 2500, 480), ("Brain", 80, 40),
    ]  # fmt: skip
    monkeypatch.setitem(DISPLAY_WINDOWS, "Mediastinum", Window(350, 50))
    added = state_of(visit).windows[-1]
    assert (added.name, added.width, added.level) == ("Mediastinum", 350, 50)


def test_sides_of_an_axial_a_sagittal_and_a_tilted_slice() -> None:
    axial = np.eye(4)
    assert side_letters(axial) == ("R", "L", "A", "P")
    sagittal = np.zeros((4, 4))
    sagittal[:3, 0], sagittal[:3, 1] = (0, 1, 0), (0, 0, -1)
    assert side_letters(sagittal) == ("A", "P", "H", "F")
    tilted = np.eye(4)
    tilted[:3, 1] = (0, 0.87, -0.5)
    assert side_letters(tilted) == ("R", "L", "AH", "PF")
    assert side_letters(None) is None


def test_facts_are_told_in_one_line(visit: Any) -> None:
    line = facts_line(visit.session.series.facts)
    assert line.startswith("CT chest · ")
    assert "6 slices, 5 mm thick" in line


def test_what_tells_a_series_apart_is_in_its_line_and_in_the_list(visit: Any) -> None:
    series = visit.session.series
    told = {
        "plane": "coronal",
        "kind": "original",
        "kernel": "sharp",
        "years_before_newest": 6.2,
        "column_spacing_mm": 1.0,
    }
    facts = series.facts.model_copy(update={**told, "row_spacing_mm": 0.5, "age_years": 90, "sex": "O"})
    lossy = facts.model_copy(update={"lossy": True, "lossy_ratio": 10.0})

    assert "sex other, 90 years or older" in facts_line(facts)
    assert facts_line(facts).endswith("pixels 0.5 × 1.0 mm · coronal, sharp kernel, 6 years earlier")
    assert facts_line(lossy).endswith("lossy, about 10:1")
    assert state_of(visit).series[0].label.startswith(f"Series 1: {series.facts.slices} slices · axial")


def test_an_image_number_of_the_file_is_shown_where_it_is_not_that_of_the_slice(visit: Any) -> None:
    from dataclasses import replace

    study = visit.session.study
    assert state_of(visit).series[0].image_numbers == ()
    reversed_numbers = tuple(range(len(study.series[0].volume_hu), 0, -1))
    visit.open(replace(study, series=(replace(study.series[0], image_numbers=reversed_numbers),)), "Reversed")
    assert state_of(visit).series[0].image_numbers == reversed_numbers


def test_the_viewer_goes_to_the_slice_that_an_answer_names(visit: Any) -> None:
    assert state_of(visit).shown_slice == visit.start_slice
    before = visit.session.revision
    visit.session.show_slice(2)
    state = state_of(visit)
    assert state.shown_slice == 2
    assert state.shown_at > before


def test_what_the_picture_looks_like_stands_in_the_facts_where_the_file_is_silent(visit: Any) -> None:
    from tools.domain.study import SafeFacts

    facts = SafeFacts(modality="CT", body_part_seen="abdomen", body_part_certainty=0.9, slices=3, rows=64, columns=64)
    assert "looks like abdomen" in facts_line(facts)
