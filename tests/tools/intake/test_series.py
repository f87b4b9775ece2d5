import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tests.conftest import examples
from tools.domain.patient_keys import PatientKeys
from tools.intake.messages import FrameKeys, FrameRecord, Note
from tools.intake.sandbox import ReceivedFrame
from tools.intake.series import NO_ORIENTATION, build_series

KEYS = PatientKeys(b"k" * 32)
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
counter = itertools.count(1)


def frame(z: float | None = 0.0, fill: int = 0, shape: tuple[int, int] = (4, 5), **changes) -> ReceivedFrame:
    """One axial CT frame at height `z`, filled with one value."""
    number = next(counter)
    record = FrameRecord(
        file=number,
        frame=0,
        rows=shape[0],
        columns=shape[1],
        dtype="int16",
        digest=f"{fill}",
        patient_id="P",
        study_uid="1.1",
        series_uid="1.1.1",
        sop_uid=f"1.1.1.{number}",
        modality="CT",
        body_part="chest",
        sex="F",
        age_years=50,
        kvp=120.0,
        contrast=None,
        synthetic=False,
        instance_number=number,
        acquisition_number=1,
        position_mm=None if z is None else (-10.0, -20.0, z),
        row_direction=None if z is None else AXIAL[0],
        column_direction=None if z is None else AXIAL[1],
        slice_location_mm=None,
        row_spacing_mm=0.8,
        column_spacing_mm=0.7,
        slice_thickness_mm=2.5,
        gantry_tilt_deg=None,
        window_center=40.0,
        window_width=400.0,
        notes=(),
    )
    record = dataclasses.replace(record, **changes)
    return ReceivedFrame(record, np.full(shape, fill, dtype=record.dtype))


def build(frames):
    return build_series(frames, KEYS)[0]


@given(st.permutations(range(6)))
@settings(max_examples=examples(25))
def test_slices_are_in_order_of_place_whatever_order_they_come_in(order):
    [series] = build([frame(z=2.5 * i, fill=i, instance_number=99 - i) for i in order])

    assert series.volume_hu[:, 0, 0].tolist() == list(range(6))
    assert_allclose(series.slice_positions_mm, 2.5 * np.arange(6))
    assert series.spacing_mm == (2.5, 0.8, 0.7)
    assert series.facts.slice_gap_mm == 2.5
    assert series.warnings == ()


def test_the_affine_takes_pixels_to_the_patient():
    [series] = build([frame(z=10.0, fill=1), frame(z=13.0, fill=2)])

    column, row, index = 2, 3, 1
    assert_allclose(series.affine @ [column, row, index, 1], [-10 + 2 * 0.7, -20 + 3 * 0.8, 13, 1])


def test_a_tilted_gantry_is_measured_and_the_affine_follows_the_table():
    angle = math.radians(18.5)
    down = (0.0, math.cos(angle), -math.sin(angle))
    frames = [frame(z=4.0 * i, fill=i, column_direction=down, gantry_tilt_deg=-18.5) for i in range(5)]

    [series] = build(frames)

    assert series.facts.gantry_tilt_deg == pytest.approx(-18.5)
    assert any("tilted by 18.5°" in warning for warning in series.warnings)
    assert series.spacing_mm[0] == pytest.approx(4 * math.cos(angle), abs=1e-4)
    assert_allclose((series.affine @ [0, 0, 4, 1])[:3], [-10, -20, 16])


def test_uneven_gaps_are_told():
    [series] = build([frame(z=z, fill=i) for i, z in enumerate([0, 3, 6, 12])])

    assert series.facts.slice_gap_mm == 3
    assert any("uneven (3.00 to 6.00 mm)" in warning for warning in series.warnings)


def test_without_spacing_facts_are_silent_and_a_warning_says_so():
    [series] = build([frame(row_spacing_mm=None, column_spacing_mm=None, slice_thickness_mm=None)])

    assert series.facts.row_spacing_mm is series.facts.slice_thickness_mm is series.facts.slice_gap_mm is None
    assert series.spacing_mm == (1.0, 1.0, 1.0)
    assert series.affine is None
    assert any("pixel spacing" in warning for warning in series.warnings)


def test_without_positions_the_instance_numbers_order_the_slices():
    [series] = build([frame(z=None, fill=i, instance_number=i) for i in (3, 1, 2)])

    assert series.volume_hu[:, 0, 0].tolist() == [1, 2, 3]
    assert series.facts.slice_gap_mm is None
    assert any("positions" in warning for warning in series.warnings)


def test_slice_locations_order_the_slices_where_positions_are_missing():
    [series] = build([frame(z=None, fill=i, slice_location_mm=-2.0 * i) for i in (1, 3, 2)])

    assert series.volume_hu[:, 0, 0].tolist() == [3, 2, 1]
    assert series.facts.slice_gap_mm == 2
    assert NO_ORIENTATION in series.warnings


def test_the_same_image_twice_counts_once():
    first = frame(z=0.0, fill=7)
    again = ReceivedFrame(dataclasses.replace(first.record, file=next(counter)), first.pixels)
    renamed = frame(z=0.0, fill=7)

    series, duplicates = build_series([first, again, renamed, frame(z=1.0, fill=8)], KEYS)

    assert [s.volume_hu.shape[0] for s in series] == [2]
    assert [file for file, _ in duplicates] == [again.record.file, renamed.record.file]


def test_two_phases_at_the_same_places_are_two_series():
    frames = [frame(z=z, fill=10 * phase + z, acquisition_number=phase) for z in range(3) for phase in (1, 2)]

    first, second = build(frames)

    assert first.volume_hu[:, 0, 0].tolist() == [10, 11, 12]
    assert second.volume_hu[:, 0, 0].tolist() == [20, 21, 22]
    assert first.series_key != second.series_key


def test_localizers_other_sizes_and_other_orientations_do_not_mix_in():
    coronal = {"row_direction": (1.0, 0.0, 0.0), "column_direction": (0.0, 0.0, -1.0)}
    frames = [frame(z=i, fill=i) for i in range(3)]
    frames += [frame(z=9, fill=9, notes=(Note.LOCALIZER,), shape=(40, 50)), frame(z=7, fill=7, **coronal)]
    frames += [frame(z=5, fill=5, shape=(6, 6))]

    series = build(frames)

    assert sorted(s.volume_hu.shape[0] for s in series) == [1, 1, 1, 3]
    assert series[0].volume_hu.shape[0] == 3
    assert any("localizer" in warning for warning in series[-1].warnings)


def test_ct_comes_before_everything_else():
    magnetic = [frame(z=i, fill=i, modality="MR", dtype="float32", series_uid="2") for i in range(9)]

    ct, mr = build([*magnetic, frame(z=0, fill=1)])

    assert ct.facts.modality == "CT"
    assert mr.facts.units == "arbitrary"
    assert any("encoder was made for CT" in warning for warning in mr.warnings)


def keys(**said) -> FrameKeys:
    return FrameKeys(**{"image_type": ("ORIGINAL", "PRIMARY", "AXIAL"), "study_date": "20240312"} | said)


def test_the_newest_examination_comes_first_and_others_are_dated_by_it():
    def of_2018():
        return [frame(z=i, fill=i, study_uid="1", series_uid="1.1", keys=keys(study_date="20180101")) for i in range(9)]

    current = [frame(z=i, fill=i, study_uid="2", series_uid="2.1", keys=keys()) for i in range(3)]
    undated = [frame(z=i, fill=i, study_uid="3", series_uid="3.1", keys=keys(study_date="")) for i in range(20)]

    series = build([*undated, *of_2018(), *current])

    assert [(s.facts.slices, s.facts.years_before_newest) for s in series] == [(3, 0.0), (9, 6.19), (20, None)]
    assert all("2018" not in repr(s) and "2024" not in repr(s) for s in series)
    assert build(of_2018())[0].facts.years_before_newest is None


CORONAL = {"row_direction": (1.0, 0.0, 0.0), "column_direction": (0.0, 0.0, -1.0)}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({}, {"keys": keys(image_type=("DERIVED", "SECONDARY", "AXIAL", "MIP"))}),
        ({}, {"position": lambda i: (0.0, 2.0 * i, 0.0)} | CORONAL),
        ({"keys": keys(kernel="B30f")}, {"keys": keys(kernel="B70f")}),
        ({}, {"keys": keys(image_type=("DERIVED", "SECONDARY", "SCREEN SAVE")), "notes": (Note.SCREEN,)}),
        ({}, {"notes": (Note.LOCALIZER,)}),
        ({"keys": keys(study_date="20180101"), "study_uid": "7"}, {"notes": (Note.LOCALIZER,)}),
    ],
    ids=["derived", "coronal", "sharp", "screen", "localizer", "newer localizer"],
)
def test_what_is_looked_at_first_is_not_decided_by_the_number_of_slices(better, worse):
    def made(count, uid, said):
        said = dict(said)
        position = said.pop("position", lambda i: (0.0, 0.0, 2.0 * i))
        return [
            frame(fill=i, series_uid=uid, **{"keys": keys(), "position_mm": position(i)} | said) for i in range(count)
        ]

    series = build([*made(9, "2", worse), *made(4, "1", better)])

    assert [s.facts.slices for s in series] == [4, 9]


def test_plane_kind_kernel_and_image_numbers_are_facts():
    coronal = [
        frame(
            fill=i, position_mm=(0.0, 2.0 * i, 0.0), **CORONAL, instance_number=40 - i,
            keys=keys(image_type=("DERIVED", "SECONDARY", "MPR"), kernel="Br59d"),
        )
        for i in range(4)
    ]  # fmt: skip
    frames_of_one_file = [frame(z=i, fill=i, instance_number=1, frame=i, multi_frame=True, file=1) for i in range(3)]

    [series] = build(coronal)
    [multi] = build(frames_of_one_file)

    assert (series.facts.plane, series.facts.kind, series.facts.kernel) == ("coronal", "derived", "sharp")
    assert series.image_numbers == (40, 39, 38, 37)
    assert any(warning.startswith("These are coronal slices") for warning in series.warnings)
    assert multi.image_numbers == (1, 2, 3)


def test_a_tilted_gantry_is_axial_and_a_steep_plane_oblique():
    def plane(degrees: float) -> str | None:
        angle = math.radians(degrees)
        return build([frame(column_direction=(0.0, math.cos(angle), math.sin(angle)))])[0].facts.plane

    assert [plane(degrees) for degrees in (0, 25, 45, 80)] == ["axial", "axial", "oblique", "coronal"]


def test_loss_is_said_with_its_ratio_and_is_a_fact():
    [known] = build([frame(z=i, fill=i, lossy=i == 1, lossy_ratio=9.8 if i == 1 else None) for i in range(3)])
    [unknown] = build([frame(lossy=True)])

    assert (known.facts.lossy, known.facts.lossy_ratio) == (True, 9.8)
    assert any("Lossy compressed about 10:1: densities may be off" in warning for warning in known.warnings)
    assert (unknown.facts.lossy, unknown.facts.lossy_ratio) == (True, None)
    assert any(warning.startswith("Lossy compressed: ") for warning in unknown.warnings)


def test_values_that_are_shifted_are_no_hounsfield_units():
    image = np.full((64, 64), 24, np.int16)
    image[16:48, 16:48] = 1074
    frames = [frame(z=i, fill=i, shape=(64, 64)) for i in range(3)]
    for one in frames:
        one.pixels = image.copy()

    [series] = build(frames)

    assert series.facts.units == "arbitrary"
    assert any("not Hounsfield units as stated" in warning for warning in series.warnings)
    assert (series.window.width_hu, series.window.level_hu) == (400, 40)
    assert series.volume_hu.min() == -160


def test_numbers_without_unit_are_shown_on_one_scale_for_the_whole_series():
    frames = [
        frame(z=i, fill=100 * i, modality="MR", dtype="float32", window_center=100.0, window_width=200.0)
        for i in range(3)
    ]

    [series] = build(frames)

    assert series.volume_hu[:, 0, 0].tolist() == [-160, 40, 240]
    assert (series.window.width_hu, series.window.level_hu) == (400, 40)


def test_volumes_cannot_be_changed_by_accident():
    [series] = build([frame(fill=3)])

    assert_array_equal(series.volume_hu, 3)
    with pytest.raises(ValueError, match="read-only"):
        series.volume_hu[0] = 1
