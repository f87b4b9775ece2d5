"""The volume of a region: its outline is followed from slice to slice, until there is more around it than of it.

In each neighbouring slice the segmentation of boxes looks where the outline was. The lesion ends where the middle of
that place is nearer in density to what surrounds the region than to the region itself. Areas are added up times the
gap between slices (Cavalieri's principle), which a tilted gantry does not change.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from tools.domain.number_words import number, volume
from tools.domain.region import Region, RegionError
from tools.domain.slice_gaps import even_gap_mm
from tools.domain.study import Series
from tools.regions.polar import polygon
from tools.regions.segmentation import outline_from_box

MIN_MARGIN_MM = 2.5  # by which an outline may grow from one slice to the next; else by the gap
CORE = 0.5  # of an outline's size, where the lesion must go on
AROUND_MM = (2.0, 5.0)  # beyond the outline, what surrounds the region
MIN_OVERLAP = 0.6  # of outlines on neighbouring slices, as a part of the smaller one: a ball ends in small ones
MAX_GROWTH = 2.5  # of the area, from one slice to the next
MAX_STRETCH = 2.5  # longer across slices, in long axes, is rather a vessel
SMALL_END = 0.25  # of the region's own area: at its ends outlines are small, and no doubt comes of them
FEW_SLICES = 3

Points = NDArray[np.float64]


@dataclass(frozen=True)
class RegionVolume:
    """What a region takes up across slices. `outlines` are (x, y) by slice (0-based index), its own among them."""

    region_id: str
    volume_mm3: float
    outlines: dict[int, tuple[tuple[float, float], ...]]
    doubts: tuple[str, ...]  # why it may be far off, each after "because"

    @property
    def first_slice(self) -> int:
        """The lowest slice with an outline, 0-based."""
        return min(self.outlines)

    @property
    def last_slice(self) -> int:
        """The highest slice with an outline, 0-based."""
        return max(self.outlines)


def volume_of(series: Series, region: Region) -> RegionVolume:
    """Follow a region through its neighbouring slices and add up what is inside.

    Raises RegionError for a region that is no outlined lesion or without a scale, SliceGapError where the distance of
    slices is unknown or uneven.
    """
    if region.outline in ("box", "disc"):
        raise RegionError(
            f"{region.region_id} is no outlined lesion, so its volume would be that of the mark: draw a box around the "
            "lesion, or its outline by hand."
        )
    if region.measurement.area_mm2 is None:
        raise RegionError("The file states no size of its pixels, so no volume can be measured in it.")
    gap_mm = even_gap_mm(series, "volume across them")
    walk = _Walk(series, region, gap_mm)
    outlines = {region.slice_index: np.array(region.outline_px)}
    for step in (1, -1):
        outlines |= dict(walk.follow(step))
    doubts = walk.doubts + ([f"it is on {_slices(len(outlines))} only"] if len(outlines) < FEW_SLICES else [])
    if region.outline == "unsure":
        doubts.insert(0, "the outline it grew from is unsure")
    pixel_mm2 = series.spacing_mm[1] * series.spacing_mm[2]
    return RegionVolume(
        region.region_id,
        sum(_area_px(points) for points in outlines.values()) * pixel_mm2 * gap_mm,
        {index: _rounded(outlines[index]) for index in sorted(outlines)},
        tuple(dict.fromkeys(doubts)),
    )


def _rounded(points: Points) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in points)


def volume_words(series: Series, found: RegionVolume) -> str:
    """Say a volume, what it was added up of, and what speaks against it."""
    first, last = found.first_slice + 1, found.last_slice + 1
    where = f"slice {first}" if first == last else f"slices {first} to {last}"
    gap_mm = even_gap_mm(series, "volume across them")
    told = (
        f"{found.region_id} takes up {volume(found.volume_mm3)} on {where}, followed from slice to slice "
        f"({number(gap_mm)} mm apart)."
    )
    if found.doubts:
        told += f" That is unsure, because {' and '.join(found.doubts)}."
    return f"{told} Its outline is drawn on each of them: look through the slices before you rely on it."


class _Walk:
    """Follow one region up and down. `doubts` collects what went against it."""

    def __init__(self, series: Series, region: Region, gap_mm: float) -> None:
        self.series, self.region, self.gap_mm = series, region, gap_mm
        self.spacing = series.spacing_mm[1], series.spacing_mm[2]
        self.doubts: list[str] = []
        image, points = series.volume_hu[region.slice_index], np.array(region.outline_px)
        inside, around = _mask(image, points), _ring(image, points, self.spacing)
        self.of_region = float(np.median(image[inside])) if inside.any() else region.measurement.mean_hu
        self.of_surroundings = float(np.median(image[around])) if around.any() else self.of_region
        self.reach = int(MAX_STRETCH * (region.measurement.long_axis_mm or 0.0) / gap_mm) + 1

    def follow(self, step: int) -> Iterator[tuple[int, Points]]:
        """Yield slice and outline, slice by slice in one direction, as long as the region goes on."""
        points, index = np.array(self.region.outline_px), self.region.slice_index + step
        while True:
            if not 0 <= index < len(self.series.volume_hu):
                self.doubts.append("it reaches the end of the series")
                return
            image = self.series.volume_hu[index]
            if not self._goes_on(image, points):
                return
            if abs(index - self.region.slice_index) > self.reach:
                self.doubts.append("it goes on like a vessel")
                return
            found = self._outline(image, points)
            if found is None or not _agree(image, points, found):
                if _area_px(points) > SMALL_END * _area_px(np.array(self.region.outline_px)):
                    self.doubts.append(f"its outlines disagree between slices {index + 1 - step} and {index + 1}")
                return
            points = found
            yield index, points
            index += step

    def _goes_on(self, image: NDArray[np.int16], points: Points) -> bool:
        """Tell whether the middle of an outline's place is of the region on this slice."""
        core = points.mean(axis=0) + CORE * (points - points.mean(axis=0))
        inside = _mask(image, core)
        value = float(np.median(image[inside])) if inside.any() else self.of_surroundings
        return abs(value - self.of_region) < abs(value - self.of_surroundings)

    def _outline(self, image: NDArray[np.int16], points: Points) -> Points | None:
        margin = max(MIN_MARGIN_MM, self.gap_mm) / np.array([self.spacing[1], self.spacing[0]])
        size = np.array([image.shape[1], image.shape[0]])
        low, high = np.maximum(points.min(axis=0) - margin, 0), np.minimum(points.max(axis=0) + margin, size)
        box = float(low[0]), float(low[1]), float(high[0]), float(high[1])
        outline = outline_from_box(image, self.spacing, box)
        if outline is None:
            return None
        return np.clip(polygon(outline.center, outline.radii_mm, self.spacing), 0, size)


def _mask(image: NDArray[np.int16], points: Points) -> NDArray[np.bool_]:
    """Mark the pixels (rows, columns) whose centre is inside a polygon."""
    mask: NDArray[np.bool_] = polygon2mask(image.shape, points[:, ::-1] - 0.5)
    return mask


def _ring(image: NDArray[np.int16], points: Points, spacing: tuple[float, float]) -> NDArray[np.bool_]:
    """Mark the pixels that lie around a polygon, AROUND_MM away in every direction from its middle."""
    middle = points.mean(axis=0)
    away_mm = (points - middle) * np.array([spacing[1], spacing[0]])
    length = np.maximum(np.linalg.norm(away_mm, axis=1, keepdims=True), 1e-6)
    inner, outer = (middle + (points - middle) * (length + mm) / length for mm in AROUND_MM)
    return _mask(image, outer) & ~_mask(image, inner)


def _agree(image: NDArray[np.int16], before: Points, found: Points) -> bool:
    """Tell whether an outline may be that of the same lesion one slice on."""
    one, other = _mask(image, before), _mask(image, found)
    shared = (one & other).sum() / max(1, min(one.sum(), other.sum()))
    return bool(shared >= MIN_OVERLAP and other.sum() <= MAX_GROWTH * one.sum())


def _area_px(points: Points) -> float:
    x, y = points.T
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count} slices"
