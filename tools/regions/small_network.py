"""A network of one hidden layer in plain numpy: what ranks outlines and names body regions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SmallNetwork:
    """Features (n, f), brought to mean 0 and spread 1, to logits (n,) or (n, classes)."""

    center: Floats
    scale: Floats
    hidden: Floats  # (f, units)
    hidden_bias: Floats
    output: Floats  # (units,) or (units, classes)
    output_bias: Floats  # () or (classes,)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the weights that a training command wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**{name: arrays[name].astype(np.float64) for name in arrays})

    def save(self, path: Path) -> None:
        """Write the weights, as float32."""
        np.savez_compressed(path, **{name: value.astype(np.float32) for name, value in vars(self).items()})

    def logits(self, features: Floats) -> Floats:
        """Compute what probabilities are made of."""
        units = np.tanh((features - self.center) / self.scale @ self.hidden + self.hidden_bias)
        logits: Floats = units @ self.output + self.output_bias
        return logits
