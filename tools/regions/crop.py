"""From a region to what the encoder sees: a square crop of 64×64 pixels, and its picture for people."""

import numpy as np
from numpy.typing import NDArray

from encoder.roi import CONTEXT_WIDTHS, ROI_SIZE, ROI_WIDTH_MM, resampling_weights
from tools.domain.body_regions import is_head
from tools.domain.region import PixelBox, Region
from tools.domain.study import Series
from tools.domain.windows import BONE_WINDOW, BRAIN_WINDOW, LUNG_WINDOW, SOFT_TISSUE_WINDOW, Window

BOX_MARGIN = 1.5  # a large lesion gets half its size of surroundings
AIR_HU = -1024  # as scanners fill what they did not measure; 0 once windowed


def crop_roi(series: Series, region: Region) -> NDArray[np.int16]:
    """Crop the square ROI around a region, (64, 64) int16 HU.

    Centred on the box, `field_of_view_mm` wide, resampled to square pixels (averaged where that makes it coarser), edge
    pixels repeated outside the slice.
    """
    return crop_box(series.volume_hu[region.slice_index], region.box, series.spacing_mm[1:])


def crop_with_context(series: Series, region: Region) -> NDArray[np.int16]:
    """Crop what the encoder takes of a region: the ROI of `crop_roi` and its context, (2, 64, 64) int16 HU."""
    return crop_box_with_context(series.volume_hu[region.slice_index], region.box, series.spacing_mm[1:])


def field_of_view_mm(box: PixelBox, spacing_mm: tuple[float, float]) -> float:
    """Compute how wide the crop of a box is: at least 48 mm, and at least 1.5 times the box."""
    row_mm, column_mm = spacing_mm
    return max(ROI_WIDTH_MM, BOX_MARGIN * (box.y1 - box.y0) * row_mm, BOX_MARGIN * (box.x1 - box.x0) * column_mm)


def crop_box(
    image: NDArray[np.int16],
    box: PixelBox,
    spacing_mm: tuple[float, float],
    width_mm: float | None = None,
    pixels: int = ROI_SIZE,
    outside_hu: int | None = None,
    bounds_hu: tuple[int, int] | None = None,
) -> NDArray[np.int16]:
    """Crop one slice as `crop_roi` does: `image` (rows, columns), `spacing_mm` (row, column).

    People may want another width, and more `pixels` than the encoder takes: (pixels, pixels). Outside the slice its
    edge is repeated, or `outside_hu` stands there; what lies beyond `bounds_hu` is cut to them first.
    """
    row_mm, column_mm = spacing_mm
    width_mm = width_mm or field_of_view_mm(box, spacing_mm)
    rows, row_weights = _samples((box.y0 + box.y1) / 2, width_mm / row_mm, pixels)
    columns, column_weights = _samples((box.x0 + box.x1) / 2, width_mm / column_mm, pixels)
    inside = np.ix_(rows.clip(0, image.shape[0] - 1), columns.clip(0, image.shape[1] - 1))
    patch: NDArray[np.float32] = image[inside].astype(np.float32)
    if bounds_hu is not None:
        patch.clip(*bounds_hu, out=patch)
    if outside_hu is not None:
        patch[(rows < 0) | (rows >= image.shape[0])] = outside_hu
        patch[:, (columns < 0) | (columns >= image.shape[1])] = outside_hu
    roi = row_weights @ patch @ column_weights.T
    return np.rint(roi).astype(np.int16)


def crop_box_with_context(
    image: NDArray[np.int16],
    box: PixelBox,
    spacing_mm: tuple[float, float],
    bounds_hu: tuple[int, int] | None = None,
) -> NDArray[np.int16]:
    """Crop one slice as `crop_with_context` does, cut to `bounds_hu`: `image` (rows, columns) -> (2, 64, 64).

    The context has the same centre, three times the width, and air outside the slice: a repeated edge would draw bodies
    that are not there.
    """
    context_mm = CONTEXT_WIDTHS * field_of_view_mm(box, spacing_mm)
    return np.stack(
        (
            crop_box(image, box, spacing_mm, bounds_hu=bounds_hu),
            crop_box(image, box, spacing_mm, context_mm, outside_hu=AIR_HU, bounds_hu=bounds_hu),
        )
    )


def _samples(center: float, width: float, pixels: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Source pixels (n,) of one axis, also outside the image, and the (pixels, n) weights that resample them."""
    step = width / pixels
    reach = max(step, 1.0)
    targets = center - width / 2 + (np.arange(pixels) + 0.5) * step - 0.5  # pixel centres are whole numbers
    source = np.arange(np.floor(targets[0] - reach), np.ceil(targets[-1] + reach) + 1)
    return source.astype(np.intp), resampling_weights(targets, source, step)


def to_thumbnail(roi: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Show the ROI as grey levels for the eye, same shape. HU get the window that shows most of them; uint8 stays."""
    if roi.dtype == np.uint8:
        return roi.astype(np.uint8)
    hu = roi.astype(np.int16)
    return apply_window(hu, best_window(hu))


def best_window(roi_hu: NDArray[np.int16]) -> Window:
    """Choose lung, bone or soft tissue, by what fills the crop; an aerated lung needs not fill it to matter."""
    lung = np.mean((roi_hu > -990) & (roi_hu < -400))
    bone = np.mean(roi_hu > 200)
    if lung > 0.25:
        return LUNG_WINDOW
    return BONE_WINDOW if bone > 0.2 else SOFT_TISSUE_WINDOW


def region_window(series: Series, region: Region) -> Window:
    """Choose the window of a region's pictures: `best_window` of its crop, the brain's for soft tissue in the head."""
    window = best_window(crop_roi(series, region))
    in_head = is_head(series.facts.body_part or series.facts.body_part_seen)
    return BRAIN_WINDOW if in_head and window == SOFT_TISSUE_WINDOW else window


def apply_window(hu: NDArray[np.int16], window: Window) -> NDArray[np.uint8]:
    """Map HU to 0..255, any shape: `level_hu` becomes mid-grey."""
    low = window.level_hu - window.width_hu / 2
    grey: NDArray[np.float32] = (hu.astype(np.float32) - low) * (255 / window.width_hu) + 0.5
    return grey.clip(0, 255).astype(np.uint8)
