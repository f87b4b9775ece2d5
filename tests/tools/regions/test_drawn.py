"""What is drawn by hand: inside an outline is measured, lengths and angles are those of the patient."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tests.tools.regions.test_create import body, make_series
from tools.domain.region import PixelBox, RegionError
from tools.regions.drawn import annotation_from_points, fitted_outline, region_from_outline


def circle(x: float, y: float, radius: float, count: int = 48) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], axis=1)


def test_a_drawn_outline_is_measured_as_it_was_drawn() -> None:
    series = make_series(body())
    region = region_from_outline(series, 0, circle(200, 150, 20))
    assert (region.origin, region.outline) == ("drawn", "measured")
    assert region.box == PixelBox(180, 130, 220, 170)
    assert region.measurement.long_axis_mm == pytest.approx(32, abs=0.1)
    assert region.measurement.area_mm2 == pytest.approx(np.pi * 16**2, rel=0.01)
    assert region.measurement.mean_hu == pytest.approx(60, abs=2)


def test_a_line_that_crosses_itself_is_measured_as_what_it_encloses() -> None:
    series = make_series(body())
    loop = np.concatenate([circle(200, 150, 20), [(222, 152), (228, 160), (222, 148)]])  # a tail at the closing end
    eight = np.array([(150.0, 150.0), (210.0, 210.0), (210.0, 150.0), (150.0, 210.0)])
    assert region_from_outline(series, 0, loop).measurement.area_mm2 == pytest.approx(np.pi * 16**2, rel=0.06)
    both = region_from_outline(series, 0, eight)  # two triangles, and not nothing, their difference
    assert both.measurement.area_mm2 == pytest.approx(2 * 30 * 60 / 2 * 0.8**2, rel=0.05)


@pytest.mark.parametrize("points", [[(10, 10), (20, 20), (30, 30)], [(5, 5), (6, 5), (5, 6)], [(900, 900)] * 5])
def test_what_encloses_nothing_is_refused(points: list[tuple[float, float]]) -> None:
    with pytest.raises(RegionError, match="draw it around the lesion"):
        region_from_outline(make_series(body()), 0, np.array(points, float))


@settings(max_examples=examples(25))
@given(st.lists(st.tuples(st.floats(-50, 450), st.floats(-50, 450)), min_size=3, max_size=12))
def test_any_line_is_measured_on_the_image_or_refused_in_a_sentence(points: list[tuple[float, float]]) -> None:
    series = make_series(np.zeros((400, 400)))
    try:
        region = region_from_outline(series, 0, np.array(points))
    except RegionError:
        return
    area = region.measurement.area_mm2
    assert area is not None
    assert 0 < area <= 400 * 400 * 0.8**2
    assert all(0 <= x <= 400 and 0 <= y <= 400 for x, y in region.outline_px)


def test_an_outline_goes_with_its_box() -> None:
    series = make_series(body())
    region = region_from_outline(series, 0, circle(200, 150, 20))
    moved = region_from_outline(series, 0, fitted_outline(region, PixelBox(190, 140, 230, 180)))
    assert moved.box == PixelBox(190, 140, 230, 180)
    assert moved.measurement.area_mm2 == pytest.approx(region.measurement.area_mm2, rel=1e-3)
    wide = region_from_outline(series, 0, fitted_outline(region, PixelBox(180, 130, 260, 170)))
    assert wide.measurement.long_axis_mm == pytest.approx(64, abs=0.2)


def test_lengths_and_angles_are_in_mm_along_each_axis() -> None:
    series = make_series(body(), spacing=(5.0, 2.0, 1.0))
    assert annotation_from_points(series, 0, ((10.0, 10.0), (40.0, 30.0))).length_mm == pytest.approx(50)
    right = annotation_from_points(series, 0, ((50.0, 10.0), (50.0, 50.0), (90.0, 50.0)))
    assert (right.kind, right.angle_deg) == ("angle", pytest.approx(90))
    assert annotation_from_points(series, 0, ((20.0, 10.0), (10.0, 10.0), (20.0, 15.0))).angle_deg == pytest.approx(45)
    straight = annotation_from_points(series, 0, ((10.0, 10.0), (20.0, 10.0), (30.0, 10.0)))
    assert straight.angle_deg == pytest.approx(180)


def test_without_spacing_a_length_is_unknown_and_an_angle_refused() -> None:
    series = make_series(body(), known=False)
    assert annotation_from_points(series, 0, ((10.0, 10.0), (40.0, 30.0))).length_mm is None
    with pytest.raises(RegionError, match="size of its pixels"):
        annotation_from_points(series, 0, ((10.0, 10.0), (20.0, 10.0), (30.0, 20.0)))


@pytest.mark.parametrize("points", [((-1.0, 5.0), (5.0, 5.0)), ((5.0, 5.0), (5.0, 999.0)), ((5.0, 5.0), (5.0, 5.0))])
def test_points_off_the_image_or_the_same_are_refused(points: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(RegionError):
        annotation_from_points(make_series(body()), 0, points)
