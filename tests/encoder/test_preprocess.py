"""One scale for HU and windowed pixels."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoder.errors import EncoderError
from encoder.preprocess import PREPROCESSING_VERSION, hu_to_unit, standardize
from encoder.preprocess.windows import HISTOGRAMS, WINDOWS_HU, windows_of


@given(hu=st.integers(-32768, 32767))
def test_hounsfield_units_follow_one_clipped_line(hu):
    value = standardize(np.full((1, 64, 64), hu, np.int16))
    assert value.shape == (1, 1, 64, 64)
    assert value.dtype == np.float32
    assert value[0, 0, 0, 0].item() == pytest.approx(min(max(hu_to_unit(hu), 0), 1), abs=1e-6)


def test_soft_tissues_stay_apart():
    fat, water, liver = (standardize(np.full((64, 64), hu, np.int16)).mean() for hu in (-100, 0, 60))
    assert fat < water < liver
    assert liver - water > 0.02


def body(seed=0):
    """An ROI (64, 64) in HU: muscle with fat around it, some bone, and air beyond the skin."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    tissue = np.where(x < 14, -1000.0, np.where((x < 22) | (np.hypot(x - 50, y - 14) < 9), -105.0, 55.0))
    tissue = np.where(np.hypot(x - 45, y - 45) < 7, 500.0, tissue)
    return np.rint(tissue + rng.normal(0, 9, tissue.shape)).astype(np.int16)


@pytest.mark.parametrize("window", [(low, high) for low, high in WINDOWS_HU if high - low >= 400])
def test_grey_levels_of_a_window_land_where_their_hu_do(window):
    low, high = window
    hu = np.stack((body(), body(1)))[None]  # with a context: alone, narrow ones are hard to tell
    grey = np.round((hu - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)
    shown = np.rint(hu.clip(low, high)).astype(np.int16)
    difference = np.abs(standardize(grey) - standardize(shown))
    assert np.median(difference) < 20 / 1900  # HU


@pytest.mark.parametrize("level", [0, 90, 255])
def test_an_even_grey_is_a_number_like_another(level):
    value = standardize(np.full((64, 64), level, np.uint8))
    assert 0 <= value.min() <= value.max() <= 1


def test_a_context_is_read_in_the_window_of_its_roi():
    both = np.stack((body(), body(1)))[None]
    low, high = -175, 275
    grey = np.round((both - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)
    windows = windows_of(grey)
    assert windows.shape == (1, 2)
    black, white = windows[0]
    assert abs(black + (white - black) * (50 - low) / (high - low) - 50) < 20


def test_another_reading_of_windows_has_another_name():
    """Atlases remember the preprocessing by its version: change both, and train again."""
    digest = hashlib.blake2b(HISTOGRAMS.read_bytes(), digest_size=8).hexdigest()
    assert (PREPROCESSING_VERSION, digest) == ("hu-of-windows-48mm", "c4b66940345251e2")


def test_broken_pixels_become_numbers():
    image = np.full((64, 64), np.nan, np.float32)
    image[0, 0] = np.inf
    assert np.isfinite(standardize(image)).all()


@pytest.mark.parametrize("image", [np.zeros((2, 32, 32), np.int16), np.zeros((64, 64), complex), np.zeros(5)])
def test_refuses_other_shapes_and_kinds_in_one_sentence(image):
    with pytest.raises(EncoderError, match="encoder takes"):
        standardize(image)
