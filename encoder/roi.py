"""The size of an ROI, in pixels and millimetres, and resampling to it. Needs no torch."""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Pixel = TypeVar("Pixel", bound=np.generic)

ROI_SIZE = 64
ROI_WIDTH_MM = 48.0  # enough surroundings to tell a lung from a liver, small enough that 5 mm nodules stay visible
CONTEXT_WIDTHS = 3  # widths of its ROI that a context spans, around the same centre: what shows the place in the body

_CHUNK = 1024
_PIXELS = np.arange(ROI_SIZE)
_CENTRE = (ROI_SIZE - 1) / 2


def native_width_mm(pixel_spacing_mm: float | None, field_of_view_mm: float | None) -> float:
    """Compute the width in mm of an ROI cut out pixel by pixel; NaN where it need not be resampled.

    An ROI with a field of view was cropped to the width that the encoder wants (`tools/regions/crop.py`); one without a
    pixel spacing cannot be judged.
    """
    if field_of_view_mm is not None or pixel_spacing_mm is None:
        return math.nan
    return ROI_SIZE * pixel_spacing_mm


def to_roi_width(images: NDArray[Pixel], width_mm: NDArray[np.floating]) -> NDArray[Pixel]:
    """Resample ROIs to the one width that the encoder knows, so that a millimetre is as long in each of them.

    Shape: (N, …, 64, 64) of any kind and the widths of the ROIs in mm (N,), NaN for those that stay as they are -> the
    same shape and kind. A context is scaled as its ROI is. Border pixels are repeated outside.
    """
    known = np.flatnonzero(~np.isnan(width_mm))
    if not len(known):
        return images
    resampled = np.array(images)
    for rows in np.array_split(known, -(-len(known) // _CHUNK)):
        step = (ROI_WIDTH_MM / width_mm[rows]).reshape(-1, *[1] * (images.ndim - 2))
        targets = np.clip(_CENTRE + (_PIXELS - _CENTRE) * step, 0, ROI_SIZE - 1)
        weights = resampling_weights(targets, _PIXELS, step[..., None])
        seen = weights @ resampled[rows].astype(np.float32) @ weights.swapaxes(-1, -2)
        resampled[rows] = np.rint(seen) if np.issubdtype(images.dtype, np.integer) else seen
    return resampled


def rois_alone(inputs: NDArray[Pixel]) -> NDArray[Pixel]:
    """Leave out the contexts, to show ROIs to people. Shape: (N, 64, 64) or (N, 2, 64, 64) -> (N, 64, 64)."""
    return inputs[:, 0] if inputs.ndim == 4 else inputs


def has_context(contexts: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Tell which contexts show anything: one of a single value stands for none. Shape: (…, 64, 64) -> (…)."""
    shown: NDArray[np.bool_] = np.asarray(contexts.max(axis=(-2, -1)) != contexts.min(axis=(-2, -1)))
    return shown


def resampling_weights(
    targets: NDArray[np.floating], source: NDArray[np.number], step: "NDArray[np.floating] | float"
) -> NDArray[np.float32]:
    """Weigh source pixels for each target pixel: linear interpolation, or a wider triangle when the result is coarser.

    The triangle keeps thin vessels from flickering in and out.

    Shape: positions (…, T) and (S,) in source pixels, `step` between targets -> (…, T, S), each row with the sum 1.
    """
    weights = np.clip(1 - np.abs(targets[..., None] - source) / np.maximum(step, 1.0), 0, None)
    scaled: NDArray[np.float32] = (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)
    return scaled
