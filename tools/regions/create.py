"""A click or a box becomes a region: outlined and measured. Without either, places worth a look are suggested."""

import numpy as np
from numpy.typing import NDArray

from tools.domain.region import Origin, Outline, PixelBox, Region, RegionError
from tools.domain.study import Series
from tools.regions.measurement import bounding_box, measure
from tools.regions.polar import RAYS, ellipse_radii, polygon
from tools.regions.segmentation import outline_from_box, outline_from_seed

DISC_RADIUS_MM = 5.0  # of a click into tissue without an edge
MIN_BOX_PX = 2


def region_from_click(series: Series, slice_index: int, x: float, y: float, region_id: str = "R1") -> Region:
    """Outline and measure the lesion under a click, in image coordinates (pixel i covers i..i+1).

    In tissue without an edge around the click, a `disc` of 10 mm. Raises RegionError outside the image.
    """
    image = _slice(series, slice_index)
    rows, columns = image.shape
    if not (0 <= x <= columns and 0 <= y <= rows):
        raise RegionError(
            f"The click at column {x:.0f}, row {y:.0f} is outside the image; "
            f"columns go from 0 to {columns - 1} and rows from 0 to {rows - 1}."
        )
    x, y = min(x, columns - 0.5), min(y, rows - 0.5)
    outline = outline_from_seed(image, _spacing(series), x, y)
    if outline is None:
        points = polygon((x, y), np.full(RAYS, DISC_RADIUS_MM), _spacing(series))
        return make_region(series, slice_index, points, region_id, "click", "disc")
    points = polygon(outline.center, outline.radii_mm, _spacing(series))
    return make_region(series, slice_index, points, region_id, "click", "unsure" if outline.unsure else "measured")


def region_from_box(
    series: Series, slice_index: int, box: PixelBox, region_id: str = "R1", origin: Origin = "box"
) -> Region:
    """Outline and measure the lesion inside a box; where nothing stands out, the ellipse that fits: the `box` itself.

    The region keeps the box as drawn. Raises RegionError for a box that is empty or outside the image.
    """
    image = _slice(series, slice_index)
    rows, columns = image.shape
    if box.x1 - box.x0 < MIN_BOX_PX or box.y1 - box.y0 < MIN_BOX_PX:
        raise RegionError(
            f"The box {_text(box)} has no area; give x0,y0,x1,y1 with x1 and y1 at least {MIN_BOX_PX} beyond x0 and y0."
        )
    if box.x0 < 0 or box.y0 < 0 or box.x1 > columns or box.y1 > rows:
        raise RegionError(
            f"The box {_text(box)} reaches outside the image; x goes from 0 to {columns} and y from 0 to {rows}."
        )
    corners = (float(box.x0), float(box.y0), float(box.x1), float(box.y1))
    spacing = _spacing(series)
    outline = outline_from_box(image, spacing, corners)
    if outline is None:
        center = ((corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2)
        points = polygon(center, ellipse_radii(corners, spacing), spacing)
        return make_region(series, slice_index, points, region_id, origin, "box", box=box)
    points = polygon(outline.center, outline.radii_mm, spacing)
    kind: Outline = "unsure" if outline.unsure else "measured"
    return make_region(series, slice_index, points, region_id, origin, kind, box=box)


def find_regions(series: Series, slice_index: int | None = None, max_regions: int = 5) -> list[Region]:
    """Suggest up to `max_regions` places worth a look on one slice, or in the whole series, best first: R1, R2, …

    Suggestions by brightness, shape and place, not findings: only the first may be unlike a lesion. `score` is 0..1.
    Raises RegionError for a slice that the series does not have.
    """
    from tools.regions.candidates import find_candidates

    if slice_index is not None:
        _slice(series, slice_index)
    found = find_candidates(series, slice_index, max_regions)
    return [
        make_region(series, one.slice_index, one.points, f"R{number}", "suggested", one.outlined, score=one.score)
        for number, one in enumerate(found, start=1)
    ]


def make_region(
    series: Series,
    slice_index: int,
    points: NDArray[np.float64],
    region_id: str,
    origin: Origin,
    outlined: Outline,
    score: float | None = None,
    box: PixelBox | None = None,
) -> Region:
    """Make a region from its outline (N, 2), clipped to the image."""
    image = series.volume_hu[slice_index]
    points = np.clip(points, 0, (image.shape[1], image.shape[0]))
    known = series.facts.row_spacing_mm is not None and series.facts.column_spacing_mm is not None
    return Region(
        region_id=region_id,
        series_key=series.series_key,
        slice_index=slice_index,
        box=box or bounding_box(points, (image.shape[0], image.shape[1])),
        outline_px=tuple((round(float(px), 2), round(float(py), 2)) for px, py in points),
        measurement=measure(image, points, _spacing(series), known),
        origin=origin,
        outline=outlined,
        score=score,
    )


def _slice(series: Series, slice_index: int) -> NDArray[np.int16]:
    slices = series.volume_hu.shape[0]
    if not 0 <= slice_index < slices:
        raise RegionError(f"There is no slice {slice_index + 1}; this series has slices 1 to {slices}.")
    image: NDArray[np.int16] = series.volume_hu[slice_index]
    return image


def _spacing(series: Series) -> tuple[float, float]:
    return series.spacing_mm[1], series.spacing_mm[2]


def _text(box: PixelBox) -> str:
    return f"{box.x0},{box.y0},{box.x1},{box.y1}"
