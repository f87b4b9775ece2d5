"""Blobs on a CT slice: spots brighter or darker than what is around them.

A blob answers a Laplacian of Gaussian of its own size (Lindeberg 1998, doi:10.1023/A:1008045108935); a tube answers
it in one direction only, which the Hessian's eigenvalues tell (Frangi et al. 1998, doi:10.1007/BFb0056195).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.regions.coarse_slice import GRID_MM, LUNG_HU, CoarseSlice, Image, Mask

Floats = NDArray[np.float64]

SIGMAS_MM = (2.0, 3.0, 4.5, 6.5, 9.5, 14.0)  # a blob of radius r answers most at r / sqrt(2)
SOFT_HU = (-150.0, 300.0)  # contrast beyond this is bone or gas, not a lesion in soft tissue
LUNG_RANGE_HU = (-950.0, -100.0)
TEXTURE_HU = 6.0  # responses below this are noise
MOST = 260  # of one slice, strongest first


@dataclass(frozen=True, eq=False)
class Blobs:
    """Blobs of one slice: `x`, `y` in image coordinates, `radius_mm`, `response` in HU, each (n,)."""

    x: Floats
    y: Floats
    radius_mm: Floats
    response: Floats


def find_blobs(coarse: CoarseSlice) -> Blobs:
    """Find blobs in the soft tissue and lungs of a slice, strongest first."""
    image, body, lung = coarse.image, coarse.body, coarse.lung
    soft = np.where(body, np.clip(image, *SOFT_HU), 0).astype(np.float32)
    soft[lung & (image < LUNG_HU)] = 0
    found = [
        _peaks(soft, ndimage.binary_erosion(body, iterations=3) & ~lung, bright_only=False),
        _peaks((np.clip(image, *LUNG_RANGE_HU) / 4).astype(np.float32), lung, bright_only=True),
    ]
    scale, row, column, response = (np.concatenate(parts) for parts in zip(*found, strict=True))
    best = np.argsort(-response, kind="stable")[:MOST]
    x, y = (column[best] + 0.5) / coarse.zoom[1], (row[best] + 0.5) / coarse.zoom[0]
    return Blobs(x, y, np.sqrt(2) * np.array(SIGMAS_MM)[scale[best]], response[best].astype(np.float64))


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
