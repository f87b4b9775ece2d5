"""How far the slices of a series lie apart, and whether that is the same everywhere."""

import numpy as np
from numpy.typing import NDArray

from encoder.errors import LesionSearchError
from tools.domain.study import Series

UNEVEN_TOLERANCE = 0.02  # relative to the median gap
UNEVEN_FLOOR_MM = 0.11  # positions may be rounded to a tenth


class SliceGapError(LesionSearchError):
    """What lies across slices cannot be measured or shown in this series."""


def gaps_are_even(gaps: NDArray[np.float64]) -> bool:
    """Tell whether distances between slices are equal but for what rounding makes of them."""
    return gaps.size == 0 or bool(np.ptp(gaps) <= max(UNEVEN_TOLERANCE * float(np.median(gaps)), UNEVEN_FLOOR_MM))


def even_gap_mm(series: Series, what: str) -> float:
    """Give the distance between slice centres. Raises SliceGapError, about `what`, where it is unknown or uneven."""
    if len(series.slice_positions_mm) < 2:
        raise SliceGapError(f"This series has one slice, so there is no {what}.")
    if series.facts.slice_gap_mm is None:
        raise SliceGapError(f"The file does not say where its slices lie, so there is no {what}.")
    gaps = np.diff(series.slice_positions_mm)
    if not gaps_are_even(gaps) or gaps.min() <= 0:
        raise SliceGapError(
            f"The gaps between slices are uneven ({gaps.min():.2f} to {gaps.max():.2f} mm): slices may be missing, so "
            f"there is no {what}."
        )
    return float(np.median(gaps))
