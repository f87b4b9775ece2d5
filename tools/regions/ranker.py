"""A small network of one hidden layer that ranks: blobs by how lesion-like they are, outlines by how wrong."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranker:
    """Features (n, f) to one number each, 0..1 (n,)."""

    center: Floats
    scale: Floats
    hidden: Floats  # (f, units)
    hidden_bias: Floats
    output: Floats  # (units,)
    output_bias: Floats  # ()

    def __call__(self, features: Floats) -> Floats:
        units = np.tanh((features - self.center) / self.scale @ self.hidden + self.hidden_bias)
        rank: Floats = 1 / (1 + np.exp(-(units @ self.output + self.output_bias)))
        return rank


@cache
def load_ranker(path: Path) -> Ranker:
    """Read the weights that a training command wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return Ranker(**{name: arrays[name].astype(np.float64) for name in arrays})
