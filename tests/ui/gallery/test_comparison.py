"""Query and hit at one scale and in one window."""

import base64
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tools.regions.crop import crop_with_context
from tools.workspace.search import search_region
from ui.gallery import comparison
from ui.gallery.comparison import PICTURE_PX, compare, heated
from ui.state.visits import Shared, Visits, new_visitor


@pytest.fixture
def visit(workspace: Any, demo: Any) -> Any:
    """A visit with a region around the largest liver lesion."""
    from tests.conftest import open_case
    from tools.pipelines.demo import patient_keys

    visits = Visits(Shared(workspace.atlas, workspace.embedder, patient_keys(demo.settings), demo.settings))
    visit = visits.of_page(new_visitor(), "a-page")
    case = demo.case("liver")
    open_case(visit.workspace, case, demo)
    visit.session.add_click(case.slice - 1, *case.centre)
    yield visit
    visits.close_all()


def pixels(address: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


def with_width(monkeypatch: Any, visit: Any, lesion_id: str, width_mm: float | None) -> None:
    """The atlas records another width of this lesion's picture."""
    atlas = visit.workspace.atlas
    get = type(atlas).get
    monkeypatch.setattr(type(atlas), "get", lambda self, lesion: replace(get(self, lesion), field_of_view_mm=width_mm))


def test_search_comparison_and_heat_map_see_the_context(visit: Any, demo: Any, monkeypatch: Any) -> None:
    workspace, seen = visit.workspace, []

    class Seeing:
        def __call__(self, inputs: Any) -> Any:
            seen.extend(inputs)
            return workspace.embedder(inputs)

        def saliency(self, query: Any, hit: Any) -> Any:
            seen.extend((query, hit))
            return np.zeros((64, 64), np.float32), np.zeros((64, 64), np.float32)

    lesion = demo.case("kidney").lesion_id
    monkeypatch.setattr(visit, "workspace", replace(workspace, embedder=Seeing()))
    search_region(visit.workspace, "R1", k=1)
    compare(visit, "R1", lesion)
    query = crop_with_context(visit.session.series, visit.session.region("R1"))
    stored = workspace.atlas.encoder_input(lesion)
    assert len(seen) == 4  # the search, the comparison, and both sides of the heat map
    for given, wanted in zip(seen, (query, query, query, stored), strict=True):
        np.testing.assert_array_equal(given, wanted)
    assert stored.shape == query.shape == (2, 64, 64)
    np.testing.assert_array_equal(workspace.atlas.roi(lesion), stored[0])


def test_pictures_are_as_wide_as_the_wider_of_the_two(visit: Any, demo: Any, monkeypatch: Any) -> None:
    lesion = demo.case("kidney").lesion_id
    width_mm = 2 * comparison.field_of_view_mm(visit.session.region("R1").box, visit.session.series.spacing_mm[1:])
    usual = compare(visit, "R1", lesion)
    with_width(monkeypatch, visit, lesion, width_mm)
    wide = compare(visit, "R1", lesion)
    assert wide.width_mm == pytest.approx(width_mm)
    assert "same scale" in wide.shown
    quarter = slice(PICTURE_PX // 4, 3 * PICTURE_PX // 4)
    lesion_alone = np.asarray(Image.fromarray(pixels(usual.query)).resize((PICTURE_PX // 2, PICTURE_PX // 2)), float)
    shown = pixels(wide.query)[quarter, quarter].astype(float)
    assert np.corrcoef(lesion_alone.ravel(), shown.ravel())[0, 1] > 0.9  # the lesion is half as large now


def test_a_narrower_hit_is_shown_smaller(visit: Any, demo: Any, monkeypatch: Any) -> None:
    lesion = demo.case("kidney").lesion_id
    with_width(monkeypatch, visit, lesion, 24.0)
    hit = pixels(compare(visit, "R1", lesion).hit)
    lit = np.flatnonzero(hit.any(axis=0))
    side = comparison.field_of_view_mm(visit.session.region("R1").box, visit.session.series.spacing_mm[1:])
    assert np.ptp(lit) + 1 == pytest.approx(PICTURE_PX * 24 / side, abs=4)


def test_an_unknown_scale_is_said(visit: Any, demo: Any, monkeypatch: Any) -> None:
    lesion = demo.case("kidney").lesion_id
    with_width(monkeypatch, visit, lesion, None)
    compared = compare(visit, "R1", lesion)
    assert compared.width_mm is None
    assert "The atlas does not say how large its pixels are" in compared.shown
    assert pixels(compared.hit).shape == (PICTURE_PX, PICTURE_PX)


def test_a_picture_without_hu_keeps_its_own_grey_levels(visit: Any, demo: Any, monkeypatch: Any) -> None:
    lesion = demo.case("kidney").lesion_id
    picture = np.full((64, 64), 77, np.uint8)
    monkeypatch.setattr(type(visit.workspace.atlas), "roi", lambda self, lesion: picture)
    compared = compare(visit, "R1", lesion)
    assert "no HU of the other" in compared.shown
    assert pixels(compared.hit)[PICTURE_PX // 2, PICTURE_PX // 2] == 77


def test_heat_leaves_cold_parts_as_they_are() -> None:
    grey = np.full((4, 4), 100, np.uint8)
    heat = np.zeros((4, 4))
    heat[0, 0] = 1.0
    tinted = heated(grey, heat)
    assert tinted.shape == (4, 4, 3)
    np.testing.assert_array_equal(tinted[1:], 100)
    assert tinted[0, 0, 0] > tinted[0, 0, 2]
