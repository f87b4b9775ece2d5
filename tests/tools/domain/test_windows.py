"""The display windows are usable, and the encoder's soft-tissue channel is the viewer's soft-tissue window."""

import pytest

from encoder.preprocess import SOFT_TISSUE_HU
from tools.domain.windows import DISPLAY_WINDOWS, SOFT_TISSUE_WINDOW, Window


@pytest.mark.parametrize("window", DISPLAY_WINDOWS.values(), ids=DISPLAY_WINDOWS.keys())
def test_every_window_shows_something(window: Window) -> None:
    assert window.width_hu >= 1
    assert -1024 < window.level_hu < 3071


def test_the_encoder_sees_the_soft_tissue_that_is_shown() -> None:
    half = SOFT_TISSUE_WINDOW.width_hu / 2
    assert (SOFT_TISSUE_WINDOW.level_hu - half, SOFT_TISSUE_WINDOW.level_hu + half) == SOFT_TISSUE_HU
