"""Every ROI of a known width is brought to the width that the encoder was trained on."""

import numpy as np
import pytest

from encoder.roi import ROI_SIZE, ROI_WIDTH_MM, native_width_mm, to_roi_width


def disc(diameter_mm: float, pixel_mm: float) -> np.ndarray:
    """A soft-edged ball in the middle of an ROI with pixels of `pixel_mm`, HU."""
    y, x = np.mgrid[:ROI_SIZE, :ROI_SIZE] - (ROI_SIZE - 1) / 2
    inside = np.clip((diameter_mm / 2 - np.hypot(y, x) * pixel_mm) / pixel_mm + 0.5, 0, 1)
    return np.rint(1000 * inside - 1000).astype(np.int16)


@pytest.mark.parametrize("pixel_mm", [0.46, 0.6, 0.75, 0.98])
def test_a_lesion_has_the_same_pixels_whatever_it_was_scanned_with(pixel_mm):
    seen = to_roi_width(disc(12, pixel_mm)[None], np.array([pixel_mm * ROI_SIZE]))[0]
    wanted = disc(12, ROI_WIDTH_MM / ROI_SIZE)
    assert seen.dtype == np.int16
    area = (seen > -500).sum() / (wanted > -500).sum()
    assert area == pytest.approx(1, abs=0.03)
    assert np.abs(seen.astype(float) - wanted).mean() < 12  # of 1000 HU between the ball and its surroundings


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
def test_unknown_widths_and_the_right_width_change_nothing(kind):
    images = np.random.default_rng(0).integers(0, 255, (3, 64, 64)).astype(kind)
    seen = to_roi_width(images, np.array([np.nan, ROI_WIDTH_MM, np.nan]))
    assert seen.dtype == images.dtype
    np.testing.assert_allclose(seen, images, atol=1e-4)


def test_a_row_does_not_depend_on_the_others_and_the_input_stays():
    images = np.random.default_rng(0).integers(0, 255, (2000, 64, 64)).astype(np.uint8)
    widths = np.linspace(30, 62, len(images))
    before = images.copy()
    together = to_roi_width(images, widths)
    np.testing.assert_array_equal(images, before)
    for row in (0, 1023, 1024, 1999):
        np.testing.assert_array_equal(together[row], to_roi_width(images[row : row + 1], widths[row : row + 1])[0])


def test_a_constant_stays_and_edges_are_repeated():
    flat = np.full((1, 64, 64), 77, np.uint8)
    np.testing.assert_array_equal(to_roi_width(flat, np.array([20.0])), flat)
    framed = np.zeros((1, 64, 64), np.uint8)
    framed[0, 0] = 200
    seen = to_roi_width(framed, np.array([32.0]))[0]
    assert (seen[:10] == seen[0]).all()  # a third of the wider picture lies outside, half of it above
    assert (seen[0] >= 100).all()


def test_only_what_was_cut_out_pixel_by_pixel_is_judged_by_its_spacing():
    assert native_width_mm(0.7, None) == pytest.approx(44.8)
    assert np.isnan(native_width_mm(0.7, 48.0))
    assert np.isnan(native_width_mm(None, None))
