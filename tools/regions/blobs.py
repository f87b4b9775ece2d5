"""Blobs on a CT slice: spots brighter or darker than what is around them, and what can be said about each.

A blob answers a Laplacian of Gaussian of its own size (Lindeberg 1998, doi:10.1023/A:1008045108935); a tube answers
it in one direction only, which the Hessian's eigenvalues tell (Frangi et al. 1998, doi:10.1007/BFb0056195).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.domain.lazy_volume import Volume

Floats = NDArray[np.float64]
Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

GRID_MM = 1.5  # the search runs on pixels of this size
SIGMAS_MM = (2.0, 3.0, 4.5, 6.5, 9.5, 14.0)  # a blob of radius r answers most at r / sqrt(2)
AIR_HU, LUNG_HU = -300, -500
SOFT_HU = (-150.0, 300.0)  # contrast beyond this is bone or gas, not a lesion in soft tissue
LUNG_RANGE_HU = (-950.0, -100.0)
TEXTURE_HU = 6.0  # responses below this are noise
RAYS = np.arange(16) * (2 * np.pi / 16)
INSIDE, AROUND = (0.05, 0.35, 0.65), (1.35, 1.65, 2.0)  # where a blob is sampled, in its radii
FEATURES = (
    "contrast_to_texture",  # ln of contrast over the unrest of the surroundings
    "response",  # ln of the blob response, HU
    "weakest_side",  # contrast of the weaker sides over the usual one, -1..1
    "bright",  # 1 brighter than around, -1 darker
    "density",  # inside, hundreds of HU
    "unrest_inside",  # ln HU
    "unrest_around",  # ln HU
    "fat_inside",  # shares of samples, 0..1
    "air_inside",
    "bone_inside",
    "fat_around",
    "soft_around",
    "lung_around",
    "bone_around",
    "radius",  # ln mm
    "radius_squared",
    "mirrored",  # 1: its like is on the other side of the body
    "ends",  # how different the neighbouring slices are there, 0 (a tube) .. 1.5; 0.5 unknown
)


@dataclass(frozen=True, eq=False)
class Blobs:
    """Blobs of one slice: `x`, `y` in image coordinates, `radius_mm`, `response` in HU, each (n,)."""

    x: Floats
    y: Floats
    radius_mm: Floats
    response: Floats


def find_blobs(image: NDArray[np.int16], spacing_mm: tuple[float, float]) -> tuple[Blobs, float]:
    """Find blobs in the soft tissue and lungs of a slice, and the column of the body's middle."""
    zoom = (spacing_mm[0] / GRID_MM, spacing_mm[1] / GRID_MM)
    blur = [max(0.0, 0.5 / z - 0.5) for z in zoom]
    small = ndimage.gaussian_filter(image.astype(np.float32), blur)
    small = ndimage.zoom(small, zoom, order=1, grid_mode=True, mode="nearest")
    zoom = (small.shape[0] / image.shape[0], small.shape[1] / image.shape[1])
    body = body_mask(small)
    lung = lung_mask(small, body)
    soft = np.where(body, np.clip(small, *SOFT_HU), 0).astype(np.float32)
    soft[lung & (small < LUNG_HU)] = 0
    found = [
        _peaks(soft, ndimage.binary_erosion(body, iterations=3) & ~lung, bright_only=False),
        _peaks(np.clip(small, *LUNG_RANGE_HU) / 4, lung, bright_only=True),
    ]
    scale, row, column, response = (np.concatenate(parts) for parts in zip(*found, strict=True))
    columns = np.flatnonzero(body.any(axis=0))
    middle = (columns[0] + columns[-1] + 1) / 2 / zoom[1] if len(columns) else image.shape[1] / 2
    radius = np.sqrt(2) * np.array(SIGMAS_MM)[scale]
    return Blobs((column + 0.5) / zoom[1], (row + 0.5) / zoom[0], radius, response), float(middle)


def _peaks(image: Image, where: Mask, bright_only: bool) -> tuple[NDArray[np.intp], ...]:
    """Scale, row, column and response of the local maxima among all scales."""
    stack = np.zeros((len(SIGMAS_MM), *image.shape), np.float32)
    if where.any():
        for response, sigma_mm in zip(stack, SIGMAS_MM, strict=True):
            sigma = sigma_mm / GRID_MM
            smooth = ndimage.gaussian_filter(image, sigma, truncate=3)
            xx = (np.roll(smooth, 1, 1) + np.roll(smooth, -1, 1) - 2 * smooth) * sigma**2
            yy = (np.roll(smooth, 1, 0) + np.roll(smooth, -1, 0) - 2 * smooth) * sigma**2
            across = np.roll(smooth, 1, 0) - np.roll(smooth, -1, 0)
            xy = (np.roll(across, 1, 1) - np.roll(across, -1, 1)) / 4 * sigma**2
            middle, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
            lesser = np.maximum(np.abs(middle) - spread, 0)  # the eigenvalue that is small along a tube
            response[:] = np.where(where & ((middle < 0) | (not bright_only)), lesser, 0)
    peaks = (stack == ndimage.maximum_filter(stack, size=(3, 5, 5))) & (stack > TEXTURE_HU)
    scale, row, column = np.nonzero(peaks)
    return scale, row, column, stack[peaks]


def describe(
    blobs: Blobs,
    volume: Volume,
    slice_index: int,
    spacing_mm: tuple[float, float, float],
    middle: float,
) -> Floats:
    """Compute features (n, 18) in the order of FEATURES; `volume` is the whole series."""
    if not len(blobs.x):
        return np.zeros((0, len(FEATURES)))
    image = _smooth(volume[slice_index], spacing_mm)
    inner, outer = _samples(image, blobs, spacing_mm, INSIDE), _samples(image, blobs, spacing_mm, AROUND)
    inside, around = np.median(inner, axis=(1, 2)), np.median(outer, axis=(1, 2))
    unrest_inside = 1.4826 * np.median(np.abs(inner - inside[:, None, None]), axis=(1, 2))
    unrest_around = 1.4826 * np.median(np.abs(outer - around[:, None, None]), axis=(1, 2))
    contrast = inside - around
    size, sign = np.abs(contrast), np.sign(contrast)
    sides = sign[:, None] * (inside[:, None] - outer[:, :2].mean(axis=1))
    ends = []
    for neighbour in (slice_index - 1, slice_index + 1):
        if 0 <= neighbour < len(volume):
            there = _samples(_smooth(volume[neighbour], spacing_mm), blobs, spacing_mm, INSIDE)
            ends.append(np.clip(np.abs(np.median(there, axis=(1, 2)) - inside) / (size + 12), 0, 1.5))
    return np.stack(
        [
            np.log((size + 3) / (unrest_around + 10)),
            np.log(blobs.response + 3),
            np.clip(np.quantile(sides, 0.15, axis=1) / (size + 5), -1, 1),
            sign,
            np.clip(inside, -1000, 400) / 100,
            np.log(unrest_inside + 8),
            np.log(unrest_around + 8),
            _share(inner, -200, -20),
            _share(inner, -2000, -250),
            _share(inner, 250, 5000),
            _share(outer, -200, -20),
            _share(outer, 0, 190),
            _share(outer, -2000, -400),
            _share(outer, 250, 5000),
            np.log(blobs.radius_mm),
            np.log(blobs.radius_mm) ** 2,
            _mirrored(blobs, inside, size, spacing_mm, middle),
            np.mean(ends, axis=0) if ends else np.full(len(blobs.x), 0.5),
        ],
        axis=1,
    )


def _smooth(image: NDArray[np.int16], spacing_mm: tuple[float, float, float]) -> Image:
    smooth: Image = ndimage.gaussian_filter(image.astype(np.float32), (0.8 / spacing_mm[1], 0.8 / spacing_mm[2]))
    return smooth


def _samples(image: Image, blobs: Blobs, spacing_mm: tuple[float, float, float], at: tuple[float, ...]) -> Floats:
    """Values (n, len(at), rays) around each blob, at multiples of its radius."""
    reach = blobs.radius_mm[:, None, None] * np.array(at)[:, None]
    rows = blobs.y[:, None, None] - 0.5 + reach * np.sin(RAYS) / spacing_mm[1]
    columns = blobs.x[:, None, None] - 0.5 + reach * np.cos(RAYS) / spacing_mm[2]
    values: Floats = ndimage.map_coordinates(image, [rows, columns], order=1, mode="nearest", output=np.float64)
    return values


def _share(values: Floats, low: float, high: float) -> Floats:
    inside: NDArray[np.bool_] = (values >= low) & (values < high)
    return np.asarray(inside.reshape(len(values), -1).mean(axis=1), np.float64)


def _mirrored(
    blobs: Blobs, inside: Floats, contrast: Floats, spacing_mm: tuple[float, float, float], middle: float
) -> Floats:
    """Where the body's other half has a blob of like size and density: 1, else 0."""
    across = (2 * middle - blobs.x[:, None] - blobs.x) * spacing_mm[2]
    down = (blobs.y[:, None] - blobs.y) * spacing_mm[1]
    like = (
        (np.hypot(across, down) < 12 + 0.3 * blobs.radius_mm[:, None])
        & (np.abs(np.log(blobs.radius_mm[:, None] / blobs.radius_mm)) < 0.5)
        & (np.abs(inside[:, None] - inside) < 0.3 * contrast[:, None] + 15)
    )
    np.fill_diagonal(like, False)
    return np.asarray(like.any(axis=1), np.float64)


def body_mask(image: Image) -> Mask:
    """Find the largest connected piece that is not air, holes filled."""
    tissue = ndimage.binary_opening(image > AIR_HU, iterations=2)
    labels, count = ndimage.label(tissue)
    if not count:
        return np.zeros(image.shape, bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    filled: Mask = ndimage.binary_fill_holes(labels == sizes.argmax())
    return filled


def lung_mask(image: Image, body: Mask) -> Mask:
    """Find aerated lung of at least 10 cm², with the vessels and nodules inside it. Pixels of GRID_MM."""
    air = ndimage.binary_opening(body & (image < LUNG_HU), iterations=1)
    labels, _ = ndimage.label(air)
    large = np.bincount(labels.ravel()) * GRID_MM**2 >= 1000
    large[0] = False
    closed = ndimage.binary_closing(np.pad(large[labels], 8), iterations=6)[8:-8, 8:-8]
    filled: Mask = ndimage.binary_fill_holes(closed) & body
    return filled
