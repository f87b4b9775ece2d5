"""Whether a volume that is stated in Hounsfield units can be in them: air and water must be where they belong."""

import numpy as np
from numpy.typing import NDArray

from tools.intake.messages import Note

AIR_BELOW_HU = -200  # fat ends at -150; lung, bowel gas and the air around a patient lie below
SOFT_TISSUE_FROM_HU, SOFT_TISSUE_TO_HU = -200, 200
AIR_HU = -1000
AIR_OFF_HU = 20  # scanners measure the air around a patient more closely than that
THIN_AIR_HU = -850  # what lies in all corners, is as even as air and denser than this, is no air
SOME_WATER_HU = 100  # fat, water or muscle lie below, and some of it is in every field
BONE_HU = 400  # no soft tissue is as dense, with contrast medium either
CONTRAST_HU = (700, 1300)  # of a body against air
SHIFTED_BODY_HU = 600  # the median of a body; unshifted it lies between fat and a little bone
GREY_BACKGROUND = (-5, 40)  # where the background of shifted or windowed values lies
INVERTED_HU = (200, 3000)  # a bright background; above it is padding that nothing declares
DENSEST_HU = 32000  # beyond the extended scale of metal; negative values end up there whose sign was lost
PADDED_CORNER = 0.005  # share of the image; corners outside a circular field of view have a twentieth each
CORNERS_SHARE = 0.25  # of the pixels: more than lies outside the circle that a scanner reconstructs
WRAPPED_SHARE = 0.002  # of the pixels, not counting padding that fills a corner
MUCH_SOFT, NO_SOFT = 0.15, 0.001  # shares of soft tissue in slices through a body, and in one that cannot be
LEAST_RANGE = 50  # a slice whose values differ by less is blank
FLAT = 3  # a background differs from itself by less
EVEN_AIR = 12  # and air, which has noise, by less
MIN_BACKGROUND, MIN_BODY = 0.05, 0.2  # shares of the pixels
SOME_SOFT = 0.005  # share of the pixels that is fat, water or muscle in every body, also around metal
MIN_SIDE = 32  # smaller images prove nothing
MIN_SLICES = 3  # fewer may all lie outside the patient
SAMPLED_SLICES, STEP = 24, 2


def is_large_enough(rows: int, columns: int) -> bool:
    """Tell whether images of this size can be judged at all."""
    return min(rows, columns) >= MIN_SIDE


def is_beyond_doubt(image: NDArray[np.int16]) -> bool:
    """Tell whether one slice (rows, columns) has what only Hounsfield units give: air where it belongs, and something
    denser."""
    holds_both = image.min() < AIR_BELOW_HU and image.max() > SOFT_TISSUE_FROM_HU
    return bool(holds_both) and reason_against_values(image[None]) is None and note_on_air(image[None]) is None


def reason_against_values(volume: NDArray[np.int16]) -> Note | None:
    """Find why the values (slices, rows, columns) are not Hounsfield units as stated; None where they may be.

    A body that fills the field has no air and is none the worse for it: its corners are as dense and as noisy as the
    rest. Values shifted by 1024, inverted, or grey levels, have a background of their own that is no air.
    """
    slices, rows, columns = volume.shape
    if not is_large_enough(rows, columns):
        return None
    problem = _problem(volume[:: max(1, slices // SAMPLED_SLICES), ::STEP, ::STEP])
    if problem is not None or slices == 1:
        return problem
    airless = volume[:, ::STEP, ::STEP].min(axis=(1, 2)) >= AIR_BELOW_HU
    return Note.SOME_SLICES if not airless.all() and wrong_slices(volume) else None


def wrong_slices(volume: NDArray[np.int16]) -> list[int]:
    """List the slices of a volume (slices, rows, columns) that are not in Hounsfield units while the others are.

    They are without air where there is a background, have values that lost their sign, or no tissue within a body.
    """
    seen = volume[:, ::STEP, ::STEP]
    suspect = (seen.min(axis=(1, 2)) >= AIR_BELOW_HU) | (seen.max(axis=(1, 2)) >= DENSEST_HU)
    wrong = {int(i) for i in np.flatnonzero(suspect) if _problem(seen[i : i + 1]) is not None}
    coarse = seen[:, ::STEP, ::STEP]
    soft = ((coarse > SOFT_TISSUE_FROM_HU) & (coarse < SOFT_TISSUE_TO_HU)).mean(axis=(1, 2))
    body = np.flatnonzero(soft >= MUCH_SOFT)
    if len(body):
        inside = np.arange(body[0], body[-1])
        wrong |= {int(i) for i in inside[soft[inside] < NO_SOFT] if np.ptp(coarse[i]) >= LEAST_RANGE}
    return sorted(wrong)


def note_on_air(volume: NDArray[np.int16]) -> Note | None:
    """Find what is to be said of the air in values (slices, rows, columns) that may be Hounsfield units."""
    slices, rows, columns = volume.shape
    if not is_large_enough(rows, columns):
        return None
    sample = volume[:: max(1, slices // SAMPLED_SLICES), ::STEP, ::STEP]
    level, spread = _corners(sample)
    if AIR_HU + AIR_OFF_HU < level <= THIN_AIR_HU and spread <= EVEN_AIR:
        return Note.AIR_OFF
    is_cut = THIN_AIR_HU < level < GREY_BACKGROUND[0] and spread == 0 and sample.min() == level
    return Note.CUT_OFF if is_cut and float((sample > level).mean()) >= MIN_BODY else None


def _problem(sample: NDArray[np.int16]) -> Note | None:
    if _is_wrapped(sample):
        return Note.WRAPPED
    lowest, high = int(sample.min()), float(np.percentile(sample, 99.9))
    level, spread = _corners(sample)
    tolerance = max(FLAT, 4 * spread)
    share = float((np.abs(sample - level) <= tolerance).mean())
    below, above = float((sample < level - tolerance).mean()), float((sample > level + tolerance).mean())
    if INVERTED_HU[0] <= level <= INVERTED_HU[1] and share >= MIN_BACKGROUND and above < MIN_BACKGROUND < below:
        has_air = float((sample < THIN_AIR_HU).mean()) >= MIN_BACKGROUND
        return Note.NO_AIR if spread <= EVEN_AIR and not has_air else None
    if lowest < AIR_BELOW_HU:
        if high < SOFT_TISSUE_FROM_HU and len(sample) >= MIN_SLICES and high - lowest >= FLAT:
            return Note.NO_TISSUE
        soft = (sample > SOFT_TISSUE_FROM_HU) & (sample < SOFT_TISSUE_TO_HU)
        if (sample >= BONE_HU).mean() >= MIN_BODY and soft.mean() < SOME_SOFT:
            return Note.NO_TISSUE
        no_air = THIN_AIR_HU < level < AIR_BELOW_HU and spread <= EVEN_AIR and below < MIN_BACKGROUND <= share
        return Note.NO_AIR if no_air and lowest < level else None
    if np.median(sample) > SHIFTED_BODY_HU and np.percentile(sample, 1) > SOME_WATER_HU:
        return Note.NO_TISSUE
    if below >= MIN_BACKGROUND or share < MIN_BACKGROUND:
        return None
    body = sample[sample > level + 10 * FLAT]
    if body.size < MIN_BODY * sample.size:
        return None
    density = float(np.median(body))
    is_shifted = density > SHIFTED_BODY_HU and CONTRAST_HU[0] <= density - level <= CONTRAST_HU[1]
    is_grey = GREY_BACKGROUND[0] <= level <= GREY_BACKGROUND[1] and lowest >= level - FLAT
    return Note.NO_AIR if is_shifted or is_grey else None


def from_corners(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep of a mask (rows, columns) the parts that fill a corner of the image."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    corners = {int(label) for label in (labels[0, 0], labels[0, -1], labels[-1, 0], labels[-1, -1])} - {0}
    kept: NDArray[np.bool_] = np.isin(labels, [c for c in corners if np.mean(labels == c) >= PADDED_CORNER])
    return kept


def _is_wrapped(sample: NDArray[np.int16]) -> bool:
    """Whether values beyond any metal lie within a slice, or all around in one without air; in its corners alone they
    are padding that nothing declares."""
    for image in sample:
        beyond = image >= DENSEST_HU
        if beyond.any():
            outside = from_corners(beyond)
            airless = image.min() >= AIR_BELOW_HU
            if (beyond & ~outside).mean() >= WRAPPED_SHARE or (airless and outside.mean() > CORNERS_SHARE):
                return True
    return False


def _corners(sample: NDArray[np.int16]) -> tuple[float, float]:
    """Measure what lies in the corners: median, and median distance from it."""
    rows, columns = (max(2, side // 16) for side in sample.shape[1:])
    corners = np.stack(
        [sample[:, r, c] for r in (slice(rows), slice(-rows, None)) for c in (slice(columns), slice(-columns, None))]
    )
    level = float(np.median(corners))
    return level, float(np.median(np.abs(corners - level)))
