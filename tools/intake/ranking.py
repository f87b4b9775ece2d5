"""Which series comes first, and which slices are read where an upload has more than can be held."""

import math
from collections.abc import Hashable, Sequence
from datetime import date

import numpy as np

from tools.domain.dicom_terms import Plane
from tools.intake.assembly import Stack, assemble, axes_of
from tools.intake.image_kinds import kernel_class, kind_of
from tools.intake.messages import FrameKeys, FrameRecord, Note
from tools.intake.patients import patients_of
from tools.intake.sandbox import ReceivedFrame

ALONG_AXIS = 0.85  # cosine: within 32 degrees, as far as gantries tilt
DAYS_PER_YEAR = 365.25
DAY_S = 86400.0

Rank = tuple[float, ...]


def years_before_newest(stacks: Sequence[Stack]) -> list[float | None]:
    """Measure how much older than the newest examination each stack is; only differences leave this module.

    None where its date is unknown, or all are of one day.
    """
    days = _days(stacks)
    known = {int(day) for day in days if day is not None}
    if len(known) < 2:
        return [None] * len(stacks)
    return [None if day is None else round((max(known) - int(day)) / DAYS_PER_YEAR, 2) for day in days]


def ranks(stacks: Sequence[Stack]) -> list[Rank]:
    """Rank stacks, lowest first: bodies in HU; of them the newest examination (those without a date last); of one
    examination volumes before images of one place, originals before derived images, axial ones before reformats, soft
    kernels before sharp; then most pixels, and the first pass."""
    return [_rank(stack, -math.inf if day is None else day) for stack, day in zip(stacks, _days(stacks), strict=True)]


def plane_of(record: FrameRecord) -> Plane | None:
    """Name the plane of a slice by its normal in patient coordinates; None where it has no orientation."""
    axes = axes_of(record)
    if axes is None:
        return None
    planes: tuple[Plane, ...] = ("sagittal", "coronal", "axial")
    along = np.abs(axes[2])
    return planes[int(along.argmax())] if along.max() >= ALONG_AXIS else "oblique"


def solid_block(frames: Sequence[ReceivedFrame], max_voxels: int) -> dict[int, set[int]]:
    """Choose the files to read, and their frames, of an upload with more than `max_voxels`: the first series whole, or
    where it alone is too large a block around its middle; then every other series that still fits whole."""
    stacks, _ = assemble(patients_of(list(frames))[0].frames)
    chosen: dict[int, set[int]] = {}
    left = max_voxels
    for _, stack in sorted(zip(ranks(stacks), stacks, strict=True), key=lambda pair: pair[0]):
        records = [frame.record for frame in stack.frames]
        fitting = left // (records[0].pixel_bytes // 2)
        if fitting < len(records) and not chosen:
            start = (len(records) - fitting) // 2
            records = records[start : start + fitting]
        if len(records) <= fitting:
            for record in records:
                chosen.setdefault(record.file, set()).add(record.frame)
            left -= sum(record.pixel_bytes // 2 for record in records)
    return chosen


def _rank(stack: Stack, day: float) -> Rank:
    first = stack.frames[0].record
    kind = kind_of(first.keys.image_type)
    return (
        first.dtype != "int16",
        kind in ("localizer", "screen") or Note.LOCALIZER in first.notes or Note.SCREEN in first.notes,
        -day,
        Note.ONE_PLACE in stack.notes,
        kind not in (None, "original"),
        plane_of(first) not in (None, "axial"),
        kernel_class(first.keys.kernel) == "sharp",
        -first.rows * first.columns * len(stack.frames),
        stack.part,
    )


def _days(stacks: Sequence[Stack]) -> list[float | None]:
    """Number the day of each stack's examination, its time as the fraction; None where no image of it has a date.

    Images of one study are of one day, unless they state different study dates.
    """
    latest: dict[Hashable, float] = {}
    for stack in stacks:
        first = stack.frames[0].record
        day = _examined(first.keys)
        for exam in ((first.study_uid, first.keys.study_date), first.study_uid):
            if day is not None:
                latest[exam] = max(day, latest.get(exam, day))
    firsts = [stack.frames[0].record for stack in stacks]
    return [latest.get((first.study_uid, first.keys.study_date), latest.get(first.study_uid)) for first in firsts]


def _examined(keys: FrameKeys) -> float | None:
    if keys.study_date and keys.study_s is not None:
        return keys.study_s / DAY_S
    day = keys.study_date or keys.series_date
    return float(date(int(day[:4]), int(day[4:6]), int(day[6:])).toordinal()) if day else None
