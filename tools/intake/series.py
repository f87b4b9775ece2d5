"""Stacks of decoded frames to series: volumes, safe facts, warnings, and which series comes first."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tools.domain.dicom_terms import SeriesKind
from tools.domain.lazy_volume import Volume
from tools.domain.patient_keys import PatientKeys
from tools.domain.slice_gaps import gaps_are_even
from tools.domain.study import DensityDoubt, OriginalUids, SafeFacts, Series
from tools.domain.windows import SOFT_TISSUE_WINDOW, Window
from tools.intake.assembly import Stack, assemble, axes_of
from tools.intake.dicom.pixels import display_range, to_scale
from tools.intake.explanations import NOTES
from tools.intake.image_kinds import kernel_class, kind_of
from tools.intake.messages import FrameRecord, Note, Reason
from tools.intake.plausibility import note_on_air, reason_against_values
from tools.intake.ranking import Rank, plane_of, ranks, years_before_newest
from tools.intake.sandbox import ReceivedFrame
from tools.intake.slice_loader import SliceLoader
from tools.settings import get_settings

UID_FORM = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+")
TILT_TOLERANCE_DEG, MAX_TILT_DEG = 0.3, 60.0

NO_SPACING = "The file states no credible pixel spacing, so lengths in mm are unknown."
NO_ORIENTATION = "The slices do not state how they lie in the body: which plane and which side is which are unknown."
NO_POSITION = "The slices do not state their positions; they are in the order of their numbers and gaps are unknown."
OTHER_MODALITY = (
    "This is not CT: the encoder was made for CT, so similarities may mislead, and values are not Hounsfield units."
)

NOT_AXIAL = (
    "These are {plane} slices: the lesions of an atlas are seen on axial ones, so similar lesions and their types may "
    "mislead; choose an axial series if there is one."
)

KINDS: dict[Note, SeriesKind] = {Note.LOCALIZER: "localizer", Note.SCREEN: "screen", Note.COMPUTED_MAP: "map"}

NOTES_ON_AIR: dict[Note, DensityDoubt] = {Note.AIR_OFF: "air off", Note.CUT_OFF: "cut off"}  # the values stay HU

Item = TypeVar("Item")
Matrix = NDArray[np.float64]


def build_series(
    frames: Sequence[ReceivedFrame], keys: PatientKeys, loader: SliceLoader | None = None
) -> tuple[list[Series], list[tuple[int, Reason]]]:
    """Build all series of the frames, best first, and list the files that were duplicates.

    The frames' pixels are released as they are copied; `loader` fetches those that are not decoded yet.
    """
    stacks, duplicates = assemble(frames)
    stacks.sort(key=lambda stack: -len(stack.frames))
    of_series = Counter[tuple[str, str]]()
    built: list[tuple[bool, Rank, Series]] = []
    for stack, age, rank in zip(stacks, years_before_newest(stacks), ranks(stacks), strict=True):
        uid = stack.frames[0].record.study_uid, stack.frames[0].record.series_uid
        series = _to_series(stack, keys.study("\0".join((*uid, str(of_series[uid])))), age, loader)
        of_series[uid] += 1
        built.append((series.facts.units != "HU", rank, series))
    built.sort(key=lambda one: one[:2])
    return [series for _, _, series in built], duplicates


def _to_series(stack: Stack, series_key: str, years_before_newest: float | None, loader: SliceLoader | None) -> Series:
    records = [frame.record for frame in stack.frames]
    first = records[0]
    notes = {note for record in records for note in record.notes} | set(stack.notes)
    volume, window, doubt = _volume(stack, loader)
    if doubt is not None:
        notes.add(doubt)
    warnings = [NOTES[note] for note in Note if note in notes]
    plane = plane_of(first)
    kind = next((kind for note, kind in KINDS.items() if note in notes), kind_of(first.keys.image_type))
    in_hu = first.dtype == "int16" and doubt in (None, *NOTES_ON_AIR)
    lossy = any(record.lossy for record in records)
    lossy_ratio = max((record.lossy_ratio or 0.0 for record in records), default=0.0) if lossy else 0.0
    if lossy:
        warnings.append(_lossy_warning(lossy_ratio, in_hu))
    if first.modality == "CT" and plane not in (None, "axial") and kind != "localizer":
        warnings.append(NOT_AXIAL.format(plane=plane))
    if plane is None and stack.positions is not None and len(records) > 1:
        warnings.append(NO_ORIENTATION)
    if first.modality != "CT":
        warnings.append(OTHER_MODALITY)
    if first.row_spacing_mm is None:
        warnings.append(NO_SPACING)
    gaps = np.diff(stack.positions) if stack.positions is not None else np.empty(0)
    gap = round(float(np.median(gaps)), 4) if gaps.size else None
    warnings += _gap_warnings(stack, gaps)
    tilt = _tilt(stack)
    if tilt is not None and len(records) > 1:
        warnings.append(
            f"The gantry was tilted by {abs(tilt):.1f}°: slices are shifted against each other, "
            "measurements within a slice are not affected."
        )
    thicknesses = [round(record.slice_thickness_mm, 2) for record in records if record.slice_thickness_mm is not None]
    thinnest, thickest = min(thicknesses, default=None), max(thicknesses, default=None)
    depth = gap or first.slice_thickness_mm or 1.0
    facts = SafeFacts(
        modality=first.modality,
        body_part=_most_common(record.body_part for record in records),
        sex=_most_common(record.sex for record in records),
        age_years=_most_common(record.age_years for record in records),
        slices=len(records),
        rows=first.rows,
        columns=first.columns,
        row_spacing_mm=first.row_spacing_mm,
        column_spacing_mm=first.column_spacing_mm,
        slice_thickness_mm=thinnest,
        thickest_slice_mm=thickest if thickest != thinnest else None,
        slice_gap_mm=gap,
        gantry_tilt_deg=tilt,
        kvp=_most_common(record.kvp for record in records),
        contrast=_most_common(record.contrast for record in records),
        units="HU" if in_hu else "arbitrary",
        density_doubt=NOTES_ON_AIR.get(doubt) if doubt else None,
        synthetic=all(record.synthetic for record in records),
        plane=plane,
        kind=kind,
        kernel=kernel_class(first.keys.kernel),
        phase_part=stack.part or None,
        phase_parts=stack.parts or None,
        lossy=lossy,
        lossy_ratio=round(lossy_ratio, 1) if lossy_ratio > 1 else None,
        years_before_newest=years_before_newest,
    )
    spacing = depth, first.row_spacing_mm or 1.0, first.column_spacing_mm or 1.0
    positions = stack.positions if stack.positions is not None else np.arange(len(records)) * depth
    return Series(
        series_key=series_key,
        volume_hu=volume,
        spacing_mm=spacing,
        slice_positions_mm=np.asarray(positions, dtype=np.float64),
        affine=_affine(stack, spacing),
        window=window,
        facts=facts,
        warnings=tuple(warnings),
        files=tuple(record.file for record in records),
        image_numbers=tuple(r.frame_offset + r.frame + 1 if r.multi_frame else r.instance_number for r in records),
        original_uids=_original_uids(records) if get_settings().original_uids else None,
    )


def _original_uids(records: Sequence[FrameRecord]) -> OriginalUids | None:
    """Keep a series' own UIDs; None where one is missing, or where slices of several series were joined."""
    first = records[0]
    if len({(r.study_uid, r.series_uid) for r in records}) > 1:
        return None
    if not all(_is_uid(uid) for r in records for uid in (r.study_uid, r.series_uid, r.sop_uid, r.sop_class_uid)):
        return None
    frame_of_reference = first.keys.frame_of_reference_uid
    return OriginalUids(
        study=first.study_uid,
        series=first.series_uid,
        frame_of_reference=frame_of_reference if _is_uid(frame_of_reference) else "",
        images=tuple((r.sop_class_uid, r.sop_uid, r.frame + 1 if r.multi_frame else None) for r in records),
    )


def _is_uid(text: str) -> bool:
    """Tell whether text has the form of a UID (PS3.5 section 9.1): nothing else is written into another file."""
    return len(text) <= 64 and UID_FORM.fullmatch(text) is not None


def _lossy_warning(ratio: float, in_hu: bool) -> str:
    """Say that an image was compressed with loss, by about `ratio` (0: unknown)."""
    how = f"Lossy compressed about {round(ratio)}:1" if ratio >= 1.5 else "Lossy compressed"
    what = "densities may be off by some tens of HU" if in_hu else "values may be off"
    return f"{how}: {what}, and fine detail may be missing."


def _gap_warnings(stack: Stack, gaps: Matrix) -> list[str]:
    if stack.positions is None:
        is_said = {Note.ONE_PLACE, Note.STORED_ORDER} & set(stack.notes)
        return [NO_POSITION] if len(stack.frames) > 1 and not is_said else []
    if not gaps.size:
        return []
    if not gaps_are_even(gaps):
        return [
            f"The gaps between slices are uneven ({gaps.min():.2f} to {gaps.max():.2f} mm): "
            "slices may be missing, and sizes across slices are rough."
        ]
    return []


def _tilt(stack: Stack) -> float | None:
    """Degrees between the slices' normal and the way the table moved; one slice alone tells it by its tag only."""
    axes = axes_of(stack.frames[0].record)
    first, last = stack.frames[0].record, stack.frames[-1].record
    tilt = first.gantry_tilt_deg
    if axes is not None and first.position_mm is not None and last.position_mm is not None and first is not last:
        way = np.array(last.position_mm) - np.array(first.position_mm)
        if not way.any():
            return tilt
        measured = math.degrees(math.acos(min(1.0, abs(float(way @ axes[2])) / float(np.linalg.norm(way)))))
        if measured > MAX_TILT_DEG:
            return tilt  # the table does not move so: the positions are not those of slices
        tilt = math.copysign(measured, tilt or 1.0)
    return round(tilt, 1) if tilt is not None and abs(tilt) > TILT_TOLERANCE_DEG else None


def _volume(stack: Stack, loader: SliceLoader | None) -> tuple[Volume, Window | None, Note | None]:
    """Make one volume of the frames, and find its window and why its values are not, or not quite, the HU they are
    stated to be.

    Numbers without unit are brought onto one scale. Slices that are not decoded yet were looked at when the study was
    opened (see `intake`).
    """
    first = stack.frames[0].record
    if loader is not None and any(frame.pixels is None for frame in stack.frames):
        return loader.volume(stack.frames), _stated_window(first), None
    volume = np.empty((len(stack.frames), first.rows, first.columns), dtype=np.int16)
    window: Window | None = SOFT_TISSUE_WINDOW
    problem: Note | None = None
    if first.dtype == "int16":
        for index, frame in enumerate(stack.frames):
            assert frame.pixels is not None
            volume[index] = frame.pixels
            frame.pixels = None
        problem = None if Note.LOCALIZER in first.notes else reason_against_values(volume)
        if problem is None:
            window = _stated_window(first)
            problem = None if Note.LOCALIZER in first.notes else note_on_air(volume)
        else:
            black, white = display_range(list(volume[:: max(1, len(volume) // 32)].astype(np.float32)), None, None)
            for image in volume:
                image[:] = to_scale(image.astype(np.float32), black, white)
    else:
        sample = [frame.pixels for frame in stack.frames[:: max(1, len(stack.frames) // 32)]]
        black, white = display_range(sample, first.window_center, first.window_width)  # type: ignore[arg-type]
        for index, frame in enumerate(stack.frames):
            volume[index] = to_scale(frame.pixels, black, white)  # type: ignore[arg-type]
            frame.pixels = None
    volume.setflags(write=False)
    return volume, window, problem


def _stated_window(record: FrameRecord) -> Window | None:
    width, level = record.window_width, record.window_center
    return Window(width, level) if level is not None and width is not None and width >= 1 else None


def _affine(stack: Stack, spacing: tuple[float, float, float]) -> Matrix | None:
    """(column, row, slice, 1) to patient mm; the slice axis follows the table, so it may be oblique."""
    first, last = stack.frames[0].record, stack.frames[-1].record
    axes = axes_of(first)
    if axes is None or first.position_mm is None or last.position_mm is None or first.row_spacing_mm is None:
        return None
    along, down, normal = axes
    way = np.array(last.position_mm) - np.array(first.position_mm)
    step = way / (len(stack.frames) - 1) if way.any() else normal * spacing[0]
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = along * spacing[2], down * spacing[1], step
    affine[:3, 3] = first.position_mm
    return affine


def _most_common(values: Iterable[Item | None]) -> Item | None:
    counted = Counter(value for value in values if value is not None)
    return counted.most_common(1)[0][0] if counted else None
