"""A CT slice on pixels of 1.5 mm: what suggestions are looked for on."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]

GRID_MM = 1.5
RANGE_HU = (-1000.0, 275.0)  # beyond it much of what was learnt from is cut off


@dataclass(frozen=True, eq=False)
class CoarseSlice:
    """`image` in HU, cut to RANGE_HU; `zoom` (rows, columns) is its size over that of the file's slice."""

    image: Image
    zoom: tuple[float, float]

    @classmethod
    def of(cls, image: NDArray[np.int16], spacing_mm: tuple[float, float]) -> Self:
        """Resample a slice in HU; `spacing_mm` is (row, column)."""
        zoom = (spacing_mm[0] / GRID_MM, spacing_mm[1] / GRID_MM)
        smooth = ndimage.gaussian_filter(
            image.clip(*RANGE_HU).astype(np.float32), [max(0.0, 0.5 / z - 0.5) for z in zoom]
        )
        small: Image = ndimage.zoom(smooth, zoom, order=1, grid_mode=True, mode="nearest")
        return cls(small, (small.shape[0] / image.shape[0], small.shape[1] / image.shape[1]))
