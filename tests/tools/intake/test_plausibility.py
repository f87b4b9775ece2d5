import numpy as np
import pytest

from tools.intake.messages import Note
from tools.intake.plausibility import is_beyond_doubt, note_on_air, reason_against_values

SIDE = 96


def body(air: float, tissue: float, radius: float = 40, noise: float = 10, slices: int = 4) -> np.ndarray:
    """A round body with some bone and fat in it, or, of a large radius, one that fills the field."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    image = np.where(x**2 + y**2 < radius**2, tissue, air).astype(float)
    image[(np.abs(x) < 4) & (np.abs(y) < 6)] = tissue + 600
    image[(np.abs(x - 15) < 6) & (np.abs(y) < 6)] = tissue - 150
    volume = image + np.random.default_rng(2).normal(0, noise, (slices, SIDE, SIDE))
    return np.rint(np.clip(volume, -1024, 32767)).astype(np.int16)


FULL = 1000.0


@pytest.mark.parametrize(
    "volume",
    [
        body(-1000, 50),
        body(-1000, -90),
        body(0, 50, radius=FULL),
        body(0, 40, radius=FULL, noise=30),
        body(0, -100, radius=FULL, noise=8),
        body(0, 50, radius=FULL, noise=0),
        body(-160, 50, noise=0),
        np.full((3, SIDE, SIDE), -1000, np.int16),
        np.full((3, SIDE, SIDE), 5, np.int16),
    ],
    ids=["body", "fat", "obese", "small field", "fat fills", "no noise", "window", "only air", "flat"],
)
def test_what_may_be_hounsfield_units_is_not_doubted(volume):
    assert reason_against_values(volume) is None


@pytest.mark.parametrize(
    "volume",
    [
        body(24, 1074),
        body(24, 1074, noise=0),
        body(0, 1050, noise=25),
        body(24, 930, radius=44),
        np.maximum(body(24, 1074), 0),
        np.clip(body(0, 128, noise=4), 0, 255),
        -body(-1000, 50),
        body(-1000, 50) // 2,
    ],
    ids=["shifted", "no noise", "by 1000", "fat", "clipped", "grey levels", "inverted", "halved"],
)
def test_a_background_that_is_no_air_gives_shifted_values_away(volume):
    assert reason_against_values(volume) is Note.NO_AIR


def test_padding_around_the_field_does_not_hide_a_shift():
    volume = body(24, 1074, radius=36)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    volume[:, x**2 + y**2 > 47**2] = 0

    assert reason_against_values(volume) is Note.NO_AIR


@pytest.mark.parametrize(
    "volume",
    [body(-2024, -974), body(0, 1074, radius=FULL), 10 * body(-1000, 60, noise=2), body(-10000, 500, noise=80)],
    ids=["below", "above", "stretched", "noisy"],
)
def test_nothing_of_the_density_of_water_gives_a_shift_away(volume):
    assert reason_against_values(volume) is Note.NO_TISSUE


def test_a_slice_that_is_shifted_among_others_is_noticed():
    volume = body(-1000, 50, slices=40)
    volume[17] += 1024

    assert reason_against_values(volume) is Note.SOME_SLICES


def test_slices_without_air_may_lie_within_the_body():
    assert reason_against_values(np.concatenate([body(-1000, 50), body(0, -100, radius=FULL)])) is None


@pytest.mark.parametrize(
    ("volume", "note"),
    [
        (body(-1000, 50), None),
        (body(-1010, 50), None),
        (np.where(body(-1000, 50) < -900, -1024, body(-1000, 50)).astype(np.int16), None),
        (body(0, -100, radius=FULL), None),
        (body(-976, 74), Note.AIR_OFF),
        (np.maximum(body(-1000, 50), -160), Note.CUT_OFF),
    ],
    ids=["air", "thin air", "padding", "fat fills", "shifted by 24", "window"],
)
def test_air_that_is_not_where_it_belongs_is_said(volume, note):
    assert note_on_air(volume) is note


def test_one_slice_that_has_air_and_tissue_is_enough():
    assert is_beyond_doubt(body(-1000, 50)[0])
    assert not is_beyond_doubt(body(24, 1074)[0])
    assert not is_beyond_doubt(body(-2024, -974)[0])
