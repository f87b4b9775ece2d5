"""Decoded frames to ordered volumes: grouped by series, split where images cannot share one volume, sorted in space."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tools.domain.lazy_volume import Volume
from tools.domain.patient_keys import PatientKeys
from tools.domain.study import SafeFacts, Series
from tools.domain.windows import SOFT_TISSUE_WINDOW, Window
from tools.intake.dicom.pixels import display_range, to_scale
from tools.intake.explanations import NOTES
from tools.intake.messages import FrameRecord, Note, Reason
from tools.intake.sandbox import ReceivedFrame
from tools.intake.slice_loader import SliceLoader

DIRECTION_TOLERANCE = 0.01  # about half a degree
SPACING_TOLERANCE = 0.01  # relative
SAME_POSITION_MM = 0.01
TILT_TOLERANCE_DEG = 0.3
UNEVEN_TOLERANCE = 0.02  # relative to the median gap
UNEVEN_FLOOR_MM = 0.05

NO_SPACING = "The file does not state the pixel spacing, so lengths in mm are unknown."
NO_POSITION = "The slices do not state their positions; they are in the order of their numbers and gaps are unknown."
OTHER_MODALITY = (
    "This is not CT: the encoder was made for CT, so similarities may mislead, and values are not Hounsfield units."
)

Item = TypeVar("Item")
Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OrderedFrames:
    """Frames in order, with their positions along the normal in mm (None: not stated)."""

    frames: list[ReceivedFrame]
    positions: Matrix | None


def build_series(
    frames: Sequence[ReceivedFrame], keys: PatientKeys, loader: SliceLoader | None = None
) -> tuple[list[Series], list[tuple[int, Reason]]]:
    """Build all series of the frames, best first (CT in HU, then most slices), and the files that were duplicates.

    The frames' pixels are released as they are copied; `loader` fetches those that are not decoded yet.
    """
    duplicates: list[tuple[int, Reason]] = []
    series: list[Series] = []
    for group in _split(frames, lambda r: (r.study_uid, r.series_uid)):
        parts = [stack for part in _alike(group) for stack in _stacks(part, duplicates)]
        for number, stack in enumerate(sorted(parts, key=lambda part: -len(part.frames))):
            uid = f"{stack.frames[0].record.study_uid}\0{stack.frames[0].record.series_uid}\0{number}"
            series.append(_to_series(stack, keys.study(uid), loader))
    series.sort(key=_rank)
    return series, duplicates


def _rank(series: Series) -> tuple[bool, bool, int]:
    usable = series.facts.modality == "CT" and series.facts.units == "HU"
    return not usable, NOTES[Note.LOCALIZER] in series.warnings, -series.volume_hu.size


def _split(frames: Iterable[ReceivedFrame], key: Callable[[FrameRecord], Hashable]) -> list[list[ReceivedFrame]]:
    groups: dict[Hashable, list[ReceivedFrame]] = defaultdict(list)
    for frame in frames:
        groups[key(frame.record)].append(frame)
    return list(groups.values())


def _alike(frames: list[ReceivedFrame]) -> list[list[ReceivedFrame]]:
    """Frames that can share one volume: same size, units, orientation and spacing."""
    groups: list[list[ReceivedFrame]] = []
    for frame in frames:
        for group in groups:
            if _fits(group[0].record, frame.record):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _fits(a: FrameRecord, b: FrameRecord) -> bool:
    if (a.rows, a.columns, a.dtype, a.modality) != (b.rows, b.columns, b.dtype, b.modality):
        return False
    if (Note.LOCALIZER in a.notes) != (Note.LOCALIZER in b.notes) or (a.position_mm is None) != (b.position_mm is None):
        return False
    for u, v in ((a.row_direction, b.row_direction), (a.column_direction, b.column_direction)):
        if (u is None) != (v is None):
            return False
        if u and v and any(abs(x - y) > DIRECTION_TOLERANCE for x, y in zip(u, v, strict=True)):
            return False
    for s, t in ((a.row_spacing_mm, b.row_spacing_mm), (a.column_spacing_mm, b.column_spacing_mm)):
        if (s is None) != (t is None) or (s and t and abs(s - t) > SPACING_TOLERANCE * s):
            return False
    return True


def _stacks(frames: list[ReceivedFrame], duplicates: list[tuple[int, Reason]]) -> list[OrderedFrames]:
    """Sorted stacks. The same image twice counts once; other images at the same place make a stack of their own."""
    frames = _without_copies(frames, duplicates)
    places = _places(frames)
    number = [
        (f.record.acquisition_number or 0, f.record.instance_number or 0, f.record.file, f.record.frame) for f in frames
    ]
    if places is None:
        order = sorted(range(len(frames)), key=lambda i: number[i])
        return [OrderedFrames([frames[i] for i in order], None)]
    order = sorted(range(len(frames)), key=lambda i: (places[i], number[i]))
    layers: list[list[int]] = []
    level = 0
    anchor = -math.inf
    for i in order:
        if places[i] - anchor > SAME_POSITION_MM:
            anchor, level = places[i], 0
        if level == len(layers):
            layers.append([])
        layers[level].append(i)
        level += 1
    return [OrderedFrames([frames[i] for i in layer], places[layer]) for layer in layers]


def _without_copies(frames: list[ReceivedFrame], duplicates: list[tuple[int, Reason]]) -> list[ReceivedFrame]:
    seen: set[Hashable] = set()
    kept = []
    for frame in frames:
        r = frame.record
        identity = (r.sop_uid, r.frame) if r.sop_uid else (r.digest, r.position_mm, r.instance_number, r.frame)
        content = (r.digest, r.position_mm) if r.position_mm and r.digest else identity
        if identity in seen or content in seen:
            duplicates.append((r.file, Reason.DUPLICATE))
            continue
        seen.update((identity, content))
        kept.append(frame)
    return kept


def _places(frames: list[ReceivedFrame]) -> Matrix | None:
    """Positions along the normal in mm; Slice Location where the patient position is missing."""
    axes = _axes(frames[0].record)
    if axes is not None and frames[0].record.position_mm is not None:
        origins = np.array([frame.record.position_mm for frame in frames], dtype=np.float64)
        return np.asarray(origins @ axes[2])
    locations = [frame.record.slice_location_mm for frame in frames]
    if len(frames) > 1 and None not in locations and len(set(locations)) == len(locations):
        return np.array(locations, dtype=np.float64)
    return None


def _axes(record: FrameRecord) -> tuple[Matrix, Matrix, Matrix] | None:
    """Unit vectors along rows, columns and the normal."""
    if record.row_direction is None or record.column_direction is None:
        return None
    along, down = np.array(record.row_direction), np.array(record.column_direction)
    normal = np.cross(along, down)
    return along, down, normal / np.linalg.norm(normal)


def _to_series(stack: OrderedFrames, series_key: str, loader: SliceLoader | None) -> Series:
    records = [frame.record for frame in stack.frames]
    first = records[0]
    warnings = [NOTES[note] for note in Note if any(note in record.notes for record in records)]
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
    volume, window = _volume(stack, loader)
    thickness = first.slice_thickness_mm
    depth = gap or thickness or 1.0
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
        slice_thickness_mm=thickness,
        slice_gap_mm=gap,
        gantry_tilt_deg=tilt,
        kvp=_most_common(record.kvp for record in records),
        contrast=_most_common(record.contrast for record in records),
        units="HU" if first.dtype == "int16" else "arbitrary",
        synthetic=all(record.synthetic for record in records),
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
    )


def _gap_warnings(stack: OrderedFrames, gaps: Matrix) -> list[str]:
    if stack.positions is None:
        return [NO_POSITION] if len(stack.frames) > 1 else []
    if not gaps.size:
        return []
    if np.ptp(gaps) > max(UNEVEN_TOLERANCE * float(np.median(gaps)), UNEVEN_FLOOR_MM):
        return [
            f"The gaps between slices are uneven ({gaps.min():.2f} to {gaps.max():.2f} mm): "
            "slices may be missing, and sizes across slices are rough."
        ]
    return []


def _tilt(stack: OrderedFrames) -> float | None:
    """Degrees between the slices' normal and the way the table moved; one slice alone tells it by its tag only."""
    axes = _axes(stack.frames[0].record)
    first, last = stack.frames[0].record, stack.frames[-1].record
    tilt = first.gantry_tilt_deg
    if axes is not None and first.position_mm is not None and last.position_mm is not None and len(stack.frames) > 1:
        way = np.array(last.position_mm) - np.array(first.position_mm)
        measured = math.degrees(math.acos(min(1.0, abs(float(way @ axes[2])) / float(np.linalg.norm(way)))))
        tilt = math.copysign(measured, tilt or 1.0)
    return round(tilt, 1) if tilt is not None and abs(tilt) > TILT_TOLERANCE_DEG else None


def _volume(stack: OrderedFrames, loader: SliceLoader | None) -> tuple[Volume, Window | None]:
    """The frames as one volume with the window of the file; numbers without unit are brought onto one scale."""
    first = stack.frames[0].record
    if loader is not None and any(frame.pixels is None for frame in stack.frames):
        return loader.volume(stack.frames), _stated_window(first)
    volume = np.empty((len(stack.frames), first.rows, first.columns), dtype=np.int16)
    window = None
    if first.dtype == "int16":
        for index, frame in enumerate(stack.frames):
            assert frame.pixels is not None
            volume[index] = frame.pixels
            frame.pixels = None
        window = _stated_window(first)
    else:
        sample = [frame.pixels for frame in stack.frames[:: max(1, len(stack.frames) // 32)]]
        black, white = display_range(sample, first.window_center, first.window_width)  # type: ignore[arg-type]
        for index, frame in enumerate(stack.frames):
            volume[index] = to_scale(frame.pixels, black, white)  # type: ignore[arg-type]
            frame.pixels = None
        window = SOFT_TISSUE_WINDOW
    volume.setflags(write=False)
    return volume, window


def _stated_window(record: FrameRecord) -> Window | None:
    width, level = record.window_width, record.window_center
    return Window(width, level) if level is not None and width is not None and width >= 1 else None


def _affine(stack: OrderedFrames, spacing: tuple[float, float, float]) -> Matrix | None:
    """(column, row, slice, 1) to patient mm; the slice axis follows the table, so it may be oblique."""
    first, last = stack.frames[0].record, stack.frames[-1].record
    axes = _axes(first)
    if axes is None or first.position_mm is None or last.position_mm is None or first.row_spacing_mm is None:
        return None
    along, down, normal = axes
    count = len(stack.frames)
    step = (
        (np.array(last.position_mm) - np.array(first.position_mm)) / (count - 1) if count > 1 else normal * spacing[0]
    )
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = along * spacing[2], down * spacing[1], step
    affine[:3, 3] = first.position_mm
    return affine


def _most_common(values: Iterable[Item | None]) -> Item | None:
    counted = Counter(value for value in values if value is not None)
    return counted.most_common(1)[0][0] if counted else None
