"""A CT slice on pixels of 1.5 mm, with the body and the lungs in it: what suggestions are looked for on."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

GRID_MM = 1.5
RANGE_HU = (-1000.0, 275.0)  # beyond it much of what was learnt from is cut off
AIR_HU, LUNG_HU = -300, -500
LEAST_LUNG_MM2 = 1000


@dataclass(frozen=True, eq=False)
class CoarseSlice:
    """`image` in HU, cut to RANGE_HU; `zoom` (rows, columns) is its size over that of the file's slice."""

    image: Image
    body: Mask
    lung: Mask
    zoom: tuple[float, float]

    @classmethod
    def of(cls, image: NDArray[np.int16], spacing_mm: tuple[float, float]) -> Self:
        """Resample a slice in HU; `spacing_mm` is (row, column)."""
        zoom = (spacing_mm[0] / GRID_MM, spacing_mm[1] / GRID_MM)
        smooth = ndimage.gaussian_filter(
            image.clip(*RANGE_HU).astype(np.float32), [max(0.0, 0.5 / z - 0.5) for z in zoom]
        )
        small: Image = ndimage.zoom(smooth, zoom, order=1, grid_mode=True, mode="nearest")
        body = _body(small)
        return cls(small, body, _lung(small, body), (small.shape[0] / image.shape[0], small.shape[1] / image.shape[1]))

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Bounding box of the body, of the whole slice where there is none: top, left, bottom, right."""
        where = self.body if self.body.any() else np.ones_like(self.body)
        rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
        return float(rows[0]), float(columns[0]), float(rows[-1] + 1), float(columns[-1] + 1)


def _body(image: Image) -> Mask:
    """Find the largest connected piece that is not air, holes filled."""
    tissue = ndimage.binary_opening(image > AIR_HU, iterations=2)
    labels, count = ndimage.label(tissue)
    if not count:
        return np.zeros(image.shape, bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    filled: Mask = ndimage.binary_fill_holes(labels == sizes.argmax())
    return filled


def _lung(image: Image, body: Mask) -> Mask:
    """Find aerated lung of at least 10 cm², with the vessels and nodules inside it."""
    air = ndimage.binary_opening(body & (image < LUNG_HU), iterations=1)
    labels, _ = ndimage.label(air)
    large = np.bincount(labels.ravel()) * GRID_MM**2 >= LEAST_LUNG_MM2
    large[0] = False
    closed = ndimage.binary_closing(np.pad(large[labels], 8), iterations=6)[8:-8, 8:-8]
    filled: Mask = ndimage.binary_fill_holes(closed) & body
    return filled
