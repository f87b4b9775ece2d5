"""Blobs: round spots are found at their place and size, tubes are not, and what is said of them is so."""

import numpy as np
import pytest

from tools.regions.blob_features import FEATURES, describe
from tools.regions.blobs import Blobs, find_blobs
from tools.regions.coarse_slice import CoarseSlice

SPACING = (0.8, 0.8)


def abdomen(spots: list[tuple[float, float, float, float]]) -> CoarseSlice:
    """A body of 60 HU with discs (x, y, radius in mm, HU) and a vertical vessel."""
    y, x = np.mgrid[:400, :400] + 0.5
    image = np.where(((x - 200) / 180) ** 2 + ((y - 200) / 150) ** 2 < 1, 60.0, -1000.0)
    image[100:300, 198:204] = 180
    for sx, sy, radius, hu in spots:
        image = np.where(np.hypot(x - sx, y - sy) * 0.8 <= radius, hu, image)
    return CoarseSlice.of((image + np.random.default_rng(0).normal(0, 8, image.shape)).astype(np.int16), SPACING)


def nearest(blobs: Blobs, x: float, y: float) -> int:
    """The strongest blob at a place."""
    return int(np.argmax(np.where(np.hypot(blobs.x - x, blobs.y - y) < 3, blobs.response, -1)))


@pytest.mark.parametrize("radius", [4, 8, 14])
@pytest.mark.parametrize("hu", [-40, 160])
def test_a_spot_is_the_strongest_blob_at_its_place_and_size(radius: float, hu: float) -> None:
    blobs = find_blobs(abdomen([(130, 210, radius, hu)]))
    assert (blobs.x[0], blobs.y[0]) == (pytest.approx(130, abs=2), pytest.approx(210, abs=2))
    assert 0.6 < blobs.radius_mm[0] / radius < 1.6


def test_the_body_is_framed() -> None:
    top, left, bottom, right = abdomen([]).frame
    assert (left + right) / 2 * 1.5 / 0.8 == pytest.approx(200, abs=3)
    assert (bottom - top) * 1.5 / 0.8 == pytest.approx(300, abs=6)


def test_what_is_said_of_blobs() -> None:
    here = abdomen([(130, 210, 8, 150), (270, 210, 8, 150), (130, 150, 8, 0)])
    blobs = find_blobs(here)
    features = describe(blobs, here, [abdomen([]), here])
    assert features.shape == (len(blobs.x), FEATURES)
    assert np.isfinite(features).all()
    bright, twin, dark = (nearest(blobs, x, y) for x, y in ((130, 210), (270, 210), (130, 150)))
    sign, density, unlike_the_other_side, ends = 3, 4, 22, 16
    assert features[[bright, twin, dark], sign].tolist() == [1, 1, -1]
    assert features[bright, density] == pytest.approx(1.5, abs=0.15)
    assert max(features[[bright, twin], unlike_the_other_side]) < 0.3 < features[dark, unlike_the_other_side]
    assert features[bright, ends] == pytest.approx(0.45, abs=0.2)  # it is on one of the two neighbours


def test_air_and_tiny_images_have_no_blobs() -> None:
    for image in (np.full((300, 300), -1000, np.int16), np.full((3, 3), 40, np.int16)):
        coarse = CoarseSlice.of(image, SPACING)
        blobs = find_blobs(coarse)
        assert len(blobs.x) == 0
        assert len(describe(blobs, coarse, [])) == 0
