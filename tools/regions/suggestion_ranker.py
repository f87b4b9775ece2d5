"""Ranks blobs by how lesion-like they are: boosted trees, which know how often they were right."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

WEIGHTS = Path(__file__).with_name("region_weights.npz")


@dataclass(frozen=True, eq=False)
class SuggestionRanker:
    """Features (n, f) to a likeness each, 0..1 (n,). Arrays of nodes are (trees, nodes); a leaf is its own child.

    What was measured on patients not learnt from: `least` is the likeness from which a place is suggested, `recall` the
    share of lesions that are, `precision` the share of suggestions that are lesions; each 0..1.
    """

    feature: Indices
    threshold: Floats
    left: Indices
    right: Indices
    value: Floats
    base: float
    depth: int
    least: float = 0.0
    recall: float = 0.0
    precision: float = 0.0

    def __call__(self, features: Floats) -> Floats:
        trees, blobs = np.arange(len(self.feature)), np.arange(len(features))[:, None]
        node = np.zeros((len(features), len(trees)), np.int64)
        for _ in range(self.depth):
            goes_left = features[blobs, self.feature[trees, node]] <= self.threshold[trees, node]
            node = np.where(goes_left, self.left[trees, node], self.right[trees, node])
        likeness: Floats = 1 / (1 + np.exp(-self.base - self.value[trees, node].sum(axis=1)))
        return likeness

    def measured(self, least: float, recall: float, precision: float) -> Self:
        """Make the same ranker with what was measured of it."""
        return replace(self, least=least, recall=recall, precision=precision)

    def save(self, path: Path) -> None:
        """Write the weights."""
        np.savez_compressed(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the weights that `tools.pipelines.train_region_ranker` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**{name: arrays[name] if arrays[name].ndim else arrays[name].item() for name in arrays})


@cache
def load_suggestion_ranker() -> SuggestionRanker:
    """Read the shipped weights, once."""
    return SuggestionRanker.load(WEIGHTS)


def how_often_right() -> str:
    """Say how many suggestions were lesions, and how many lesions were suggested, when it was measured."""
    ranker = load_suggestion_ranker()
    return (
        f"Measured on real CT of patients not learnt from, {ranker.precision:.0%} of suggestions were marked lesions, "
        f"and {ranker.recall:.0%} of the marked lesions were suggested."
    )
