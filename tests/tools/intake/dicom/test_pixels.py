import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tools.intake.dicom.pixels import (
    AIR_HU,
    LookupTable,
    Rescale,
    RescaleError,
    credible_padding,
    display_range,
    luminance,
    padding_mask,
    stored_bits,
    to_hu,
    to_numbers,
    to_scale,
)

SLOPES = st.floats(-8, 8).filter(lambda slope: abs(slope) > 1e-3)
INTERCEPTS = st.floats(-4096, 4096)


@st.composite
def cells(draw: st.DrawFn) -> tuple[list[int], int, int, int, bool, int]:
    """Stored values and how they lie in their cells: allocated, stored, high bit, signed, and junk around them."""
    allocated = draw(st.sampled_from([8, 16, 32]))
    bits = draw(st.integers(2, allocated))
    high = draw(st.integers(bits - 1, allocated - 1)) if bits < allocated else bits - 1
    signed = draw(st.booleans())
    low, top = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    values = draw(st.lists(st.integers(low, top), min_size=1, max_size=20))
    return values, allocated, bits, high, signed, draw(st.integers(0, (1 << allocated) - 1))


@given(cells())
def test_a_stored_value_is_found_wherever_it_lies_in_its_cell_and_whatever_lies_around_it(case):
    values, allocated, bits, high, signed, junk = case
    shift = high + 1 - bits
    inside = ((1 << bits) - 1) << shift
    raw = [((value << shift) & inside) | (junk & ~inside & ((1 << allocated) - 1)) for value in values]
    cells = np.array(raw, dtype=f"u{allocated // 8}").view(f"{'i' if signed else 'u'}{allocated // 8}")

    assert stored_bits(cells, allocated, bits, high).tolist() == values


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=30), SLOPES, INTERCEPTS)
def test_hu_is_slope_times_stored_plus_intercept_rounded_and_never_below_air(values, slope, intercept):
    hu = to_hu(np.array(values, dtype=np.int16), Rescale(slope, intercept))

    expected = np.clip(np.array(values) * slope + intercept, AIR_HU, 32767)
    assert hu.dtype == np.int16
    assert np.abs(hu - expected).max() <= 0.51


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=30), st.integers(-4096, 4096))
def test_whole_intercepts_are_exact(values, intercept):
    hu = to_hu(np.array(values, dtype=np.uint16), Rescale(1.0, float(intercept)))

    assert_array_equal(hu, np.clip(np.array(values) + intercept, AIR_HU, 32767))


@pytest.mark.parametrize(("slope", "intercept"), [(0, 0), (float("nan"), 0), (1, float("nan")), (float("inf"), 0)])
def test_a_scale_that_cannot_be_meant_is_refused(slope, intercept):
    with pytest.raises(RescaleError):
        Rescale(slope, intercept)


def test_a_lookup_table_extends_its_ends():
    table = LookupTable(10, np.array([100, 200, 300], dtype=np.float32))

    assert table.apply(np.array([-5, 10, 11, 12, 99])).tolist() == [100, 100, 200, 300, 300]


@pytest.mark.parametrize("written", [-2000, 63536])
def test_padding_becomes_air_whichever_sign_its_tag_is_written_with(written):
    stored = np.array([[-2000, 40], [-2000, -1000]], dtype=np.int16)

    padded = padding_mask(stored, written, None, 16)

    assert to_hu(stored, Rescale(1, 0), padded).tolist() == [[AIR_HU, 40], [AIR_HU, -1000]]


def test_a_padding_range_covers_all_between_its_ends():
    stored = np.array([[0, 1, 2, 3, 4]], dtype=np.uint16)

    assert padding_mask(stored, 3, 1, 16).tolist() == [[False, True, True, True, False]]


def disc(side: int, radius: float) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return x**2 + y**2 < radius**2


@pytest.mark.parametrize("value", [0, 3071])
def test_padding_of_tissue_or_metal_density_is_believed_outside_the_field_only(value):
    stored = np.where(disc(64, 31), 40, value).astype(np.int16)
    stored[30:34, 30:34] = value

    kept = credible_padding(stored, stored == value, Rescale())

    assert not kept[30:34, 30:34].any()
    assert_array_equal(kept, ~disc(64, 31))


def test_padding_of_the_density_of_air_is_believed_wherever_it_stands():
    stored = np.full((8, 8), 40, dtype=np.int16)
    stored[3:5, 3:5] = -2000

    assert_array_equal(credible_padding(stored, stored == -2000, Rescale()), stored == -2000)


@pytest.mark.parametrize("noise", [0, 8])
def test_a_padding_value_that_is_the_patient_is_not_believed(noise):
    stored = np.rint(np.random.default_rng(1).normal(0, noise, (64, 64))).astype(np.int16)
    in_air = np.where(disc(64, 20), stored, -1000).astype(np.int16)

    assert credible_padding(stored, stored == 0, Rescale()) is None
    assert credible_padding(in_air, in_air == 0, Rescale()) is None


def test_numbers_without_unit_show_black_and_white_of_their_window_as_soft_tissue():
    numbers = np.array([[100, 300, 500, np.nan]], dtype=np.float32)

    assert to_scale(numbers, 100, 500).tolist() == [[-160, 40, 240, AIR_HU]]


def test_without_a_window_the_contrast_comes_from_the_image_and_a_flat_one_is_no_error():
    ramp = np.linspace(0, 1000, 100 * 100, dtype=np.float32).reshape(100, 100)

    low, high = display_range([ramp], None, None)
    assert 0 <= low < 20
    assert 960 < high <= 1000
    flat = np.full((4, 4), 7, dtype=np.float32)
    assert np.isfinite(to_scale(flat, *display_range([flat], None, None))).all()


def test_small_means_white_is_turned_round():
    stored = np.array([[0, 255]], dtype=np.uint8)

    numbers = to_numbers(stored, Rescale(), None, inverted=True)

    assert numbers[0, 0] > numbers[0, 1]


def test_colour_becomes_brightness():
    colour = np.array([[[255, 255, 255], [0, 0, 0], [0, 255, 0]]], dtype=np.uint8)

    white, black, green = luminance(colour)[0]

    assert white == pytest.approx(255, abs=0.1)
    assert black == 0
    assert black < green < white
