"""A small picture of a series, by which it is known in a list."""

import numpy as np
from numpy.typing import NDArray

from tools.domain.study import Series
from tools.domain.windows import DISPLAY_WINDOWS, Window
from tools.regions.crop import apply_window

SIDE_PX = 96


def series_thumbnail(series: Series) -> NDArray[np.uint8]:
    """Draw the middle slice of a series, true to its proportions, its longer side `SIDE_PX`; gives (rows, columns).

    Waits until that slice is decoded. Raises SliceError where it cannot be.
    """
    image = series.volume_hu[series.middle_slice]
    _, row_mm, column_mm = series.spacing_mm
    step_mm = max(image.shape[0] * row_mm, image.shape[1] * column_mm) / SIDE_PX
    rows, columns = (
        (np.arange(max(1, round(count * mm / step_mm))) * step_mm / mm).astype(int).clip(0, count - 1)
        for count, mm in zip(image.shape, (row_mm, column_mm), strict=True)
    )
    small = image[np.ix_(rows, columns)]
    return apply_window(small, series.window or _window_of(series, small))


def _window_of(series: Series, image: NDArray[np.int16]) -> Window:
    """Choose the first display window, or for values that are not HU the range they have."""
    if series.facts.units == "HU":
        return next(iter(DISPLAY_WINDOWS.values()))
    low, high = (float(value) for value in np.percentile(image, (1, 99)))
    return Window(max(high - low, 1.0), (low + high) / 2)
