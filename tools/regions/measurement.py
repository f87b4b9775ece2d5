"""Measures an outline as radiologists do: longest diameter, the longest perpendicular to it, area, density."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from skimage.draw import polygon as polygon_pixels

from tools.domain.region import Measurement, PixelBox

Points = NDArray[np.float64]

CHORDS = 48  # places along the long axis where the perpendicular is tried


def measure(image: NDArray[np.int16], outline: Points, spacing_mm: tuple[float, float], known: bool) -> Measurement:
    """Axes, area and HU inside a polygon (N, 2) of x, y in image coordinates; spacing is (row, column).

    `known` is whether the file gave the spacing: otherwise lengths are None. Axes follow RECIST 1.1 (Eisenhauer et
    al. 2009, doi:10.1016/j.ejca.2008.10.026), within the slice.
    """
    scale = np.array([spacing_mm[1], spacing_mm[0]])
    points = outline * scale
    start, end = _longest(points)
    short_start, short_end = _perpendicular(points, start, end)
    x, y = points.T
    area = abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
    inside = pixels_inside(image, outline).astype(np.float64)
    return Measurement(
        long_axis_mm=float(np.linalg.norm(end - start)) if known else None,
        short_axis_mm=float(np.linalg.norm(short_end - short_start)) if known else None,
        area_mm2=area if known else None,
        mean_hu=float(inside.mean()),
        sd_hu=float(inside.std()),
        min_hu=float(inside.min()),
        max_hu=float(inside.max()),
        long_axis_px=_line(start / scale, end / scale),
        short_axis_px=_line(short_start / scale, short_end / scale),
    )


def bounding_box(outline: Points, shape: tuple[int, int]) -> PixelBox:
    """The smallest box of whole pixels around a polygon, inside an image of `shape` (rows, columns)."""
    low, high = np.floor(outline.min(axis=0)).astype(int), np.ceil(outline.max(axis=0)).astype(int)
    x0, y0 = min(max(int(low[0]), 0), shape[1] - 1), min(max(int(low[1]), 0), shape[0] - 1)
    return PixelBox(x0, y0, max(min(int(high[0]), shape[1]), x0 + 1), max(min(int(high[1]), shape[0]), y0 + 1))


def longest_px(outline: Points) -> float:
    """The longest diameter of a polygon (N, 2), in its own units."""
    start, end = _longest(outline)
    return float(np.linalg.norm(end - start))


def pixels_inside(image: NDArray[np.int16], outline: Points) -> NDArray[np.int16]:
    """Values (n,) of the pixels whose centre is inside; at least the one nearest to the middle."""
    rows, columns = polygon_pixels(  # type: ignore[no-untyped-call]
        outline[:, 1] - 0.5, outline[:, 0] - 0.5, image.shape
    )
    inside: NDArray[np.int16] = image[rows, columns]
    if not len(inside):
        x, y = outline.mean(axis=0).astype(int)
        inside = image[min(max(y, 0), image.shape[0] - 1), min(max(x, 0), image.shape[1] - 1)].reshape(1)
    return inside


def _longest(points: Points) -> tuple[Points, Points]:
    """The two points farthest apart."""
    gaps = cdist(points, points, "sqeuclidean")
    first, second = np.unravel_index(int(gaps.argmax()), gaps.shape)
    return points[first], points[second]


def _perpendicular(points: Points, start: Points, end: Points) -> tuple[Points, Points]:
    """The longest chord at a right angle to start-end."""
    length = float(np.linalg.norm(end - start))
    along = (end - start) / max(length, 1e-9)
    across = np.array([-along[1], along[0]])
    u, v = (points - start) @ along, (points - start) @ across
    u_next, v_next = np.roll(u, -1), np.roll(v, -1)
    places = (np.arange(CHORDS) + 0.5) / CHORDS * length
    crossed = (u[:, None] <= places) != (u_next[:, None] <= places)  # (edges, places)
    run = np.where(u_next == u, 1.0, u_next - u)
    heights = v[:, None] + (v_next - v)[:, None] * (places - u[:, None]) / run[:, None]
    low = np.where(crossed, heights, np.inf).min(axis=0)
    high = np.where(crossed, heights, -np.inf).max(axis=0)
    best = int(np.argmax(high - low))
    foot = start + along * places[best]
    return foot + across * low[best], foot + across * high[best]


def _line(start: Points, end: Points) -> tuple[float, float, float, float]:
    return float(start[0]), float(start[1]), float(end[0]), float(end[1])
