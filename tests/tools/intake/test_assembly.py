"""Which frames make a volume. Every case is built with the values that tell it apart and shuffled as uploads are."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.intake.test_series import frame
from tools.intake.assembly import assemble
from tools.intake.messages import FrameKeys, Note

AXIAL = ("ORIGINAL", "PRIMARY", "AXIAL")
SLICES = 8


def scan(fill: int, /, start: float = 0.0, count: int = SLICES, step: float = 2.0, **changes):
    """Frames of one pass from `start` upwards, all filled with `fill`; a change may be a function of the slice."""
    keys = changes.pop("keys", {})

    def made(k: int):
        said = {name: value(k) if callable(value) else value for name, value in changes.items()}
        told = {name: value(k) if callable(value) else value for name, value in keys.items()}
        return frame(
            z=start + step * k,
            **{
                "fill": fill, "digest": f"{fill}-{k}", "slice_thickness_mm": 2.0, "instance_number": k + 1,
                "keys": FrameKeys(**{"image_type": AXIAL} | told), **said,
            },
        )  # fmt: skip

    return [made(k) for k in range(count)]


def stacks(*scans, seed: int = 0):
    """Assemble the scans in a random order of files; (number of slices, the fills in them), largest first."""
    frames = [one for scan in scans for one in scan]
    random.Random(seed).shuffle(frames)
    for number, one in enumerate(frames, start=1):
        one.record = replace(one.record, file=number)
    found, copies = assemble(frames)
    return found, copies


def contents(found) -> list[tuple[int, set[int]]]:
    return sorted((len(s.frames), {int(f.pixels[0, 0]) for f in s.frames}) for s in found)


TWO_WHOLE = [(SLICES, {1}), (SLICES, {2})]

PHASES = {
    "temporal position": ({"keys": {"temporal_position": 1}}, {"keys": {"temporal_position": 2}}),
    "acquisition number": ({"acquisition_number": 1}, {"acquisition_number": 2}),
    "one time a pass": ({"keys": {"acquired_s": 60.0}}, {"keys": {"acquired_s": 90.0}}),
    "a time for each slice": (
        {"keys": {"acquired_s": lambda k: 60.0 + k}},
        {"keys": {"acquired_s": lambda k: 90.0 + k}},
    ),
    "content time": ({"keys": {"content_s": lambda k: 5.0 + k}}, {"keys": {"content_s": lambda k: 50.0 + k}}),
    "trigger time": ({"keys": {"trigger_ms": 100.0}}, {"keys": {"trigger_ms": 500.0}}),
    "cardiac phase": ({"keys": {"cardiac_phase_percent": 30.0}}, {"keys": {"cardiac_phase_percent": 75.0}}),
    "stack": ({"keys": {"stack_id": "1"}}, {"keys": {"stack_id": "2"}}),
    "dimension index": (
        {"keys": {"dimension_index": lambda k: (1, k + 1, 1)}},
        {"keys": {"dimension_index": lambda k: (1, k + 1, 2)}},
    ),
    "kernel": ({"keys": {"kernel": "B30f"}}, {"keys": {"kernel": "B70f"}}),
    "field of view": ({"keys": {"reconstruction_mm": 350.0}}, {"keys": {"reconstruction_mm": 200.0}}),
    "energy": ({"kvp": 80.0}, {"kvp": 140.0}),
    "image type": ({}, {"keys": {"image_type": (*AXIAL, "VMI")}}),
    "study date": ({"keys": {"study_date": "20180101"}}, {"keys": {"study_date": "20240101"}}),
    "numbers, one pass after another": ({}, {"instance_number": lambda k: SLICES + k + 1}),
    "numbers, place by place": (
        {"instance_number": lambda k: 2 * k + 1},
        {"instance_number": lambda k: 2 * k + 2},
    ),
}


@pytest.mark.parametrize("told_apart_by", PHASES)
def test_passes_over_the_same_places_are_series_of_their_own(told_apart_by):
    first, second = PHASES[told_apart_by]

    for seed in range(3):
        found, copies = stacks(scan(1, **first), scan(2, **second), seed=seed)

        assert contents(found) == TWO_WHOLE
        assert not copies
        assert not any(stack.notes for stack in found)


def test_passes_are_numbered_in_time():
    found, _ = stacks(*(scan(n, keys={"temporal_position": n}) for n in (3, 1, 2)))

    assert [(s.part, s.parts, int(s.frames[0].pixels[0, 0])) for s in found] == [(1, 3, 1), (2, 3, 2), (3, 3, 3)]


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_order_of_files_changes_nothing_even_where_nothing_tells_passes_apart(seed):
    def made(seed: int):
        a, b = (scan(n, sop_uid=lambda k, n=n: f"1.2.{n}.{k}", file=1) for n in (1, 2))
        found, _ = stacks(a, b, seed=seed)
        return [[f.record.sop_uid for f in stack.frames] for stack in found], {n for s in found for n in s.notes}

    assert made(seed) == made(0)
    assert made(seed)[1] == {Note.UNCLEAR_ORDER}


def test_the_blank_ends_of_two_passes_are_no_copies():
    blank = {"digest": lambda k: "air" if k in (0, 1, 7) else f"own {k}"}
    first = scan(1, **blank, keys={"temporal_position": 1})
    second = scan(2, digest=lambda k: "air" if k in (0, 1, 7) else f"other {k}", keys={"temporal_position": 2})
    by_number = scan(
        3, digest=lambda k: "air" if k in (0, 1, 7) else f"third {k}", instance_number=lambda k: k + 1 + SLICES
    )

    assert contents(stacks(first, second)[0]) == TWO_WHOLE
    assert contents(stacks(scan(1, **blank), by_number)[0]) == [(SLICES, {1}), (SLICES, {3})]


# -- two volumes without a shared place ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"acquisition_number": 1}, {"acquisition_number": 2}),
        ({"keys": {"temporal_position": 1}, "slice_thickness_mm": None},
         {"keys": {"temporal_position": 2}, "slice_thickness_mm": None}),
        ({}, {"keys": {"image_type": ("DERIVED", "SECONDARY", "AXIAL", "MIP")}, "slice_thickness_mm": 10.0}),
        ({}, {"keys": {"image_type": ("DERIVED", "SECONDARY", "AVERAGE")}}),
    ],
)  # fmt: skip
def test_two_passes_half_a_step_apart_are_two(first, second):
    found, _ = stacks(scan(1, **first), scan(2, start=1.0, **second))

    assert contents(found) == TWO_WHOLE


def test_projections_leave_the_originals_whole_however_few_they_are():
    mip = {"image_type": ("DERIVED", "SECONDARY", "AXIAL", "MIP")}

    assert contents(stacks(scan(1), scan(2, count=1, start=7.0, keys=mip))[0]) == [(1, {2}), (SLICES, {1})]
    assert contents(stacks(scan(1), scan(2, count=3, start=2.0, keys=mip))[0]) == [(3, {2}), (SLICES, {1})]


# -- one volume after all --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scans",
    [
        [scan(1, acquisition_number=lambda k: 100 + 7 * k % SLICES)],
        [scan(1, count=4, acquisition_number=1), scan(1, count=4, start=8.0, acquisition_number=2)],
        [scan(1, step=4.0, acquisition_number=1), scan(1, step=4.0, start=2.0, acquisition_number=2)],
        [scan(1, count=16, step=1.0)],
        [scan(1, keys={"acquired_s": lambda k: 9.0 * k, "content_s": lambda k: 500.0 - k})],
        [scan(1, keys={"image_type": lambda k: AXIAL if k % 3 else ("DERIVED", "PRIMARY", "AXIAL")})],
        [scan(1, keys={"kernel": lambda k: "B30f" if k < 4 else "B31f"})],
    ],
    ids=["number each", "contiguous", "interleaved", "overlapping", "times", "some derived", "kernel changes"],
)
def test_what_only_looks_like_two_scans_stays_one_volume(scans):
    found, copies = stacks(*scans)

    assert len(found) == 1
    assert not copies
    positions = found[0].positions.tolist()
    assert positions == sorted(positions)


def test_two_scans_that_touch_at_one_slice_stay_one_volume():
    found, _ = stacks(
        scan(1, acquisition_number=1),
        scan(2, start=2.0 * (SLICES - 1), acquisition_number=2, instance_number=lambda k: SLICES + k + 1),
    )

    assert sorted(len(stack.frames) for stack in found) == [1, 2 * SLICES - 1]
    assert not any(stack.notes or stack.parts for stack in found)


def test_a_series_uid_for_each_slice_is_joined_and_said():
    each = {"series_uid": lambda k: f"1.1.{k}", "keys": {"frame_of_reference_uid": "1.9"}}
    uneven = scan(2, series_uid=lambda k: f"1.2.{k}", position_mm=lambda k: (0.0, 0.0, float(k**2)), study_uid="2")

    found, _ = stacks(scan(1, **each))
    apart, _ = stacks(uneven)

    assert [len(stack.frames) for stack in found] == [SLICES]
    assert found[0].notes == (Note.JOINED,)
    assert [len(stack.frames) for stack in apart] == [1] * SLICES


# -- copies and one place --------------------------------------------------------------------------------------------


def test_one_identifier_for_all_keeps_all():
    found, copies = stacks(scan(1, sop_uid="1.2.3"))

    assert [len(stack.frames) for stack in found] == [SLICES]
    assert not copies


def test_copies_are_told_by_pixels_and_place():
    again = scan(1, sop_uid=lambda k: f"other {k}", instance_number=lambda k: 50 + k)

    found, copies = stacks(scan(1), again)

    assert [len(stack.frames) for stack in found] == [SLICES]
    assert len(copies) == SLICES


def test_frames_at_one_place_are_in_stored_order_and_it_is_said():
    moved = scan(1, step=0.0, fill=lambda k: k)
    of_one_file = scan(1, step=0.0, fill=lambda k: k, frame=lambda k: k, instance_number=1, digest="same")

    for frames in (moved, of_one_file):
        [stack], copies = stacks(frames)

        assert [int(f.pixels[0, 0]) for f in stack.frames] == list(range(SLICES))
        assert (stack.positions, stack.notes, copies) == (None, (Note.ONE_PLACE,), [])


def test_slice_locations_tell_places_where_all_positions_are_one():
    [stack], _ = stacks(scan(1, step=0.0, slice_location_mm=lambda k: -3.0 * k))

    assert stack.positions.tolist() == [3.0 * (k - SLICES + 1) for k in range(SLICES)]


def test_phases_without_positions_are_told_apart_by_their_numbers():
    no_place = {"position_mm": None, "row_direction": None, "column_direction": None}

    found, _ = stacks(
        scan(1, **no_place, keys={"temporal_position": 1}), scan(2, **no_place, keys={"temporal_position": 2})
    )

    assert contents(found) == TWO_WHOLE
    assert all([f.record.instance_number for f in s.frames] == list(range(1, SLICES + 1)) for s in found)
