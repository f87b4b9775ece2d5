"""Proposes places worth a look: blobs that a small network ranks by how much they look like lesions.

The network (18 features, 16 hidden units) was fitted by `tools.pipelines.train_region_ranker` to the synthetic teaching
cases. It orders suggestions; it is no detector and finds less than half of what is there.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.domain.region import Outline
from tools.domain.study import Series
from tools.regions.blobs import Blobs, Floats, describe, find_blobs
from tools.regions.polar import RAYS, polygon
from tools.regions.ranker import load_ranker
from tools.regions.segmentation import outline_from_seed

WEIGHTS = Path(__file__).with_name("region_weights.npz")
SLICE_STEP_MM = 4.0  # thinner slices are not all looked at
SAME_MM = 6.0  # blobs nearer than this, or than most of their radius, are one place
SAME_PLACE_SLICES_MM = 12.0
OUTLINED = 2  # times as many places are outlined as are asked for


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
    """Find the best `count` places of one slice, or of the whole series, best first."""
    step = max(1, round(SLICE_STEP_MM / max(series.spacing_mm[0], 0.1)))
    slices = range(series.volume_hu.shape[0])[step // 2 :: step] if slice_index is None else (slice_index,)
    places = [place for index in slices for place in _places(series, index, OUTLINED * count)]
    places.sort(key=lambda place: (-place.likeness, place.slice_index, place.y, place.x))
    apart: list[_Place] = []
    for place in places:
        if not any(_same(place, other, series) for other in apart):
            apart.append(place)
        if len(apart) >= OUTLINED * count:
            break
    candidates = [_outlined(series, place) for place in apart]
    return sorted(candidates, key=lambda one: (-one.score, one.slice_index))[:count]


def _places(series: Series, slice_index: int, most: int) -> list[_Place]:
    """The likeliest places of one slice, apart from each other."""
    image = series.volume_hu[slice_index]
    blobs, middle = find_blobs(image, (series.spacing_mm[1], series.spacing_mm[2]))
    if not len(blobs.x):
        return []
    likeness = load_ranker(WEIGHTS)(describe(blobs, series.volume_hu, slice_index, series.spacing_mm, middle))
    kept = apart(blobs, likeness, (series.spacing_mm[1], series.spacing_mm[2]), most)
    return [
        _Place(slice_index, float(blobs.x[i]), float(blobs.y[i]), float(blobs.radius_mm[i]), float(likeness[i]))
        for i in kept
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
    """Outlined as if clicked; a place without a clear edge keeps the blob's circle and loses rank."""
    image, spacing = series.volume_hu[place.slice_index], (series.spacing_mm[1], series.spacing_mm[2])
    outline = outline_from_seed(image, spacing, place.x, place.y, recentre=False)
    outlined: Outline = "disc" if outline is None else "unsure" if outline.unsure else "measured"
    if outline is None:
        points = polygon((place.x, place.y), np.full(RAYS, place.radius_mm), spacing)
        trust = 0.4
    else:
        points = polygon(outline.center, outline.radii_mm, spacing)
        agreement = np.exp(-abs(np.log(outline.radii_mm.mean() / place.radius_mm)))  # with the blob's size
        trust = 0.4 + 0.6 * outline.clarity * float(agreement)
    return Candidate(place.slice_index, points, round(place.likeness * trust, 3), outlined)
