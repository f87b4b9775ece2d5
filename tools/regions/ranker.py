"""Ranks outlines by how wrong they are expected to be."""

from functools import cache
from pathlib import Path

import numpy as np

from tools.regions.small_network import Floats, SmallNetwork


class Ranker(SmallNetwork):
    """Features (n, f) to one number each, 0..1 (n,)."""

    def __call__(self, features: Floats) -> Floats:
        rank: Floats = 1 / (1 + np.exp(-self.logits(features)))
        return rank


@cache
def load_ranker(path: Path) -> Ranker:
    """Read the weights that a training command wrote, once."""
    return Ranker.load(path)
