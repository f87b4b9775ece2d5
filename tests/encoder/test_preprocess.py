"""One scale for HU and windowed pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoder.errors import EncoderError
from encoder.preprocess import HU_RANGE, hu_to_unit, standardize


@given(hu=st.integers(-32768, 32767))
def test_hounsfield_units_follow_one_clipped_line(hu):
    value = standardize(np.full((1, 64, 64), hu, np.int16))
    assert value.shape == (1, 1, 64, 64)
    assert value.dtype == np.float32
    assert value[0, 0, 0, 0].item() == pytest.approx(min(max(hu_to_unit(hu), 0), 1), abs=1e-6)


def test_windowed_pixels_span_the_scale():
    pixels = np.zeros((2, 64, 64), np.uint8)
    pixels[1] = 255
    assert standardize(pixels).mean(axis=(1, 2, 3)).tolist() == [0, 1]


def test_soft_tissues_stay_apart():
    fat, water, liver = (standardize(np.full((64, 64), hu, np.int16)).mean() for hu in (-100, 0, 60))
    assert fat < water < liver
    assert liver - water > 0.02


def test_the_same_structure_in_hu_and_8_bit_lands_on_the_same_values():
    hu = np.random.default_rng(0).integers(-1000, 900, (4, 64, 64)).astype(np.int16)
    low, high = HU_RANGE
    windowed = np.round((hu - low) / (high - low) * 255).astype(np.uint8)
    np.testing.assert_allclose(standardize(hu), standardize(windowed), atol=1 / 255, rtol=0)


def test_broken_pixels_become_numbers():
    image = np.full((64, 64), np.nan, np.float32)
    image[0, 0] = np.inf
    assert np.isfinite(standardize(image)).all()


@pytest.mark.parametrize("image", [np.zeros((2, 32, 32), np.int16), np.zeros((64, 64), complex), np.zeros(5)])
def test_refuses_other_shapes_and_kinds_in_one_sentence(image):
    with pytest.raises(EncoderError, match="encoder takes"):
        standardize(image)
