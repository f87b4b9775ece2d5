"""The pictures of a report: a whole slice with a region outlined, a close-up with nothing drawn on it."""

import numpy as np

from tools.domain.region import Region
from tools.domain.study import Series
from tools.regions.crop import apply_window, best_window, crop_box, field_of_view_mm, region_window
from tools.regions.png import to_png
from tools.report.content import CloseUp

OUTLINE_COLOUR = (255, 196, 0)
CLOSE_UP_PIXELS = 512


def outlined_slice(series: Series, region: Region) -> bytes:
    """Draw the whole slice in the window of the region's surroundings, the region outlined; a PNG."""
    from PIL import Image, ImageDraw

    window = region_window(series, region)
    image = Image.fromarray(apply_window(series.volume_hu[region.slice_index], window)).convert("RGB")
    if region.outline_px:
        centred = [(x - 0.5, y - 0.5) for x, y in (*region.outline_px, region.outline_px[0])]  # Pillow counts centres
        ImageDraw.Draw(image).line(centred, fill=OUTLINE_COLOUR, width=2)
    return to_png(np.asarray(image))


def plain_slice(series: Series, slice_index: int) -> bytes:
    """Show a whole slice (0-based index) with nothing drawn on it; a PNG."""
    image = series.volume_hu[slice_index]
    return to_png(apply_window(image, series.window or best_window(image)))


def close_up(series: Series, region: Region) -> CloseUp:
    """Show what the encoder sees of a region, finer: as wide, in the same window, and where on the slice it lies."""
    row_mm, column_mm = series.spacing_mm[1:]
    width_mm = field_of_view_mm(region.box, (row_mm, column_mm))
    image = crop_box(series.volume_hu[region.slice_index], region.box, (row_mm, column_mm), width_mm, CLOSE_UP_PIXELS)
    width, height = width_mm / column_mm, width_mm / row_mm
    return CloseUp(
        png=to_png(apply_window(image, region_window(series, region))),
        x=round((region.box.x0 + region.box.x1 - width) / 2, 2),
        y=round((region.box.y0 + region.box.y1 - height) / 2, 2),
        width=round(width, 2),
        height=round(height, 2),
    )
