"""Proposes places worth a look: blobs that boosted trees rank by how much they look like lesions.

They were fitted by `tools.pipelines.train_region_ranker`. Fewer are offered where they are less like lesions; it is no
detector, and `how_often_right` says so beside them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.domain.region import Outline
from tools.domain.study import Series
from tools.regions.blob_features import describe
from tools.regions.blobs import Blobs, Floats, find_blobs
from tools.regions.coarse_slice import CoarseSlice
from tools.regions.polar import RAYS, centroid, polygon
from tools.regions.segmentation import outline_from_seed
from tools.regions.suggestion_ranker import load_suggestion_ranker

SLICE_STEP_MM = 4.0  # thinner slices are not all looked at
SAME_MM = 6.0  # blobs nearer than this, or than most of their radius, are one place
SAME_PLACE_SLICES_MM = 12.0
UNLIKE = 2.2  # times as large or as small as the blob: an outline of something else


@dataclass(frozen=True, eq=False)
class Candidate:
    """A proposed place: outline (N, 2) of x, y in image coordinates, `score` 0..1, and what the outline is."""

    slice_index: int
    points: NDArray[np.float64]
    score: float
    outlined: Outline


@dataclass(frozen=True)
class _Place:
    """A blob with its rank: x, y in image coordinates, `likeness` to a lesion 0..1."""

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
        if len(apart) == count or (apart and place.likeness < load_suggestion_ranker().least):
            break
        if not any(_same(place, other, series) for other in apart):
            apart.append(place)
    return [_outlined(series, place) for place in apart]


def _places(series: Series, slice_index: int, most: int) -> list[_Place]:
    """The likeliest places of one slice, apart from each other."""
    spacing = (series.spacing_mm[1], series.spacing_mm[2])
    volume = series.volume_hu
    here = CoarseSlice.of(volume[slice_index], spacing)
    blobs = find_blobs(here)
    if not len(blobs.x):
        return []
    beside = [index for index in (slice_index - 1, slice_index + 1) if 0 <= index < len(volume)]
    features = describe(blobs, here, [CoarseSlice.of(volume[index], spacing) for index in beside])
    likeness = load_suggestion_ranker()(features)
    return [
        _Place(slice_index, float(blobs.x[i]), float(blobs.y[i]), float(blobs.radius_mm[i]), float(likeness[i]))
        for i in apart(blobs, likeness, spacing, most)
    ]


def apart(blobs: Blobs, likeness: Floats, spacing_mm: tuple[float, float], most: int) -> list[int]:
    """Pick the best blobs, best first, none of them on another."""
    kept: list[int] = []
    for i in np.argsort(-likeness, kind="stable"):
        across = (blobs.x[i] - blobs.x[kept]) * spacing_mm[1]
        down = (blobs.y[i] - blobs.y[kept]) * spacing_mm[0]
        reach = np.maximum(SAME_MM, 0.8 * np.maximum(blobs.radius_mm[i], blobs.radius_mm[kept]))
        if (np.hypot(across, down) > reach).all():
            kept.append(int(i))
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
