"""What every loss is given, and what it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from encoder.training.presets import Stage


@dataclass(frozen=True, eq=False)
class LossBatch:
    """One encoded batch of N ROIs and all that is known of them; tensors of a row for each view hold 2N rows.

    Rows of views are all first views, then all second ones. L is the number of labels, auxiliary ones last.
    """

    stage: Stage
    vectors: torch.Tensor  # (2N, D) unit vectors
    projections: torch.Tensor  # (2N, P) of the projection head
    lesions: torch.Tensor  # (N,) int64, the same number for all slices of a lesion
    classes: torch.Tensor  # (2N, L) int64 class numbers, -1 where unknown
    proxies: Sequence[torch.Tensor]  # L of (C, D): a learned vector for each class of each label
    class_weights: Sequence[torch.Tensor]  # L of (C,)
    label_weights: Sequence[float]  # L

    @property
    def projection_pair(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The projections of the first and of the second views. Shape: (N, P), (N, P)."""
        first, second = self.projections.chunk(2)
        return first, second


Loss = Callable[[LossBatch], torch.Tensor]  # to a scalar
