"""NT-Xent and the projection head of SimCLR (Chen et al. 2020, https://arxiv.org/abs/2002.05709)."""

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from torch import nn

from encoder.training.losses.batch import LossBatch


class ProjectionHead(nn.Module):
    """Two layers between vectors and NT-Xent, thrown away after training. Shape: (N, dim) -> (N, out)."""

    def __init__(self, dim: int, out: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(inplace=True), nn.Linear(dim, out))

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        # Unit vectors have tiny entries; the first layer sees them at unit variance.
        projected: torch.Tensor = self.layers(vectors * vectors.shape[1] ** 0.5)
        return projected


def nt_xent_loss(batch: LossBatch) -> torch.Tensor:
    """Take NT-Xent of the two views of each ROI, at the stage's temperature."""
    return nt_xent(*batch.projection_pair, batch.stage.temperature, batch.lesions)


def nt_xent(
    first: torch.Tensor, second: torch.Tensor, temperature: float, lesions: torch.Tensor | None = None
) -> torch.Tensor:
    """Compute the normalised temperature-scaled cross-entropy between two views of the same N ROIs.

    Shape: (N, D) and (N, D) -> scalar. `lesions` (N,) holds a number for each lesion: other slices of the same
    lesion are then neither positives nor negatives. Raises ValueError for fewer than two ROIs.
    """
    if first.shape != second.shape or len(first) < 2:
        raise ValueError(f"two batches of at least 2 views are needed, got {tuple(first.shape)}, {tuple(second.shape)}")
    count = len(first)
    vectors = F.normalize(torch.cat((first, second)).float(), dim=1)
    logits = vectors @ vectors.T / temperature
    numbers = torch.arange(count, device=first.device) if lesions is None else lesions
    numbers = numbers.repeat(2)
    ignored = numbers[:, None] == numbers[None, :]
    partner = torch.arange(2 * count, device=first.device).roll(count)
    positives = logits[torch.arange(2 * count), partner]
    ignored[torch.arange(2 * count), partner] = False
    return (logits.masked_fill(ignored, float("-inf")).logsumexp(dim=1) - positives).mean()
