"""Proposes places worth a look: spots that a small detector takes for lesions.

Fewer are offered where they are less like lesions; most are none, and `how_often_right` says so beside them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.domain.region import Outline
from tools.domain.study import Series
from tools.regions.coarse_slice import CoarseSlice
from tools.regions.lesion_detector import Spots, load_lesion_detector
from tools.regions.polar import RAYS, centroid, polygon
from tools.regions.segmentation import outline_from_seed

SLICE_STEP_MM = 4.0  # thinner slices are not all looked at
SAME_MM = 6.0  # spots nearer than this, or than most of their radius, are one place
SAME_PLACE_SLICES_MM = 12.0
UNLIKE = 2.2  # times as large or as small as the spot: an outline of something else


@dataclass(frozen=True, eq=False)
class Candidate:
    """A proposed place: outline (N, 2) of x, y in image coordinates, `score` 0..1, and what the outline is."""

    slice_index: int
    points: NDArray[np.float64]
    score: float
    outlined: Outline


@dataclass(frozen=True)
class _Place:
    """A spot with its rank: x, y in image coordinates, `likeness` to a lesion 0..1."""

    slice_index: int
    x: float
    y: float
    radius_mm: float
    likeness: float


def find_candidates(series: Series, slice_index: int | None, count: int) -> list[Candidate]:
    """Find up to `count` places of one slice, or of the whole series, best first; only the first may be a poor one."""
    step = max(1, round(SLICE_STEP_MM / max(series.spacing_mm[0], 0.1)))
    slices = range(series.volume_hu.shape[0])[step // 2 :: step] if slice_index is None else (slice_index,)
    places = [place for index in slices for place in _places(series, index, count)]
    places.sort(key=lambda place: (-place.likeness, place.slice_index, place.y, place.x))
    apart: list[_Place] = []
    for place in places:
        if len(apart) == count or (apart and place.likeness < load_lesion_detector().least):
            break
        if not any(_same(place, other, series) for other in apart):
            apart.append(place)
    return [_outlined(series, place) for place in apart]


def _places(series: Series, slice_index: int, most: int) -> list[_Place]:
    """The likeliest places of one slice, apart from each other."""
    spacing = (series.spacing_mm[1], series.spacing_mm[2])
    spots = load_lesion_detector()(CoarseSlice.of(series.volume_hu[slice_index], spacing))
    return [
        _Place(slice_index, *(float(each[i]) for each in (spots.x, spots.y, spots.radius_mm, spots.likeness)))
        for i in apart(spots, spacing, most)
    ]


def apart(spots: Spots, spacing_mm: tuple[float, float], most: int) -> list[int]:
    """Pick the best spots, best first, none of them on another."""
    kept: list[int] = []
    for i in range(len(spots.x)):
        across = (spots.x[i] - spots.x[kept]) * spacing_mm[1]
        down = (spots.y[i] - spots.y[kept]) * spacing_mm[0]
        reach = np.maximum(SAME_MM, 0.8 * np.maximum(spots.radius_mm[i], spots.radius_mm[kept]))
        if (np.hypot(across, down) > reach).all():
            kept.append(i)
        if len(kept) == most:
            break
    return kept


def _same(one: _Place, other: _Place, series: Series) -> bool:
    """Whether two places are one, on this slice or the next."""
    gap_mm = abs(one.slice_index - other.slice_index) * series.spacing_mm[0]
    across, down = (one.x - other.x) * series.spacing_mm[2], (one.y - other.y) * series.spacing_mm[1]
    reach = max(SAME_MM, 0.8 * max(one.radius_mm, other.radius_mm))
    return gap_mm <= SAME_PLACE_SLICES_MM and float(np.hypot(across, down)) <= reach


def _outlined(series: Series, place: _Place) -> Candidate:
    """Outlined as if clicked; where that finds no edge, or something of quite another size or place, a circle."""
    image, spacing = series.volume_hu[place.slice_index], (series.spacing_mm[1], series.spacing_mm[2])
    circle = polygon((place.x, place.y), np.full(RAYS, place.radius_mm), spacing)
    outline = outline_from_seed(image, spacing, place.x, place.y, recentre=False)
    points = circle
    outlined: Outline = "disc"
    if outline is not None:
        found = polygon(outline.center, outline.radii_mm, spacing)
        x, y = centroid(found)
        off_mm = np.hypot((x - place.x) * spacing[1], (y - place.y) * spacing[0])
        times = float(outline.radii_mm.mean()) / place.radius_mm
        if off_mm <= place.radius_mm and 1 / UNLIKE < times < UNLIKE:
            points, outlined = found, "unsure" if outline.unsure else "measured"
    return Candidate(place.slice_index, points, round(place.likeness, 3), outlined)
