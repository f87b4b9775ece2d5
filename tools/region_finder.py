"""Proposes places worth a look: blobs that stand out from their surroundings, vessels and symmetric anatomy put last.

A blob answers a Laplacian of Gaussian of its own size (Lindeberg 1998, doi:10.1023/A:1008045108935); a tube answers
it in one direction only, which the Hessian's eigenvalues tell (Frangi et al. 1998, doi:10.1007/BFb0056195). The best
of the blobs are outlined as if clicked, and ranked by how clear, round and one-sided they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.segmentation import outline_from_seed, polygon
from tools.study import Series

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

GRID_MM = 1.5  # the search runs on pixels of this size
SIGMAS_MM = (2.0, 3.0, 4.5, 6.5, 9.5, 14.0)  # a blob of radius r answers most at r / sqrt(2)
SLICE_STEP_MM = 4.0  # thinner slices are not all looked at
AIR_HU, LUNG_HU = -300, -500
SOFT_HU = (-150.0, 300.0)  # contrast beyond this is bone or gas, not a lesion in soft tissue
LUNG_RANGE_HU = (-950.0, -100.0)
NOISE_HU = 12.0  # responses below this are texture
PER_SLICE = 12  # blobs outlined on one slice
PER_SERIES = 60
SAME_MM = 6.0  # centres nearer than this, or inside the other's outline, are one place
NEAR_SLICES_MM = 12.0


@dataclass(frozen=True, eq=False)
class Candidate:
    """A proposed place: outline (N, 2) of x, y in image coordinates, `score` 0..1."""

    slice_index: int
    points: NDArray[np.float64]
    score: float


@dataclass(frozen=True)
class _Blob:
    """A peak of the blob response: x, y in image coordinates, `strength` without unit."""

    slice_index: int
    x: float
    y: float
    radius_mm: float
    strength: float


def find_candidates(series: Series, slice_index: int | None, count: int) -> list[Candidate]:
    """The best `count` places of one slice, or of the whole series, best first."""
    step = max(1, round(SLICE_STEP_MM / max(series.spacing_mm[0], 0.1)))
    slices = range(series.volume_hu.shape[0])[step // 2 :: step] if slice_index is None else (slice_index,)
    blobs: list[_Blob] = []
    for index in slices:
        blobs += sorted(_blobs(series, index), key=lambda blob: -blob.strength)[:PER_SLICE]
    blobs = sorted(blobs, key=lambda blob: (-blob.strength, blob.slice_index, blob.y, blob.x))[:PER_SERIES]
    candidates = [candidate for blob in blobs if (candidate := _outlined(series, blob))]
    candidates.sort(key=lambda one: (-one.score, one.slice_index))
    kept: list[Candidate] = []
    for one in candidates:
        if len(kept) < count and not any(_same(one, other, series) for other in kept):
            kept.append(one)
    return kept


def _outlined(series: Series, blob: _Blob) -> Candidate | None:
    image, spacing = series.volume_hu[blob.slice_index], (series.spacing_mm[1], series.spacing_mm[2])
    outline = outline_from_seed(image, spacing, blob.x, blob.y)
    if outline is None:
        return None
    radii = outline.radii_mm
    mean = float(radii.mean())
    evenness = float(np.exp(-2.0 * radii.std() / mean))
    fit = float(np.exp(-abs(np.log(mean / blob.radius_mm))))  # the outline should be of the blob that was found
    small_enough = float(np.exp(-((max(mean - 20.0, 0.0) / 15.0) ** 2)))
    strength = blob.strength / (blob.strength + 4.0)
    score = (outline.clarity * evenness * fit * small_enough * strength) ** 0.5
    return Candidate(blob.slice_index, polygon(outline.center, radii, spacing), round(min(score, 1.0), 3))


def _same(one: Candidate, other: Candidate, series: Series) -> bool:
    """Whether two outlines are of one place, on this slice or the next."""
    gap_mm = abs(one.slice_index - other.slice_index) * series.spacing_mm[0]
    if gap_mm > NEAR_SLICES_MM:
        return False
    scale = np.array([series.spacing_mm[2], series.spacing_mm[1]])
    centers = [points.points.mean(axis=0) * scale for points in (one, other)]
    reach = max(float(np.linalg.norm(np.ptp(points.points * scale, axis=0))) / 3 for points in (one, other))
    return float(np.linalg.norm(centers[0] - centers[1])) < max(SAME_MM, reach)


def _blobs(series: Series, slice_index: int) -> Iterator[_Blob]:
    """Peaks of blob response on one slice, in lung and in soft tissue."""
    zoom = (series.spacing_mm[1] / GRID_MM, series.spacing_mm[2] / GRID_MM)
    image = series.volume_hu[slice_index].astype(np.float32)
    blur = tuple(max(0.0, 0.5 / z - 0.5) for z in zoom)
    image = ndimage.zoom(ndimage.gaussian_filter(image, blur), zoom, order=1, grid_mode=True, mode="nearest")
    body = body_mask(image)
    if not body.any():
        return
    lung = lung_mask(image, body)
    inner = ndimage.binary_erosion(body, iterations=3)
    soft = np.where(body, np.clip(image, *SOFT_HU), 0.0).astype(np.float32)
    soft[lung & (image < LUNG_HU)] = 0
    yield from _peaks(slice_index, zoom, soft, inner & ~lung, bright_only=False)
    aerated = np.clip(image, *LUNG_RANGE_HU).astype(np.float32)
    yield from _peaks(slice_index, zoom, aerated / 4, lung, bright_only=True)


def _peaks(slice_index: int, zoom: tuple[float, ...], image: Floats, where: Mask, bright_only: bool) -> Iterator[_Blob]:
    responses = []
    for sigma_mm in SIGMAS_MM:
        sigma = sigma_mm / GRID_MM
        xx = ndimage.gaussian_filter(image, sigma, order=(0, 2)) * sigma**2
        yy = ndimage.gaussian_filter(image, sigma, order=(2, 0)) * sigma**2
        xy = ndimage.gaussian_filter(image, sigma, order=(1, 1)) * sigma**2
        middle, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
        weaker = np.maximum(np.abs(middle) - spread, 0)  # the lesser eigenvalue: none along a tube
        responses.append(np.where(middle < 0, weaker, 0 if bright_only else weaker))
    stack = np.stack(responses)
    stack[:, ~where] = 0
    peaks = (stack == ndimage.maximum_filter(stack, size=(3, 5, 5))) & (stack > NOISE_HU / 2)
    for scale, row, column in zip(*np.nonzero(peaks), strict=True):
        strength = float(stack[scale, row, column]) / NOISE_HU
        radius = SIGMAS_MM[scale] * float(np.sqrt(2))
        yield _Blob(slice_index, (column + 0.5) / zoom[1], (row + 0.5) / zoom[0], radius, strength)


def body_mask(image: Floats) -> Mask:
    """The largest connected piece that is not air, holes filled; all of the image where nothing is air."""
    tissue = ndimage.binary_opening(image > AIR_HU, iterations=2)
    labels, count = ndimage.label(tissue)
    if not count:
        return np.zeros(image.shape, bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    filled: Mask = ndimage.binary_fill_holes(labels == sizes.argmax())
    return filled


def lung_mask(image: Floats, body: Mask) -> Mask:
    """Aerated lung of at least 10 cm², with the vessels and nodules inside it."""
    air = ndimage.binary_opening(body & (image < LUNG_HU), iterations=1)
    labels, _ = ndimage.label(air)
    large = np.bincount(labels.ravel()) * GRID_MM**2 >= 1000
    large[0] = False
    closed: Mask = ndimage.binary_closing(np.pad(large[labels], 8), iterations=6)[8:-8, 8:-8]
    filled: Mask = ndimage.binary_fill_holes(closed) & body
    return filled
