"""What a region is. Image coordinates: pixel i covers i..i+1, so that 0, 0 is the outer corner of the first pixel."""

from dataclasses import dataclass
from typing import Literal

from encoder.errors import LesionSearchError

SAME_LESION_OVERLAP = 0.7  # boxes on one slice that overlap this much (intersection over union) are one region
Origin = Literal["click", "box", "drawn", "suggested"]
Outline = Literal["measured", "unsure", "box", "disc"]
"""What the numbers of a region are of: a lesion that was outlined, by the program or by hand; one whose outline may be
far off; the drawn box itself, in which nothing stood out; a disc around a click into tissue without an edge."""
OUTLINE_MARKS: dict[Outline, str] = {
    "measured": "",
    "unsure": "outline unsure",
    "box": "box itself",
    "disc": "plain disc",
}
OUTLINE_WORDS: dict[Outline, str] = {
    "measured": "",
    "unsure": "the outline is unsure, so these numbers may be far off",
    "box": "nothing stands out in the box: this is the box itself, not a measured lesion",
    "disc": "there is no edge around the click: this is a disc of a fixed size, not a measured lesion",
}


class RegionError(LesionSearchError):
    """A click or box outside the image, or without anything to measure."""


@dataclass(frozen=True)
class PixelBox:
    """Columns x0..x1 and rows y0..y1 of a slice, half-open, in pixels."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class Measurement:
    """What is measured inside the outline. Lengths are None when the file gives no pixel spacing."""

    long_axis_mm: float | None
    short_axis_mm: float | None
    area_mm2: float | None
    mean_hu: float
    sd_hu: float
    min_hu: float
    max_hu: float
    long_axis_px: tuple[float, float, float, float]  # x0, y0, x1, y1 of the drawn line
    short_axis_px: tuple[float, float, float, float]


@dataclass(frozen=True)
class Region:
    """One region of interest on one slice. `region_id` is R1, R2, … within a session."""

    region_id: str
    series_key: str
    slice_index: int  # 0-based; people and JSON see `slice` = slice_index + 1
    box: PixelBox
    outline_px: tuple[tuple[float, float], ...]  # closed polygon, (x, y)
    measurement: Measurement
    origin: Origin
    outline: Outline
    score: float | None = None  # 0..1, suggestions only
    name: str = ""  # the user's own


def same_outline(a: Region, b: Region) -> bool:
    """Tell whether two regions are the same place and outline, whoever marked them."""
    return (a.series_key, a.slice_index, a.box, a.outline_px) == (b.series_key, b.slice_index, b.box, b.outline_px)


def same_lesion(a: Region, b: Region) -> bool:
    """Tell whether two regions are on one slice and share most of their boxes."""
    if a.series_key != b.series_key or a.slice_index != b.slice_index:
        return False
    width = min(a.box.x1, b.box.x1) - max(a.box.x0, b.box.x0)
    height = min(a.box.y1, b.box.y1) - max(a.box.y0, b.box.y0)
    if width <= 0 or height <= 0:
        return False
    shared = width * height
    areas = sum((r.box.x1 - r.box.x0) * (r.box.y1 - r.box.y0) for r in (a, b))
    return shared / (areas - shared) >= SAME_LESION_OVERLAP
