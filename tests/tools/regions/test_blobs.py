"""Blobs: round spots are found at their place and size, tubes are not, and what is said of them is so."""

import numpy as np
import pytest

from tools.regions.blobs import FEATURES, describe, find_blobs

SPACING = (5.0, 0.8, 0.8)


def abdomen(spots: list[tuple[float, float, float, float]]) -> np.ndarray:
    """A body of 60 HU with discs (x, y, radius in mm, HU) and a vertical vessel."""
    y, x = np.mgrid[:400, :400] + 0.5
    image = np.where(((x - 200) / 180) ** 2 + ((y - 200) / 150) ** 2 < 1, 60.0, -1000.0)
    image[100:300, 198:204] = 180
    for sx, sy, radius, hu in spots:
        image = np.where(np.hypot(x - sx, y - sy) * 0.8 <= radius, hu, image)
    return (image + np.random.default_rng(0).normal(0, 8, image.shape)).astype(np.int16)


@pytest.mark.parametrize("radius", [4, 8, 14])
@pytest.mark.parametrize("hu", [-40, 160])
def test_a_spot_is_the_strongest_blob_at_its_place_and_size(radius: float, hu: float) -> None:
    blobs, middle = find_blobs(abdomen([(130, 210, radius, hu)]), SPACING[1:])
    best = int(np.argmax(blobs.response))
    assert (blobs.x[best], blobs.y[best]) == (pytest.approx(130, abs=2), pytest.approx(210, abs=2))
    assert 0.6 < blobs.radius_mm[best] / radius < 1.6
    assert middle == pytest.approx(200, abs=2)


def test_what_is_said_of_blobs() -> None:
    image = abdomen([(130, 210, 8, 150), (270, 210, 8, 150), (130, 150, 8, 0)])
    volume = np.stack([abdomen([]), image, image])
    blobs, middle = find_blobs(image, SPACING[1:])
    features = describe(blobs, volume, 1, SPACING, middle)
    assert features.shape == (len(blobs.x), len(FEATURES))
    assert np.isfinite(features).all()

    def at(x: float, y: float) -> dict[str, float]:
        near = np.hypot(blobs.x - x, blobs.y - y) < 3
        i = int(np.argmax(np.where(near, blobs.response, -1)))
        return dict(zip(FEATURES, features[i], strict=True))

    bright, twin, dark = at(130, 210), at(270, 210), at(130, 150)
    assert (bright["bright"], dark["bright"]) == (1, -1)
    assert bright["density"] == pytest.approx(1.5, abs=0.15)
    assert (bright["mirrored"], twin["mirrored"], dark["mirrored"]) == (1, 1, 0)
    assert bright["ends"] == pytest.approx(0.45, abs=0.2)  # it is on one of the two neighbours
    assert bright["soft_around"] > 0.9


def test_air_and_tiny_images_have_no_blobs() -> None:
    for image in (np.full((300, 300), -1000, np.int16), np.full((3, 3), 40, np.int16)):
        blobs, _ = find_blobs(image, (0.8, 0.8))
        assert len(blobs.x) == 0
        assert describe(blobs, image[None], 0, SPACING, 1.0).shape == (0, len(FEATURES))
