"""The lens in front of the encoder: where each pixel that the backbone sees lies in the ROI. Needs no torch."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=8)
def lens_grid(lens: float, side: int) -> NDArray[np.float32]:
    """Locate what each output pixel samples, column then row, in -1..1. Shape: (side, side, 2)."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis, indexing="xy"), axis=-1)
    radius = np.minimum(np.linalg.norm(grid, axis=-1, keepdims=True), 1)
    bent: NDArray[np.float32] = (grid * (lens + (1 - lens) * radius**2)).astype(np.float32)
    return bent
