"""What a user draws: an outline by hand becomes a region, two or three points become a length or an angle."""

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon as polygon_pixels

from tools.domain.annotation import Annotation
from tools.domain.region import PixelBox, Region, RegionError
from tools.domain.study import Series
from tools.regions.create import make_region
from tools.regions.measurement import bounding_box

Points = NDArray[np.float64]

MIN_AREA_PX = 2.0
FINENESS = 4  # samples along a pixel, where an outline that crosses itself is drawn anew


def region_from_outline(series: Series, slice_index: int, outline: Points, region_id: str = "R1") -> Region:
    """Measure inside an outline (N, 2) drawn by hand, cut at the edge of the image.

    Where the line crosses itself, what it encloses, the largest part if there are several. Raises RegionError where it
    encloses nothing.
    """
    rows, columns = series.volume_hu.shape[1:]
    points = np.clip(outline, 0, (columns, rows))
    if len(points) >= 3 and _crosses_itself(points):
        points = _largest_part(points)
    if len(points) < 3 or _area(points) < MIN_AREA_PX:
        raise RegionError("That line encloses nothing to measure: draw it around the lesion.")
    return make_region(series, slice_index, points, region_id, "drawn", "measured")


def fitted_outline(region: Region, box: PixelBox) -> Points:
    """Move and stretch a region's outline from its own box into another; gives (N, 2)."""
    old = region.box
    low, high = np.array([old.x0, old.y0], float), np.array([old.x1, old.y1], float)
    new_low, new_high = np.array([box.x0, box.y0], float), np.array([box.x1, box.y1], float)
    stretched: Points = new_low + (np.array(region.outline_px) - low) * (new_high - new_low) / (high - low)
    return stretched


def annotation_from_points(
    series: Series, slice_index: int, points: tuple[tuple[float, float], ...], annotation_id: str = "M1"
) -> Annotation:
    """Measure the length between two points (x, y), or the angle at the middle one of three, in the slice's plane.

    Raises RegionError for a point outside the image, for points that coincide, and for an angle in an image whose
    pixels have no known size.
    """
    rows, columns = series.volume_hu.shape[1:]
    if any(not (0 <= x <= columns and 0 <= y <= rows) for x, y in points):
        raise RegionError("That point lies outside the image: set it on the picture.")
    known = series.facts.row_spacing_mm is not None and series.facts.column_spacing_mm is not None
    steps = np.diff(np.array(points), axis=0) * (series.spacing_mm[2], series.spacing_mm[1])
    lengths = np.linalg.norm(steps, axis=1)
    if not lengths.all():
        raise RegionError("Two of the points are the same: drag from one to the other.")
    if len(points) == 2:
        return Annotation(annotation_id, series.series_key, slice_index, points, float(lengths[0]) if known else None)
    if not known:
        raise RegionError("The file does not give the size of its pixels, so an angle cannot be measured.")
    cosine = float(np.clip(-(steps[0] @ steps[1]) / lengths.prod(), -1, 1))
    angle = float(np.degrees(np.arccos(cosine)))
    return Annotation(annotation_id, series.series_key, slice_index, points, angle_deg=angle)


def _area(points: Points) -> float:
    x, y = points.T
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2


def _crosses_itself(points: Points) -> bool:
    """Tell whether two edges of a polygon (N, 2) that are no neighbours cross."""
    start, step = points, np.roll(points, -1, axis=0) - points
    between = start[None] - start[:, None]  # (N, N, 2): from the start of one edge to that of another
    turn = _cross(step[:, None], step[None])
    with np.errstate(divide="ignore", invalid="ignore"):
        along = _cross(between, step[None]) / turn  # 0..1 where the crossing lies on the first edge
        other = _cross(between, step[:, None]) / turn
    crossing = (turn != 0) & (along >= 0) & (along <= 1) & (other >= 0) & (other <= 1)
    gap = np.abs(np.subtract.outer(np.arange(len(points)), np.arange(len(points))))
    return bool((crossing & (gap > 1) & (gap < len(points) - 1)).any())


def _cross(a: Points, b: Points) -> Points:
    crossed: Points = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return crossed


def _largest_part(points: Points) -> Points:
    """Outline (N, 2) of the largest part that a line encloses, to a quarter of a pixel."""
    from skimage.measure import approximate_polygon, find_contours  # brings scipy.signal along, which is slow to import

    box = bounding_box(points, (int(points[:, 1].max()) + 2, int(points[:, 0].max()) + 2))
    origin = np.array([box.x0, box.y0], float)
    fine = (points - origin) * FINENESS + 1  # a frame of one sample around it
    mask = np.zeros(((box.y1 - box.y0) * FINENESS + 3, (box.x1 - box.x0) * FINENESS + 3))
    rows, columns = polygon_pixels(fine[:, 1], fine[:, 0], mask.shape)  # type: ignore[no-untyped-call]
    mask[rows, columns] = 1
    parts = [part[:, ::-1] for part in find_contours(mask, 0.5)]  # type: ignore[no-untyped-call]
    if not parts:
        return points[:0]
    largest = approximate_polygon(max(parts, key=_area), tolerance=0.75)  # type: ignore[no-untyped-call]
    outline: Points = (largest - 1) / FINENESS + origin
    return outline
