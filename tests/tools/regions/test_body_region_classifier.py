"""What a picture shows is named where it is sure, and nothing else is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tools.domain.patient_keys import PatientKeys
from tools.domain.study import SafeFacts, Series
from tools.intake.intake import read_study
from tools.regions.body_region_classifier import (
    MAX_CERTAINTY,
    MIN_CERTAINTY,
    OTHER,
    REGIONS,
    describe_slice,
    load_classifier,
    named,
    with_body_part_seen,
)


def series_of(volume: np.ndarray, affine: np.ndarray | None = None, spacing: float = 1.0, **facts) -> Series:
    slices, rows, columns = volume.shape
    known = {"modality": "CT", "slices": slices, "rows": rows, "columns": columns, "row_spacing_mm": spacing}
    return Series(
        series_key="s",
        volume_hu=volume,
        spacing_mm=(3.0, spacing, spacing),
        slice_positions_mm=np.arange(slices) * 3.0,
        affine=affine,
        window=None,
        facts=SafeFacts(**known | facts),
    )


def opened(path: Path | str) -> Series:
    """A real series whose file says nothing of a body part."""
    series = read_study(Path(path), PatientKeys(b"test")).series[0]
    return replace(series, facts=series.facts.model_copy(update={"body_part": None}))


def made_object(size: int, radius: float, ball_hu: float, noise: float) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    image = np.where(np.hypot(x, 1.2 * y) < radius, 50.0, -1000.0)
    image[np.hypot(x, y) < 0.16] = ball_hu
    return image + np.random.default_rng(0).normal(0, noise, image.shape)


@pytest.mark.parametrize("size", [128, 256])
@pytest.mark.parametrize("radius", [0.6, 0.9])
@pytest.mark.parametrize("ball_hu", [0.0, 150.0])
@pytest.mark.parametrize("noise", [0.0, 10.0])
def test_a_test_object_is_no_part_of_the_body(size: int, radius: float, ball_hu: float, noise: float) -> None:
    image = made_object(size, radius, ball_hu, noise).astype(np.int16)
    facts = with_body_part_seen(series_of(np.stack([image] * 6), spacing=128 / size))
    assert (facts.body_part_seen, facts.body_part_certainty) == (None, None)


@pytest.mark.parametrize(
    "volume",
    [
        np.full((3, 64, 64), -1000, dtype=np.int16),
        np.full((3, 64, 64), 40, dtype=np.int16),
        np.full((3, 64, 64), 3000, dtype=np.int16),
        np.random.default_rng(1).normal(0, 400, (3, 200, 200)).astype(np.int16),
    ],
    ids=["air", "water", "metal", "noise"],
)
def test_nothing_is_seen_in_what_is_no_picture(volume: np.ndarray) -> None:
    assert with_body_part_seen(series_of(volume)).body_part_seen is None


class Untouched:
    """A volume that nobody may look at."""

    shape = (5, 64, 64)

    def __getitem__(self, index: object) -> np.ndarray:
        raise AssertionError("looked at for nothing")


CORONAL = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], dtype=float)


@pytest.mark.parametrize(
    ("facts", "affine"),
    [
        ({"body_part": "chest"}, None),
        ({"modality": "MR", "units": "arbitrary"}, None),
        ({"units": "arbitrary"}, None),
        ({"row_spacing_mm": None}, None),
        ({}, CORONAL),
    ],
)
def test_only_axial_ct_in_hu_without_a_stated_part_is_looked_at(facts, affine) -> None:
    silent = series_of(np.zeros((5, 64, 64), dtype=np.int16), affine, **facts)
    assert with_body_part_seen(replace(silent, volume_hu=Untouched())) == silent.facts


def test_a_certainty_is_never_whole_and_never_below_the_least() -> None:
    one = np.full(OTHER + 1, 0.0)
    one[2] = 1.0
    assert named(one) == (REGIONS[2], MAX_CERTAINTY)
    one[2], one[0] = MIN_CERTAINTY - 0.01, 1.01 - MIN_CERTAINTY
    assert named(one) == (None, None)
    other = np.full(OTHER + 1, 0.0)
    other[OTHER] = 1.0
    assert named(other) == (None, None)


@given(
    arrays(np.int16, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(-3000, 3000)),
    st.floats(0.1, 5),
)
@settings(deadline=None)
def test_whatever_the_picture_probabilities_are_probabilities(image: np.ndarray, spacing: float) -> None:
    probabilities = load_classifier()(describe_slice(image, (spacing, spacing))[None])[0]
    assert np.isfinite(probabilities).all()
    assert probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("file", "region"),
    [("J2K_pixelrep_mismatch.dcm", "head"), ("693_UNCR.dcm", "head"), ("explicit_VR-UN.dcm", "abdomen")],
)
def test_real_slices_are_named(file: str, region: str) -> None:
    from pydicom.data import get_testdata_file

    facts = with_body_part_seen(opened(str(get_testdata_file(file))))
    assert facts.body_part_seen == region
    assert MIN_CERTAINTY <= facts.body_part_certainty <= MAX_CERTAINTY


def test_a_small_field_of_view_is_not_named() -> None:
    from pydicom.data import get_testdata_file

    assert with_body_part_seen(opened(str(get_testdata_file("CT_small.dcm")))).body_part_seen is None


@pytest.mark.shared
def test_real_series_are_named_by_what_they_show_on_average(shared_data: Path) -> None:
    assert with_body_part_seen(opened(shared_data / "dicom" / "head_ct_ge")).body_part_seen == "head"
    assert with_body_part_seen(opened(shared_data / "dicom" / "liver_ct_3slice")).body_part_seen == "abdomen"
