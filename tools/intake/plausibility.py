"""Whether a volume that is stated in Hounsfield units can be in them: air and water must be where they belong."""

import numpy as np
from numpy.typing import NDArray

from tools.intake.messages import Note

AIR_BELOW_HU = -200  # fat ends at -150; lung, bowel gas and the air around a patient lie below
SOFT_TISSUE_FROM_HU = -200
CONTRAST_HU = (700, 1300)  # of a body against air
SHIFTED_BODY_HU = 600  # the median of a body; unshifted it lies between fat and a little bone
GREY_BACKGROUND = (-5, 40)  # where the background of shifted or windowed values lies
FLAT = 3  # a background differs from itself by less
MIN_BACKGROUND, MIN_BODY = 0.05, 0.2  # shares of the pixels
MIN_SIDE = 32  # smaller images prove nothing
MIN_SLICES = 3  # fewer may all lie outside the patient
SAMPLED_SLICES, STEP = 24, 2


def is_large_enough(rows: int, columns: int) -> bool:
    """Tell whether images of this size can be judged at all."""
    return min(rows, columns) >= MIN_SIDE


def holds_air_and_tissue(image: NDArray[np.int16]) -> bool:
    """Tell whether one slice (rows, columns) has what only Hounsfield units give: air, and something denser."""
    return bool(image.min() < AIR_BELOW_HU and image.max() > SOFT_TISSUE_FROM_HU)


def reason_against_values(volume: NDArray[np.int16]) -> Note | None:
    """Find why the values (slices, rows, columns) are not Hounsfield units as stated; None where they may be.

    A body that fills the field has no air and is none the worse for it: its corners are as dense and as noisy as the
    rest. Values shifted by 1024, or grey levels, have a background of their own that is no air.
    """
    slices, rows, columns = volume.shape
    if not is_large_enough(rows, columns):
        return None
    sample = volume[:: max(1, slices // SAMPLED_SLICES), ::STEP, ::STEP]
    if sample.min() < AIR_BELOW_HU:
        high = float(np.percentile(sample, 99.9))
        is_empty = high - float(sample.min()) < FLAT
        return Note.NO_TISSUE if high < SOFT_TISSUE_FROM_HU and slices >= MIN_SLICES and not is_empty else None
    background = _background(sample)
    if background is None:
        return None
    body = sample[sample > background + 10 * FLAT]
    if body.size < MIN_BODY * sample.size:
        return None
    density = float(np.median(body))
    is_shifted = density > SHIFTED_BODY_HU and CONTRAST_HU[0] <= density - background <= CONTRAST_HU[1]
    is_grey = GREY_BACKGROUND[0] <= background <= GREY_BACKGROUND[1] and sample.min() >= background - FLAT
    return Note.NO_AIR if is_shifted or is_grey else None


def _background(sample: NDArray[np.int16]) -> float | None:
    """Measure what lies in the corners, if it is the lowest there is, or nearly constant; else None."""
    rows, columns = (max(2, side // 16) for side in sample.shape[1:])
    corners = np.stack(
        [sample[:, r, c] for r in (slice(rows), slice(-rows, None)) for c in (slice(columns), slice(-columns, None))]
    )
    level = float(np.median(corners))
    spread = float(np.median(np.abs(corners - level)))
    tolerance = max(FLAT, 4 * spread)
    share = float((np.abs(sample - level) <= tolerance).mean())
    below = float((sample < level - tolerance).mean())
    return level if share >= MIN_BACKGROUND and below < MIN_BACKGROUND else None
