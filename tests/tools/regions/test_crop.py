"""The ROI crop: the right place, the right scale, whatever the spacing, size and edge."""

import numpy as np
import pytest

from tools.domain.region import PixelBox
from tools.regions.crop import crop_box, to_thumbnail


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
