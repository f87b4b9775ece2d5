"""The contrastive loss with a margin (Hadsell et al. 2006, doi:10.1109/CVPR.2006.100), the paper's fine-tuning."""

import torch

from encoder.training.losses.batch import LossBatch


def contrastive_loss(batch: LossBatch) -> torch.Tensor:
    """Take the contrastive loss of the first label, with the stage's margin."""
    return contrastive(batch.vectors, batch.classes[:, 0], batch.stage.margin)


def contrastive(vectors: torch.Tensor, types: torch.Tensor, margin: float = 0.8) -> torch.Tensor:
    """Compute the contrastive loss on cosine distance over all pairs of a batch.

    Shape: (N, D) unit vectors and (N,) type numbers, -1 for unknown -> scalar. Pairs of a type are pulled to
    distance 0, others pushed to `margin`; both kinds weigh the same however many there are.
    """
    known = types >= 0
    vectors, types = vectors[known], types[known]
    distance = 1 - vectors @ vectors.T
    pair = ~torch.eye(len(types), dtype=torch.bool, device=types.device)
    same = (types[:, None] == types[None, :]) & pair
    other = (types[:, None] != types[None, :]) & pair
    pull = distance.square()[same]
    push = (margin - distance).clamp(min=0).square()[other]
    return sum((part.mean() for part in (pull, push) if part.numel()), start=vectors.sum() * 0.0)
