"""The ROI crop: the right place, the right scale, whatever the spacing, size and edge."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoder.roi import CONTEXT_WIDTHS, ROI_WIDTH_MM
from tests.conftest import examples
from tests.tools.regions.test_create import make_series
from tools.domain.region import PixelBox
from tools.domain.windows import BRAIN_WINDOW, SOFT_TISSUE_WINDOW, Window
from tools.regions.create import region_from_box
from tools.regions.crop import (
    AIR_HU,
    crop_box,
    crop_box_with_context,
    field_of_view_mm,
    region_window,
    to_thumbnail,
)


def disc(center_xy: tuple[float, float], radius_mm: float, spacing: tuple[float, float]) -> np.ndarray:
    y, x = np.mgrid[:300, :300]
    inside = ((x - center_xy[0]) * spacing[1]) ** 2 + ((y - center_xy[1]) * spacing[0]) ** 2 <= radius_mm**2
    return np.where(inside, 100, -900).astype(np.int16)


@pytest.mark.parametrize("spacing", [(0.5, 0.5), (0.75, 0.75), (0.6, 0.9), (1.4, 1.0)])
def test_a_disc_is_centred_round_and_true_to_scale(spacing: tuple[float, float]) -> None:
    image = disc((150, 140), 12, spacing)
    rows, columns = np.nonzero(image > 0)
    box = PixelBox(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    roi = crop_box(image, box, spacing)
    assert roi.shape == (64, 64)
    assert roi.dtype == np.int16
    y, x = np.nonzero(roi > -400)
    assert abs(y.mean() - 31.5) < 0.7
    assert abs(x.mean() - 31.5) < 0.7
    diameter = 24 / 48 * 64
    assert np.ptp(y) + 1 == pytest.approx(diameter, abs=2)
    assert np.ptp(x) + 1 == pytest.approx(diameter, abs=2)


def test_a_large_lesion_widens_the_crop() -> None:
    roi = crop_box(disc((150, 150), 60, (0.8, 0.8)), PixelBox(75, 75, 226, 226), (0.8, 0.8))
    assert (roi[32] > -400).sum() == pytest.approx(64 / 1.5, abs=1.5)


def test_native_resolution_is_kept_exactly() -> None:
    image = np.random.default_rng(0).integers(-1000, 1000, (128, 128)).astype(np.int16)
    np.testing.assert_array_equal(crop_box(image, PixelBox(60, 50, 68, 58), (0.75, 0.75)), image[22:86, 32:96])


def test_the_edge_is_repeated() -> None:
    image = np.tile(np.arange(100, dtype=np.int16), (100, 1))
    roi = crop_box(image, PixelBox(0, 40, 6, 46), (0.75, 0.75))
    assert roi.min() == 0
    assert (roi[:, :28] == 0).all()
    assert roi.max() == 34


@given(
    st.tuples(st.integers(90, 200), st.integers(90, 200)),
    st.tuples(st.integers(4, 60), st.integers(4, 60)),
    st.tuples(st.floats(0.6, 1.2), st.floats(0.6, 1.2)),
)
@settings(max_examples=examples(40))
def test_the_context_has_the_centre_of_its_roi_and_three_times_the_width(
    corner: tuple[int, int], size: tuple[int, int], spacing_mm: tuple[float, float]
) -> None:
    box = PixelBox(*corner, corner[0] + size[0], corner[1] + size[1])
    row_mm, column_mm = spacing_mm
    y, x = np.mgrid[:300, :300] + 0.5
    width_mm = field_of_view_mm(box, spacing_mm)
    assert width_mm >= ROI_WIDTH_MM
    # Each pixel holds how far it is from the centre of the box, in tenths of a millimetre.
    for axis, distance_mm in (
        (0, (y - (box.y0 + box.y1) / 2) * row_mm),
        (1, (x - (box.x0 + box.x1) / 2) * column_mm),
    ):
        image = np.rint(10 * distance_mm).astype(np.int16)
        pair = crop_box_with_context(image, box, spacing_mm)
        assert pair.dtype == np.int16
        np.testing.assert_array_equal(pair[0], crop_box(image, box, spacing_mm))
        for plane, widths in zip(pair, (1, CONTEXT_WIDTHS), strict=True):
            seen = np.moveaxis(plane, axis, 0)[30:34, 30:34].astype(float)  # around the centre: inside the slice
            wanted = 10 * (np.arange(30, 34) - 31.5) * widths * width_mm / 64
            np.testing.assert_allclose(seen, np.broadcast_to(wanted[:, None], seen.shape), atol=1.5)


def test_the_context_is_air_outside_the_slice() -> None:
    image = np.full((100, 120), 40, np.int16)
    roi, context = crop_box_with_context(image, PixelBox(0, 46, 8, 54), (0.75, 0.75))
    assert (roi == 40).all()
    assert (context[:, :28] == AIR_HU).all()  # left of the slice
    assert (context[:14] == AIR_HU).all()  # above
    assert (context[50:] == AIR_HU).all()  # below
    assert (context[18:46, 32:60] == 40).all()


def test_thumbnails_choose_a_window_and_leave_pictures_alone() -> None:
    lung = np.full((64, 64), -850, np.int16)
    lung[20:40, 20:40] = 40
    liver = np.full((64, 64), 60, np.int16)
    liver[20:40, 20:40] = 10
    for roi in (lung, liver):
        picture = to_thumbnail(roi)
        assert picture.dtype == np.uint8
        assert 10 < picture.min() < picture.max() < 250
    picture = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    np.testing.assert_array_equal(to_thumbnail(picture), picture)


@pytest.mark.parametrize(
    ("facts", "window"),
    [
        ({"body_part": "head"}, BRAIN_WINDOW),
        ({"body_part_seen": "head"}, BRAIN_WINDOW),
        ({"body_part": "abdomen", "body_part_seen": "head"}, SOFT_TISSUE_WINDOW),
        ({}, SOFT_TISSUE_WINDOW),
    ],
)
def test_soft_tissue_of_the_head_is_shown_in_the_window_of_the_brain(facts: dict[str, str], window: Window) -> None:
    series = make_series(np.full((1, 64, 64), 40))
    series = replace(series, facts=series.facts.model_copy(update=facts))
    region = region_from_box(series, 0, PixelBox(20, 20, 40, 40))
    assert region_window(series, region) == window
