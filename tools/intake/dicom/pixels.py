"""Stored pixel values to Hounsfield units, or to plain numbers where a file has none. NumPy only."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.domain.windows import SOFT_TISSUE_WINDOW
from tools.intake.messages import Reason
from tools.intake.plausibility import DENSEST_HU, from_corners

AIR_HU = -1024  # what lies outside the scanned circle; nothing on the Hounsfield scale is lower
MAX_HU = 32767
MAX_GREY = 255
SMALL_NEGATIVE = (1 << 16) - (1 << 12)  # a stored value of -4096, read without its sign
LOWEST_TISSUE_HU = -950.0  # a padding value above it would erase anatomy, or metal, if the tag were wrong
PADDED_MOST = 0.6  # share of the image that padding of tissue density may have in all
LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in DICOM's YBR_FULL


class RescaleError(ValueError):
    """A slope or intercept that cannot be meant."""

    reason = Reason.BAD_RESCALE


@dataclass(frozen=True)
class Rescale:
    """PS3.3 C.11.1: output = slope * stored + intercept."""

    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        usable = math.isfinite(self.slope) and math.isfinite(self.intercept) and self.slope != 0.0
        if not usable or abs(self.slope) > 1e6 or abs(self.intercept) > 1e9:
            raise RescaleError("slope or intercept is zero or not a number")

    def apply(self, stored: NDArray[np.generic]) -> NDArray[np.float32]:
        """float64 inside, so that 32-bit stored values keep their digits."""
        return np.asarray(stored.astype(np.float64) * self.slope + self.intercept, dtype=np.float32)


@dataclass(frozen=True)
class LookupTable:
    """Modality LUT (PS3.3 C.11.1.1.1): values below the first entry map to the first, above the last to the last."""

    first: int
    entries: NDArray[np.float32]

    def apply(self, stored: NDArray[np.generic]) -> NDArray[np.float32]:
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return self.entries[index]


def stored_bits(
    pixels: NDArray[np.generic], bits_allocated: int, bits_stored: int, high_bit: int
) -> NDArray[np.generic]:
    """Extract the stored value inside each allocated cell, sign extended where the type is signed (PS3.5 8.1.1).

    The other bits may hold old overlays or nothing in particular.
    """
    if bits_stored == bits_allocated:
        return pixels
    up = np.asarray(bits_allocated - high_bit - 1, dtype=pixels.dtype)
    down = np.asarray(bits_allocated - bits_stored, dtype=pixels.dtype)
    return np.right_shift(np.left_shift(pixels, up), down)  # type: ignore[call-overload, no-any-return]


def with_sign(stored: NDArray[np.generic], transform: Rescale | LookupTable) -> NDArray[np.generic]:
    """Read 16-bit values as signed where the file says that they are not, and some would be denser than any metal."""
    if stored.dtype != np.uint16 or not isinstance(transform, Rescale) or stored.max() < SMALL_NEGATIVE:  # type: ignore[operator]
        return stored
    lost = transform.apply(np.array([SMALL_NEGATIVE])) > DENSEST_HU
    return stored.view(np.int16) if lost.all() else stored


def padding_mask(
    stored: NDArray[np.generic], padding: int | None, limit: int | None, bits_allocated: int
) -> NDArray[np.bool_] | None:
    """Mark where Pixel Padding Value (and Range Limit) says that nothing was measured; None when nowhere.

    The tag's sign is often written wrongly, so it is first read in the pixels' own type.
    """
    if padding is None or stored.dtype.kind not in "iu":
        return None
    first = in_type(padding, stored.dtype.kind == "i", bits_allocated)
    last = first if limit is None else in_type(limit, stored.dtype.kind == "i", bits_allocated)
    mask = (stored >= min(first, last)) & (stored <= max(first, last))  # type: ignore[operator]
    return mask if mask.any() else None


def to_hu(
    stored: NDArray[np.generic], transform: Rescale | LookupTable, padded: NDArray[np.bool_] | None = None
) -> NDArray[np.int16]:
    """Convert stored values to int16 HU: rounded to the nearest, at least -1024, padding becomes air."""
    if isinstance(transform, Rescale) and _is_exact(stored, transform):
        hu = np.clip(stored.astype(np.int32) + int(transform.intercept), AIR_HU, MAX_HU).astype(np.int16)
    else:
        values = np.nan_to_num(transform.apply(stored), nan=AIR_HU, posinf=MAX_HU, neginf=AIR_HU)
        hu = np.clip(np.rint(values), AIR_HU, MAX_HU).astype(np.int16)
    if padded is not None:
        hu[padded] = AIR_HU
    return hu


def to_numbers(
    stored: NDArray[np.generic], transform: Rescale | LookupTable, padded: NDArray[np.bool_] | None, inverted: bool
) -> NDArray[np.float32]:
    """Convert stored values to float32 of no unit; NaN where padded; inverted for MONOCHROME1."""
    numbers = transform.apply(stored)
    if inverted:
        numbers = -numbers
    numbers[~np.isfinite(numbers)] = np.nan
    if padded is not None:
        numbers[padded] = np.nan
    return numbers


def credible_padding(
    stored: NDArray[np.generic], padded: NDArray[np.bool_], transform: Rescale | LookupTable
) -> NDArray[np.bool_] | None:
    """Keep of the pixels that equal the padding value, or lie in its range, those that can be meant; None where none
    can.

    Where they have the density of tissue or metal, padding is what is connected to a corner of the image (PS3.3
    C.7.5.1.1.2: outside the reconstructed field); equal values inside the patient are measured.
    """
    values = stored[padded]
    if (transform.apply(np.array([values.min(), values.max()])) <= LOWEST_TISSUE_HU).all():
        return padded
    empty = padded.copy()
    empty[padded] = transform.apply(values) <= LOWEST_TISSUE_HU
    dense = padded & ~empty
    kept = from_corners(dense)
    if not kept.any() or kept.mean() > PADDED_MOST:
        return empty if empty.any() else None
    return kept | empty


def either(a: NDArray[np.bool_] | None, b: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Join two masks, None being empty."""
    return b if a is None else a if b is None else a | b


def luminance(colour: NDArray[np.generic]) -> NDArray[np.float32]:
    """Convert (rows, columns, 3) RGB to (rows, columns) brightness."""
    return np.asarray(colour.astype(np.float32) @ np.asarray(LUMINANCE, dtype=np.float32))


def display_range(frames: list[NDArray[np.float32]], center: float | None, width: float | None) -> tuple[float, float]:
    """Choose the values that are shown as black and white: the file's window, else the 1st and 99th percentile."""
    if center is not None and width is not None:
        return center - width / 2, center + width / 2
    sample = np.concatenate([frame[::4, ::4].ravel() if frame.size > 4096 else frame.ravel() for frame in frames])
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(sample, (1, 99))
    if high <= low:
        low, high = sample.min(), sample.max()
    return float(low), float(high) if high > low else float(low) + 1.0


def to_scale(numbers: NDArray[np.float32], black: float, white: float) -> NDArray[np.int16]:
    """Map numbers of no unit onto the soft-tissue window of the HU scale: `black` becomes -160 and `white` 240.

    The encoder and the viewer's first window then see an ordinary contrast, whatever the modality.
    """
    width, level = SOFT_TISSUE_WINDOW.width_hu, SOFT_TISSUE_WINDOW.level_hu
    scaled = (numbers.astype(np.float64) - black) * (width / (white - black)) + (level - width / 2)
    return np.clip(np.rint(np.nan_to_num(scaled, nan=AIR_HU)), AIR_HU, 3071).astype(np.int16)


def _is_exact(stored: NDArray[np.generic], rescale: Rescale) -> bool:
    """Slope 1 and a whole intercept need no floating point: most CT, and four times as fast."""
    return (
        stored.dtype.kind in "iu"
        and stored.dtype.itemsize <= 2
        and rescale.slope == 1.0
        and rescale.intercept == int(rescale.intercept)
    )


def in_type(value: int, signed: bool, bits: int) -> int:
    """Read a padding value in the pixels' own type, whichever sign it is written with."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value
