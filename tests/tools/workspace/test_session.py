import threading

import pytest

from tests.conftest import open_case
from tools.domain.region import PixelBox, RegionError
from tools.workspace.session import MAX_REGIONS, Session, SessionError


@pytest.fixture
def session(workspace, demo):
    open_case(workspace, demo.case("liver"), demo)
    return workspace.session


def test_an_empty_session_says_what_to_do(tmp_path):
    with pytest.raises(SessionError, match="upload a DICOM file or choose a sample"):
        _ = Session(tmp_path / "session").series


def test_a_click_becomes_the_selected_region(session, demo):
    case = demo.case("liver")
    region = session.add_click(case.slice - 1, *case.centre)
    assert region.region_id == "R1"
    assert session.selected == region == session.region("r1")


def test_clicking_the_same_lesion_again_gives_the_same_region(session, demo):
    case = demo.case("liver")
    x, y = case.centre
    session.add_click(case.slice - 1, x, y)
    assert session.add_click(case.slice - 1, x + 1, y).region_id == "R1"
    assert len(session.regions()) == 1


def test_ids_are_not_given_twice(session):
    session.add_box(0, PixelBox(100, 100, 130, 130))
    session.add_box(0, PixelBox(200, 200, 230, 230))
    session.remove("R1")
    assert session.add_box(0, PixelBox(300, 300, 330, 330)).region_id == "R3"
    with pytest.raises(RegionError, match="R2, R3"):
        session.region("R1")


def test_a_moved_box_keeps_its_name_and_forgets_its_search(session):
    session.remember_search(session.add_box(0, PixelBox(100, 100, 130, 130)), object())
    assert session.search_of("R1") is not None
    moved = session.resize("R1", PixelBox(150, 150, 190, 190))
    assert (moved.region_id, session.search_of("R1")) == ("R1", None)


def test_a_search_of_an_outline_that_is_gone_is_not_kept(session):
    old = session.add_box(0, PixelBox(100, 100, 130, 130))
    session.resize("R1", PixelBox(150, 150, 190, 190))
    session.remember_search(old, object())
    assert session.search_of("R1") is None


def test_a_region_that_was_deleted_comes_back_as_it_was(session):
    first = session.add_box(0, PixelBox(100, 100, 130, 130))
    session.add_box(1, PixelBox(200, 200, 230, 230))
    search = object()
    session.remember_search(first, search)
    session.remove("R1")
    assert session.selected.region_id == "R2"
    session.put_back(first, search)
    assert [region.region_id for region in session.regions()] == ["R1", "R2"]
    assert (session.selected, session.search_of("R1"), session.shown[0]) == (first, search, 0)


def test_a_suggestion_becomes_a_region_when_accepted(session):
    from tools.regions.create import find_regions

    kept = session.add_suggestions(find_regions(session.series, max_regions=2))
    assert kept
    assert all(region.origin == "suggested" for region in kept)
    assert session.selected == kept[0]  # the best
    assert session.shown[0] == kept[0].slice_index
    assert session.accept(kept[0].region_id).origin == "click"
    assert session.add_suggestions(find_regions(session.series, max_regions=2))[0].region_id == kept[0].region_id


def test_regions_are_bounded(session):
    for i in range(MAX_REGIONS):
        x, y = 20 + 45 * (i % 10), 20 + 45 * (i // 10)
        session.add_box(0, PixelBox(x, y, x + 20, y + 20))
    with pytest.raises(RegionError, match="delete some"):
        session.add_box(1, PixelBox(100, 100, 130, 130))


def test_another_study_starts_afresh(session, workspace, demo):
    session.add_box(0, PixelBox(100, 100, 130, 130))
    open_case(workspace, demo.case("lung"), demo)
    assert session.regions() == ()
    assert session.add_box(0, PixelBox(100, 100, 130, 130)).region_id == "R1"


def test_closing_deletes_everything(session):
    (session.files_folder() / "report.html").write_text("x")
    session.close()
    assert not session.folder.exists()
    assert session.study is None


def test_boxes_drawn_at_the_same_time_all_arrive(session):
    def draw(i: int) -> None:
        session.add_box(0, PixelBox(20 + 45 * i, 100, 45 + 45 * i, 130))

    threads = [threading.Thread(target=draw, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {region.region_id for region in session.regions()} == {f"R{i}" for i in range(1, 9)}


@pytest.fixture
def several(session):
    """Three series of one upload: the first numbers its images backwards, the last gives all the same number."""
    from dataclasses import replace

    shown = session.series
    count = shown.volume_hu.shape[0]
    numbers = (tuple(range(count, 0, -1)), (), (1,) * count)
    series = tuple(replace(shown, series_key=f"s{i}", image_numbers=n) for i, n in enumerate(numbers))
    session.open(replace(session.study, series=series))
    return session


def test_a_series_is_chosen_by_its_number_and_keeps_its_regions(several):
    several.add_box(0, PixelBox(100, 100, 130, 130))
    assert several.choose_series_number(2).series_key == "s1"
    assert several.regions() == ()
    several.choose_series_number(1)
    assert [r.region_id for r in several.regions()] == ["R1"]
    for number in (0, 4):
        with pytest.raises(SessionError, match=f"no series {number}: this upload holds series 1 to 3"):
            several.choose_series_number(number)


def test_a_slice_is_found_by_the_image_number_of_the_file(several):
    count = several.series.volume_hu.shape[0]
    assert several.slice_of_image(count) == 0
    assert several.series.image_number(0) == count
    with pytest.raises(SessionError, match=rf"no image 999 .* 1 to {count}"):
        several.slice_of_image(999)
    several.choose_series_number(2)
    with pytest.raises(SessionError, match="does not number its images"):
        several.slice_of_image(1)
    several.choose_series_number(3)
    with pytest.raises(SessionError, match="names none"):
        several.slice_of_image(1)


def test_a_drawn_outline_is_kept_and_moved_as_it_was_drawn(session):
    square = [(100.0, 100.0), (140.0, 100.0), (140.0, 140.0), (100.0, 140.0)]
    assert session.add_outline(0, square).box == PixelBox(100, 100, 140, 140)
    moved = session.resize("R1", PixelBox(110, 105, 150, 145))
    assert (moved.region_id, moved.origin, moved.box) == ("R1", "drawn", PixelBox(110, 105, 150, 145))
    assert session.selected == moved


def test_lengths_and_angles_are_kept_named_and_forgotten(session):
    first = session.annotate(0, ((100.0, 100.0), (140.0, 100.0)))
    assert (first.annotation_id, first.kind) == ("M1", "length")
    assert session.annotate(1, ((100.0, 100.0), (140.0, 100.0), (140.0, 150.0))).kind == "angle"
    session.name_annotation("M1", "width")
    assert session.annotation("M1").name == "width"
    session.remove_annotation("M2")
    assert session.annotate(0, ((1.0, 1.0), (5.0, 5.0))).annotation_id == "M3"
    assert [a.annotation_id for a in session.annotations()] == ["M1", "M3"]
    with pytest.raises(RegionError, match="no measurement M2"):
        session.remove_annotation("M2")
    assert session.study is not None
    session.open(session.study)
    assert session.annotations() == ()
