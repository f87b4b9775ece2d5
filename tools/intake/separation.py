"""Frames that share places, told apart: by every attribute that DICOM has for it, followed only where it separates
cleanly, so that each part has every place once and covers its extent.

Frames are known by their indices here; `places` are their positions along the normal in mm.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tools.domain.slice_gaps import gaps_are_even
from tools.intake.image_kinds import kind_of
from tools.intake.messages import LABELS, FrameRecord
from tools.intake.sandbox import ReceivedFrame

SAME_POSITION_MM = 0.01
PASS_GAP = 1.5  # slices further apart than so many thicknesses leave gaps: such a part is half of an interleaved scan
FILLED = (0.6, 1.15)  # of the gaps that two halves of an interleaved scan leave together, how thick their slices are
GAP_TOLERANCE = 0.1
MIN_PASS = 3  # slices that make a pass
SHARED = 0.5  # of a part's slices lie within the extent of the others, where they are passes over the same places

Floats = NDArray[np.float64]
Parts = list[list[int]]
Key = Callable[[FrameRecord], Hashable]


def separate(frames: list[ReceivedFrame], places: Floats, part: list[int]) -> Parts:
    """Separate the part by the first attribute that does so cleanly, and what comes of it further."""
    if len(part) < 2:
        return [part]
    for split in (_by_kind, _by_value, _by_passes):
        found = split(frames, places, part)
        if found is not None:
            return [leaf for sub in found for leaf in separate(frames, places, sub)]
    return [part]


def _by_kind(frames: list[ReceivedFrame], places: Floats, part: list[int]) -> Parts | None:
    """Derived images (projections, averages) among originals are a stack of their own, where nothing is torn by it.

    A slice here and there that calls itself derived, as lossy compression makes it, fills gaps of the others and stays.
    """
    groups = _groups(part, [kind_key(frame.record) for frame in frames])
    if len(groups) < 2:
        return None
    if any(_crowd(places[group]) < _crowd(places[part]) for group in groups) or all(
        is_even(places[group]) and _overlaps(places, group, part) for group in groups
    ):
        return groups
    return None


ACQUISITION: Key = lambda r: r.acquisition_number  # noqa: E731
EXPLICIT: tuple[Key, ...] = (  # PS3.3 C.7.6.16, C.8.2.1, C.8.15: made to tell frames apart
    lambda r: r.keys.stack_id,
    lambda r: r.keys.temporal_position,
    lambda r: r.keys.temporal_offset_s,
    lambda r: r.keys.cardiac_phase_percent,
    lambda r: r.keys.respiratory_phase_percent,
    lambda r: r.keys.frame_of_reference_uid,
)
SORTS: tuple[Key, ...] = (lambda r: r.keys.image_type, lambda r: r.keys.kernel, lambda r: r.kvp, lambda r: r.lossy)
INCIDENTAL: tuple[Key, ...] = (
    lambda r: (r.keys.reconstruction_mm, r.slice_thickness_mm),
    *((lambda r, axis=axis: r.keys.dimension_index[axis : axis + 1]) for axis in range(8)),  # type: ignore[misc]
    lambda r: r.keys.study_date,
    lambda r: r.keys.series_date,
    ACQUISITION,
    lambda r: r.keys.acquired_s,
    lambda r: r.keys.content_s,
    lambda r: r.keys.trigger_ms,
)


LABELLED: tuple[Key, ...] = (
    lambda r: _in_plane(r),
    *((lambda r, i=i: r.keys.labels[i : i + 1]) for i in range(len(LABELS))),  # type: ignore[misc]
)
ORDERS: tuple[Callable[[FrameRecord], float | None], ...] = (
    lambda r: r.keys.acquired_s,
    lambda r: r.keys.content_s,
    lambda r: r.keys.trigger_ms,
    lambda r: r.instance_number,
)


def _by_value(frames: list[ReceivedFrame], places: Floats, part: list[int]) -> Parts | None:
    """Frames with the same value of the first attribute that separates them cleanly."""
    crowd = _crowd(places[part])
    tied = crowd > 1
    for key in EXPLICIT[:1] + SORTS if is_one_place(places[part]) else EXPLICIT + SORTS + INCIDENTAL + LABELLED:
        groups = _groups(part, [key(frame.record) for frame in frames])
        if len(groups) < 2 or (key in LABELLED and len(groups) != crowd):
            continue
        if tied and _unties(places, groups, part):
            return groups
        if not tied and all(
            _is_pass(frames, places, group, part, key not in INCIDENTAL, key is ACQUISITION)
            and _overlaps(places, group, part)
            for group in groups
        ):
            return groups
    return None


def _by_passes(frames: list[ReceivedFrame], places: Floats, part: list[int]) -> Parts | None:
    """Frames in the order of their times or numbers, cut where a place comes again: one pass over the body each."""
    wanted = _crowd(places[part])
    if is_one_place(places[part]):
        return None
    for order in ORDERS:
        ranks = {i: rank for i in part if (rank := order(frames[i].record)) is not None}
        if len(set(ranks.values())) < len(part):
            continue
        if wanted < 2:
            turns = _cut_at_turns(places, sorted(part, key=ranks.__getitem__))
            if len(turns) > 1 and all(
                _is_pass(frames, places, turn, part, False) and _overlaps(places, turn, part) for turn in turns
            ):
                return turns
            continue
        passes: Parts = [[]]
        for i in sorted(part, key=ranks.__getitem__):
            if passes[-1] and np.abs(places[passes[-1]] - places[i]).min() <= SAME_POSITION_MM:
                passes.append([])
            passes[-1].append(i)
        if len(passes) == wanted and _unties(places, passes, part):
            return passes
        layers = layers_of(places, part, ranks)
        if len({len(layer) for layer in layers}) == 1 and all(
            is_even(np.array([ranks[i] for i in layer])) for layer in layers
        ):
            return layers  # counted place by place: all passes of one before the next
    return None


def _cut_at_turns(places: Floats, ordered: list[int]) -> Parts:
    """Cut frames in their order where the table turns back."""
    turns: Parts = [ordered[:1]]
    direction = 0.0
    for before, now in pairwise(ordered):
        step = float(np.sign(places[now] - places[before]))
        if direction and step != direction:
            turns.append([now])
            direction = 0.0
        else:
            turns[-1].append(now)
            direction = step
    return turns


def layers_of(places: Floats, part: list[int], ranks: Mapping[int, float]) -> Parts:
    """Make layer n of the n-th frame of every place by `ranks`, each sorted by place."""
    by_place = sorted(part, key=lambda i: places[i])
    starts = np.flatnonzero(np.diff(places[by_place]) > SAME_POSITION_MM) + 1
    layers: Parts = []
    for run in np.split(np.array(by_place), starts):
        for level, i in enumerate(sorted(run.tolist(), key=ranks.__getitem__)):
            if level == len(layers):
                layers.append([])
            layers[level].append(i)
    return layers


# -- what is clean -----------------------------------------------------------------------------------------------------


def _groups(part: list[int], values: Sequence[Hashable]) -> Parts:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for i in part:
        groups[values[i]].append(i)
    return list(groups.values())


def _in_plane(record: FrameRecord) -> Hashable:
    """Where a slice begins within its plane, to a tenth of a mm."""
    axes = (record.row_direction, record.column_direction)
    if record.position_mm is None or None in axes:
        return None
    return tuple(round(float(np.dot(record.position_mm, axis)), 1) for axis in axes if axis is not None)


def kind_key(record: FrameRecord) -> Hashable:
    """Original or derived, and the kind of projection."""
    return record.keys.image_type[:1], kind_of(record.keys.image_type)


def _crowd(places: Floats) -> int:
    """How many frames the most crowded place has."""
    ordered = np.sort(places)
    run = most = 1
    for before, now in pairwise(ordered):
        run = run + 1 if now - before <= SAME_POSITION_MM else 1
        most = max(most, run)
    return most


def has_ties(places: Floats) -> bool:
    return len(places) > 1 and bool((np.diff(np.sort(places)) <= SAME_POSITION_MM).any())


def is_one_place(places: Floats) -> bool:
    return bool(np.ptp(places) <= SAME_POSITION_MM)


def _unties(places: Floats, groups: Parts, part: list[int]) -> bool:
    """Whether every group has fewer frames at its most crowded place, and shares at least half of its places, or some
    of them while it is even.

    Two scans that only touch, one beginning at the slice where the other ends, stay one volume. Many images of one
    place, as they are taken while contrast is awaited, are a group too.
    """
    crowd = _crowd(places[part])
    if any(_crowd(places[group]) >= crowd for group in groups):
        return False
    return is_one_place(places[part]) or all(
        len(group) >= MIN_PASS
        if is_one_place(places[group])
        else _overlaps(places, group, part) or (is_even(places[group]) and _shared(places, group, part) >= MIN_PASS)
        for group in groups
    )


def _shared(places: Floats, group: list[int], part: list[int]) -> int:
    """Count the places of a group that others have too."""
    others = places[sorted(set(part) - set(group))]
    apart = np.abs(places[group][:, None] - others[None]).min(axis=1)
    return int((apart <= SAME_POSITION_MM).sum())


def _overlaps(places: Floats, group: list[int], part: list[int]) -> bool:
    """Whether at least half of the smaller side lies within the extent of the other."""
    rest = sorted(set(part) - set(group))
    return max(_inside(places[group], places[rest]), _inside(places[rest], places[group])) >= SHARED


def _inside(these: Floats, those: Floats) -> float:
    return float(((these >= those.min() - SAME_POSITION_MM) & (these <= those.max() + SAME_POSITION_MM)).mean())


def is_even(places: Floats) -> bool:
    return gaps_are_even(np.diff(np.sort(places)))


def _is_pass(
    frames: list[ReceivedFrame],
    places: Floats,
    group: list[int],
    part: list[int],
    explicit: bool,
    numbered: bool = False,
) -> bool:
    """Whether a group covers its extent by itself: evenly, and not as half of an interleaved scan, whose slices are as
    thick as the gaps that both halves leave together.

    Half of such a scan does not, unless an attribute made for it says that it stands alone; where no thickness is
    stated, a number of its own has to do (`numbered`).
    """
    if len(group) < MIN_PASS or not is_even(places[group]):
        return False
    record, gap = frames[group[0]].record, _gap(places[group])
    thickness, stated = record.slice_thickness_mm, record.spacing_between_slices_mm
    if explicit or (stated is not None and abs(stated - gap) <= GAP_TOLERANCE * gap):
        return True
    if thickness is None:
        return numbered
    fills_together = FILLED[0] <= thickness / max(_gap(places[part]), SAME_POSITION_MM) <= FILLED[1]
    return gap <= PASS_GAP * thickness or not fills_together


def _gap(places: Floats) -> float:
    return float(np.median(np.diff(np.sort(places))))
