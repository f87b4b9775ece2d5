"""Which frames make one volume: told apart by what DICOM has for it, never by the name of a file.

A series may hold phases, passes, derived images or energies that share their places. Every attribute that DICOM has for
telling them apart is tried, the most explicit first, and followed only where it separates cleanly: each part then has
every place once. An acquisition number for each slice, or a concatenation, stays one volume.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.intake.image_kinds import kernel_class
from tools.intake.messages import FrameRecord, Note, Reason
from tools.intake.sandbox import ReceivedFrame
from tools.intake.separation import Floats, Key, has_ties, is_even, is_one_place, kind_key, layers_of, separate

DIRECTION_TOLERANCE = 0.01  # about half a degree
SPACING_TOLERANCE = 0.01  # relative
OFF_LINE_MM = 0.1
ROUNDED_MM = 0.51
STEP_TOLERANCE, MOST_STEPS = 0.05, 0.8  # of a gap; share of the gaps where no slice is missing
SHORT_SERIES = 8  # slices; longer ones are no parts of another
MIN_JOINED = 3  # slices that make a volume; series of fewer may be parts of one


@dataclass(frozen=True, eq=False)
class Stack:
    """Frames in order, with their positions along the normal in mm (None: not stated), and what to say of them.

    `part` of `parts`, from 1, where one DICOM series was several stacks of one kind; else 0.
    """

    frames: list[ReceivedFrame]
    positions: Floats | None
    notes: tuple[Note, ...] = ()
    part: int = 0
    parts: int = 0


def assemble(frames: Sequence[ReceivedFrame]) -> tuple[list[Stack], list[tuple[int, Reason]]]:
    """Group frames into stacks that are one volume each; the second result are files that were copies of others."""
    copies: list[tuple[int, Reason]] = []
    stacks: list[Stack] = []
    for group in _series_groups(frames):
        joined = (Note.JOINED,) if len({f.record.series_uid for f in group}) > 1 else ()
        group = _with_missing_positions(group)
        found = [stack for alike in _alike(group) for stack in _separate(_without_copies(alike, copies))]
        stacks += [replace(stack, notes=joined + stack.notes) for stack in _numbered(found)]
    return stacks, copies


def _numbered(stacks: list[Stack]) -> list[Stack]:
    """Number the passes of one DICOM series in the order of their time; another kernel is no other pass."""
    by_kind: dict[Hashable, list[Stack]] = defaultdict(list)
    for stack in stacks:
        first = stack.frames[0].record
        kernel = kernel_class(first.keys.kernel)
        place = first.row_direction, first.column_direction, first.rows, first.columns
        by_kind[kind_key(first), kernel, place].append(stack)
    numbered = []
    for alike in by_kind.values():
        alike.sort(key=lambda stack: min(_order(frame.record) for frame in stack.frames))
        parts = len(alike) if len(alike) > 1 and all(len(stack.frames) > 1 for stack in alike) else 0
        numbered += [replace(stack, part=i if parts else 0, parts=parts) for i, stack in enumerate(alike, start=1)]
    return numbered


# -- what may share one volume -----------------------------------------------------------------------------------------


def _series_groups(frames: Iterable[ReceivedFrame]) -> list[list[ReceivedFrame]]:
    """Group frames by series. Series of one or two slices are joined where they form volumes: those of one study and
    frame of reference first, then whatever lies evenly. Several of a few slices are joined where they follow each other
    evenly as one volume."""
    series = list(_grouped(frames, lambda r: (r.study_uid, r.series_uid)).values())
    pairs = {id(frame) for group in series if len(group) == 2 for frame in group}
    joined: list[list[ReceivedFrame]] = []
    taken: set[int] = set()
    for longest, place in ((2, PLACES[0]), (2, PLACES[1]), (2, PLACES[2]), (SHORT_SERIES, PLACES[0])):
        short = (group for group in series if len(group) <= longest)
        left = [frame for group in short for frame in group if id(frame) not in taken]
        for group in _grouped(left, lambda r: (place(r), kind_key(r), r.keys.kernel)).values():  # noqa: B023
            for alike in _alike(group):
                named = place is PLACES[0] and alike[0].record.keys.frame_of_reference_uid
                even = not named or any(id(frame) in pairs for frame in alike)
                if _follow_evenly(alike) if longest > 2 else _are_volumes(alike, even):
                    joined.append(alike)
                    taken |= {id(frame) for frame in alike}
    return joined + [group for group in series if id(group[0]) not in taken]


PLACES: tuple[Key, ...] = (
    lambda r: (r.study_uid, r.keys.frame_of_reference_uid),
    lambda r: r.study_uid,
    lambda r: r.keys.study_date,
)


def _are_volumes(frames: list[ReceivedFrame], even: bool) -> bool:
    """Whether slices make one volume, or one for each phase, with every place once (and evenly)."""
    places = _places(frames)
    if places is None:
        return False
    parts = separate(frames, places, list(range(len(frames))))
    return all(
        len(p) >= MIN_JOINED and not has_ties(places[p]) and (not even or _is_even_but_for_gaps(places[p]))
        for p in parts
    )


def _is_even_but_for_gaps(places: Floats) -> bool:
    """Whether places lie evenly, or would if a few were not missing."""
    gaps = np.diff(np.sort(places))
    steps = gaps / np.median(gaps)
    whole = np.abs(steps - np.rint(steps)) <= STEP_TOLERANCE
    return is_even(places) or bool(whole.all() and (np.rint(steps) == 1).mean() >= MOST_STEPS)


def _follow_evenly(frames: list[ReceivedFrame]) -> bool:
    """Whether short series are one volume together, each place once and every gap the same."""
    places = _places(frames)
    several = len({frame.record.series_uid for frame in frames}) >= MIN_JOINED
    return several and places is not None and not has_ties(places) and is_even(places)


def _grouped(frames: Iterable[ReceivedFrame], key: Key) -> dict[Hashable, list[ReceivedFrame]]:
    groups: dict[Hashable, list[ReceivedFrame]] = defaultdict(list)
    for frame in frames:
        groups[key(frame.record)].append(frame)
    return groups


def _alike(frames: Iterable[ReceivedFrame]) -> list[list[ReceivedFrame]]:
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


def _without_copies(frames: list[ReceivedFrame], copies: list[tuple[int, Reason]]) -> list[ReceivedFrame]:
    """Drop frames whose pixels, place and attributes are those of an earlier one; an identifier alone proves nothing.

    An equal image of another number is a copy too, unless other images share their places: then it may be the blank
    end of another pass. Frames that nobody has decoded have no digest; identifier and number stand for it.
    """
    seen: dict[Hashable, FrameRecord] = {}
    kept: list[ReceivedFrame] = []
    renumbered: list[ReceivedFrame] = []
    for frame in sorted(frames, key=lambda f: (_order(f.record), f.record.file)):
        r = frame.record
        place = r.position_mm or r.slice_location_mm
        pixels = r.digest or (r.sop_uid, r.instance_number)
        keys = replace(r.keys, labels=())  # a copy may be called otherwise
        first = seen.setdefault((pixels, place, r.acquisition_number, r.kvp, r.frame, keys), r)
        if first is r:
            kept.append(frame)
        elif (first.sop_uid, first.instance_number) == (r.sop_uid, r.instance_number):
            copies.append((r.file, Reason.DUPLICATE))
        elif place is not None:
            renumbered.append(frame)
        else:
            kept.append(frame)  # two blank images without a place are two slices
    places = _places(kept)
    if renumbered and (places is None or has_ties(places)):
        return kept + renumbered
    copies += [(frame.record.file, Reason.DUPLICATE) for frame in renumbered]
    return kept


def _with_missing_positions(frames: list[ReceivedFrame]) -> list[ReceivedFrame]:
    """Give frames without a position the one that their location or number says, where the positions of the others
    lie on one line by it."""
    known = [f.record for f in frames if f.record.position_mm is not None]
    if len(known) in (0, len(frames)) or len(known) < MIN_JOINED or len({r.row_direction for r in known}) > 1:
        return frames
    has_place = np.array([f.record.position_mm is not None for f in frames])
    places = np.array([r.position_mm for r in known])
    for stated in ([f.record.slice_location_mm for f in frames], [f.record.instance_number for f in frames]):
        if None in stated or len(set(stated)) < len(stated):
            continue
        numbers = np.array(stated, dtype=np.float64)
        line = np.polyfit(numbers[has_place], places, 1)
        if np.abs(places - np.outer(numbers[has_place], line[0]) - line[1]).max() > OFF_LINE_MM:
            continue
        for frame, number in zip(frames, numbers, strict=True):
            if frame.record.position_mm is None:
                x, y, z = (float(c) for c in line[0] * number + line[1])
                frame.record = replace(
                    frame.record,
                    position_mm=(x, y, z),
                    row_direction=known[0].row_direction,
                    column_direction=known[0].column_direction,
                    notes=(*frame.record.notes, Note.PLACE_INFERRED),
                )
        break
    return frames


# -- one stack or several ----------------------------------------------------------------------------------------------


def _separate(frames: list[ReceivedFrame]) -> list[Stack]:
    """Make stacks in which every place stands once, in the order of places."""
    frames = sorted(frames, key=lambda frame: _order(frame.record))
    everything = list(range(len(frames)))
    places = _places(frames)
    if places is None:
        numbers = [frame.record.instance_number for frame in frames]
        if len(frames) > 1 and set(numbers) == {None} and not any(frame.record.multi_frame for frame in frames):
            frames.sort(key=lambda frame: (*_order(frame.record)[:-1], frame.record.file))
            return [Stack(frames, None, (Note.STORED_ORDER,))]
        if None in numbers or len(set(numbers)) == len(numbers) or any(frame.record.multi_frame for frame in frames):
            return [Stack(frames, None)]
        counted = np.array(numbers, dtype=np.float64)  # the numbers stand for places that come twice
        return [Stack([frames[i] for i in part], None) for part in separate(frames, counted, everything)]
    return [stack for part in separate(frames, places, everything) for stack in _layers(frames, places, part)]


def _layers(frames: list[ReceivedFrame], places: Floats, part: list[int]) -> list[Stack]:
    """Make one stack where every place stands once; else of what nothing tells apart, and say so."""
    if len(part) > 1 and is_one_place(places[part]):
        return [Stack([frames[i] for i in part], None, (Note.ONE_PLACE,))]
    layers = layers_of(places, part, {i: rank for rank, i in enumerate(part)})
    notes = (Note.UNCLEAR_ORDER,) if len(layers) > 1 and len(layers[1]) > 1 else ()
    return [Stack([frames[i] for i in layer], places[layer], notes) for layer in layers]


# -- order and place ---------------------------------------------------------------------------------------------------


def _order(record: FrameRecord) -> tuple[object, ...]:
    """Rank frames that share a place, or have none: by time, number, at last by what they are; never by file."""
    keys = record.keys
    return (
        keys.temporal_position or 0,
        keys.temporal_offset_s or 0,
        keys.cardiac_phase_percent or 0,
        keys.respiratory_phase_percent or 0,
        record.acquisition_number or 0,
        record.instance_number or 0,
        record.concatenation_part or 0,
        record.frame_offset + record.frame,
        keys.acquired_s or 0,
        keys.content_s or 0,
        keys.trigger_ms or 0,
        [int(number) for number in re.findall(r"\d+", record.sop_uid)],
        record.digest,
    )


def _places(frames: list[ReceivedFrame]) -> Floats | None:
    """Positions along the normal in mm; Slice Location where the patient position is missing, one for all, or rounded
    so that some share one."""
    locations = [frame.record.slice_location_mm for frame in frames]
    distinct = len(frames) > 1 and None not in locations and len(set(locations)) == len(locations)
    axes = axes_of(frames[0].record)
    if axes is not None and frames[0].record.position_mm is not None:
        origins = np.array([frame.record.position_mm for frame in frames], dtype=np.float64)
        places = np.asarray(origins @ axes[2])
        if not distinct or not (is_one_place(places) or _is_rounded(places, np.array(locations, dtype=np.float64))):
            return places
    return np.array(locations, dtype=np.float64) if distinct else None


def _is_rounded(places: Floats, locations: Floats) -> bool:
    """Whether some places tie and all are those of the locations, rounded to whole millimetres."""
    if not has_ties(places):
        return False
    return any(np.ptp(places - sign * locations) <= 2 * ROUNDED_MM for sign in (1, -1))


def axes_of(record: FrameRecord) -> tuple[Floats, Floats, Floats] | None:
    """Unit vectors along rows, columns and the normal, in patient coordinates; None where the file has none."""
    if record.row_direction is None or record.column_direction is None:
        return None
    along, down = np.array(record.row_direction), np.array(record.column_direction)
    normal = np.cross(along, down)
    return along, down, normal / np.linalg.norm(normal)
