"""Pixels of any accepted kind to the one scale the network sees. Training and serving share it; needs no torch."""

import numpy as np
from numpy.typing import NDArray

from encoder.errors import EncoderError
from encoder.preprocess.windows import windows_of
from encoder.roi import ROI_SIZE

# One straight line for HU: a lung nodule stored as HU then looks like the publisher-rescaled 8-bit nodules used for
# training, and float32 keeps soft-tissue contrast for the network's own narrow-window channel.
HU_RANGE = (-1000.0, 900.0)
SOFT_TISSUE_HU = (-160.0, 240.0)

PREPROCESSING_VERSION = "hu-of-windows-48mm"


def hu_to_unit(hu: float) -> float:
    """Scale a Hounsfield value to 0..1, without clipping."""
    low, high = HU_RANGE
    return (hu - low) / (high - low)


def standardize(images: NDArray[np.generic]) -> NDArray[np.float32]:
    """Scale ROIs to the values the network was trained on.

    Shape: ROIs (N, 64, 64) or one (64, 64) in, (N, 1, 64, 64) float32 in 0..1 out; with their context (N, 2, 64, 64)
    in, the same shape out.
    Integers are Hounsfield units, but for `uint8`, which is brought back to them from its likeliest window; floating
    point is taken as already in 0..1.
    NaN and infinities become 0. Raises EncoderError for another shape or kind.
    """
    array = np.asarray(images)
    if array.ndim == 2:
        array = array[None]
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or array.shape[1] not in (1, 2) or array.shape[2:] != (ROI_SIZE, ROI_SIZE):
        raise EncoderError(
            f"the encoder takes ROIs of {ROI_SIZE}x{ROI_SIZE} pixels, alone or with their context, not an array of "
            f"shape {np.shape(images)}; crop the region first"
        )
    low, high = HU_RANGE
    if array.dtype == np.uint8:
        black, white = windows_of(array).T.reshape(2, -1, 1, 1, 1)
        hu = black + array.astype(np.float32) * ((white - black) / 255.0)
        unit = (hu - low) / (high - low)
    elif np.issubdtype(array.dtype, np.integer):
        unit = (array.astype(np.float32) - low) / (high - low)
    elif np.issubdtype(array.dtype, np.floating):
        unit = np.nan_to_num(array.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    else:
        raise EncoderError(f"the encoder takes int16 (HU), uint8 (windowed) or float pixels, not {array.dtype}")
    scaled: NDArray[np.float32] = np.clip(unit, 0.0, 1.0)
    return scaled
