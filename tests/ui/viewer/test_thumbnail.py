"""The picture of a series is small, shows its middle slice, and keeps its proportions."""

import numpy as np
import pytest

from tests.tools.regions.test_create import make_series
from ui.viewer.thumbnail import SIDE_PX, series_thumbnail


@pytest.mark.parametrize(
    ("shape", "spacing", "expected"),
    [
        ((512, 512), (0.8, 0.8), (SIDE_PX, SIDE_PX)),
        ((60, 300), (5.0, 0.7), (SIDE_PX, round(SIDE_PX * 210 / 300))),  # a reformat: tall pixels
        ((1, 512), (1.0, 1.0), (1, SIDE_PX)),
    ],
)
def test_a_thumbnail_keeps_its_proportions(
    shape: tuple[int, int], spacing: tuple[float, float], expected: tuple[int, int]
) -> None:
    assert series_thumbnail(make_series(np.zeros((3, *shape)), (5.0, *spacing))).shape == expected


def test_it_shows_the_middle_slice_left_to_right() -> None:
    volume = np.full((3, 200, 200), -1000)
    volume[1, :, 100:] = 1000
    picture = series_thumbnail(make_series(volume))
    assert (picture[:, :40].max(), picture[:, -40:].min()) == (0, 255)
