"""Spots that look like lesions: found where they are, in the file's pixels, and none in air."""

import numpy as np
import pytest

from tools.regions.coarse_slice import GRID_MM, CoarseSlice
from tools.regions.lesion_detector import load_lesion_detector

SPACING = (0.8, 0.8)


def abdomen(spots: list[tuple[float, float, float, float]]) -> CoarseSlice:
    """A liver-like body of 90 HU with discs (x, y, radius in mm, HU)."""
    y, x = np.mgrid[:400, :400] + 0.5
    image = np.where(((x - 200) / 180) ** 2 + ((y - 200) / 150) ** 2 < 1, 90.0, -1000.0)
    for sx, sy, radius, hu in spots:
        image = np.where(np.hypot(x - sx, y - sy) * 0.8 <= radius, hu, image)
    return CoarseSlice.of((image + np.random.default_rng(0).normal(0, 8, image.shape)).astype(np.int16), SPACING)


@pytest.mark.parametrize("radius", [6, 9, 14])
def test_a_dark_spot_in_even_tissue_is_the_likeliest_at_its_place_and_size(radius: float) -> None:
    spots = load_lesion_detector()(abdomen([(130, 210, radius, 30)]))
    assert (spots.x[0], spots.y[0]) == (pytest.approx(130, abs=5), pytest.approx(210, abs=5))
    assert 0.5 < spots.radius_mm[0] / radius < 2
    assert (np.diff(spots.likeness) <= 0).all()


def test_air_holds_no_spot_and_a_tiny_image_no_likely_one() -> None:
    its = load_lesion_detector()
    assert not len(its(CoarseSlice.of(np.full((300, 300), -1000, np.int16), SPACING)).x)
    assert (its(CoarseSlice.of(np.full((3, 3), 40, np.int16), SPACING)).likeness < its.least).all()


@pytest.mark.parametrize("shape", [(1, 1), (31, 64), (257, 100)])
def test_maps_are_half_as_large_as_the_slice_whatever_its_size(shape: tuple[int, int]) -> None:
    heat, log_radius = load_lesion_detector().maps(np.full(shape, 40, np.float32))
    assert heat.shape == log_radius.shape == (-(-shape[0] // 2), -(-shape[1] // 2))
    assert (heat >= 0).all()
    assert (heat <= 1).all()


def test_a_slice_is_brought_to_one_pixel_size() -> None:
    coarse = CoarseSlice.of(np.zeros((300, 200), np.int16), (0.5, 1.0))
    assert coarse.image.shape == (100, round(200 / GRID_MM))
    assert coarse.zoom == pytest.approx((1 / 3, 133 / 200))
