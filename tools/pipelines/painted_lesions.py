"""Lesions painted into real CT slices, with known outlines, to fit the outlines to.

Blobs of uneven shape, brighter or darker than the tissue by a few times its noise, with a blurred edge, some with a
core of another density or a neighbour of the same; what is there stays visible through them as texture.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from tools.domain.region import PixelBox
from tools.pipelines.measured_lesions import PADDING_PX, MeasuredLesion
from tools.regions.measurement import longest_px
from tools.regions.polar import ANGLES

Floats = NDArray[np.float64]

RADII_MM = (3.0, 32.0)
CONTRAST = (1.2, 8.0)  # in units of the noise between pixels
LEAST_CONTRAST = 14.0  # grey levels
CORE_SHARE, CORE = 0.35, (0.35, 0.75)  # how many have a core, and how far it reaches
NEIGHBOUR_SHARE = 0.25
EVEN_SHARE = 0.7  # how many lie in even tissue, as of the liver
TRIES = 60
FAT_HU, FLESH_HU = -30.0, (-20.0, 90.0)  # what lies in fat or lung has the density of flesh


def paint_lesions(
    slices: Sequence[tuple[NDArray[np.int16], float, str]], count: int, seed: int
) -> list[MeasuredLesion]:
    """Paint one lesion each into `count` copies of slices, given as image, pixel size in mm and patient."""
    rng = np.random.default_rng(seed)
    painted: list[MeasuredLesion] = []
    while len(painted) < count:
        image, spacing_mm, patient = slices[int(rng.integers(len(slices)))]
        radius_mm = float(np.exp(rng.uniform(*np.log(RADII_MM))))
        place = place_in_tissue(image, radius_mm / spacing_mm, rng)
        if place is not None:
            radius_px = radius_mm / spacing_mm
            painted.append(paint_lesion(image.astype(np.float64), spacing_mm, patient, place, radius_px, rng))
    return painted


def place_in_tissue(
    image: NDArray[np.int16], radius_px: float, rng: np.random.Generator, even_share: float = EVEN_SHARE
) -> tuple[float, float] | None:
    """Choose a place (x, y) of soft tissue; in a share of cases one that is even as far as a lesion would reach."""
    even = rng.random() < even_share
    reach = max(3, int(radius_px * (0.9 if even else 0.4)))
    rows, columns = image.shape
    low, high = np.percentile(image[image > image.min() + 20], [5, 95]) if (image > image.min() + 20).any() else (0, 0)
    for _ in range(TRIES):
        x = int(rng.integers(2 * reach, max(columns - 2 * reach, 2 * reach + 1)))
        y = int(rng.integers(2 * reach, max(rows - 2 * reach, 2 * reach + 1)))
        around = image[y - reach : y + reach + 1, x - reach : x + reach + 1]
        if around.size == 0 or not low < np.median(around) < high:
            continue
        if np.percentile(around, 90) - np.percentile(around, 10) < (60 if even else 250):
            return float(x), float(y)
    return None


def uneven_radii(radius_px: float, rng: np.random.Generator) -> Floats:
    """Radii (72,) of an ellipse with a few waves."""
    ratio, turn = rng.uniform(0.5, 1), rng.uniform(0, np.pi)
    a, b = radius_px / np.sqrt(ratio), radius_px * np.sqrt(ratio)
    radii: Floats = a * b / np.hypot(b * np.cos(ANGLES - turn), a * np.sin(ANGLES - turn))
    for wave in (2, 3, 4, 5):
        radii = radii * (1 + rng.normal(0, 0.12 / wave) * np.cos(wave * ANGLES + rng.uniform(0, 2 * np.pi)))
    return radii


def soft_mask(shape: tuple[int, ...], center: tuple[float, float], radii: Floats, blur_px: float) -> Floats:
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    dx, dy = columns - center[0], rows - center[1]
    limit = np.interp(np.arctan2(dy, dx) % (2 * np.pi), ANGLES, radii, period=2 * np.pi)
    mask: Floats = 1 / (1 + np.exp(-np.clip((limit - np.hypot(dx, dy)) / max(blur_px, 0.2), -40, 40)))
    return mask


def paint_lesion(
    image: Floats,
    spacing_mm: float,
    patient: str,
    center: tuple[float, float],
    radius_px: float,
    rng: np.random.Generator,
) -> MeasuredLesion:
    """Paint one lesion around `center` (x, y) into a copy of the slice."""
    radii = uneven_radii(radius_px, rng)
    blur_px = rng.uniform(0.2, 0.8) / spacing_mm
    mask = soft_mask(image.shape, center, radii, blur_px)
    texture = image - gaussian_filter(image, 2.0)
    tissue = float(np.median(image[mask > 0.5])) if (mask > 0.5).any() else float(image[int(center[1]), int(center[0])])
    noise = 1.4826 * float(np.median(np.abs(texture[mask > 0.5]))) if (mask > 0.5).any() else 5.0
    contrast = max(LEAST_CONTRAST, noise * float(np.exp(rng.uniform(*np.log(CONTRAST)))))
    contrast *= -1 if rng.random() < 0.6 else 1
    value = tissue + contrast if tissue > FAT_HU else rng.uniform(*FLESH_HU)
    flesh = np.full(image.shape, value)
    if rng.random() < CORE_SHARE:
        core = soft_mask(image.shape, center, radii * rng.uniform(*CORE), 2 * blur_px)
        flesh += core * contrast * rng.uniform(-0.9, 1.0)
    if rng.random() < NEIGHBOUR_SHARE:
        angle, other = rng.uniform(0, 2 * np.pi), radius_px * rng.uniform(0.5, 1.2)
        reach = float(np.interp(angle, ANGLES, radii, period=2 * np.pi)) + other * rng.uniform(0.9, 1.3)
        beside = center[0] + reach * np.cos(angle), center[1] + reach * np.sin(angle)
        mask_beside = soft_mask(image.shape, beside, uneven_radii(other, rng), blur_px)
        image = image * (1 - mask_beside) + mask_beside * (value + texture)
    painted = image * (1 - mask) + mask * (flesh + texture)
    points = np.stack([center[0] + radii * np.cos(ANGLES), center[1] + radii * np.sin(ANGLES)], axis=1)
    low, high = np.floor(points.min(axis=0)).astype(int), np.ceil(points.max(axis=0)).astype(int)
    rows, columns = image.shape
    box = PixelBox(
        max(int(low[0]) - PADDING_PX, 0),
        max(int(low[1]) - PADDING_PX, 0),
        min(int(high[0]) + PADDING_PX, columns),
        min(int(high[1]) + PADDING_PX, rows),
    )
    length_mm = longest_px(points) * spacing_mm
    return MeasuredLesion(
        image=np.rint(np.clip(painted, image.min(), image.max())).astype(np.int16),
        spacing_mm=(spacing_mm, spacing_mm),
        middle=center,
        box=box,
        length_mm=(length_mm, length_mm),
        patient_id=patient,
        source="painted",
        outline_px=points,
    )
