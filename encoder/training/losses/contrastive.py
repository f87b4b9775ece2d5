"""Losses that use labels: the paper's contrastive loss, and classification by proxies on the unit sphere."""

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name


def contrastive(vectors: torch.Tensor, types: torch.Tensor, margin: float = 0.8) -> torch.Tensor:
    """Contrastive loss on cosine distance over all pairs of a batch (Hadsell et al. 2006, the paper's choice).

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


def proxy_softmax(
    vectors: torch.Tensor,
    proxies: torch.Tensor,
    classes: torch.Tensor,
    weights: torch.Tensor,
    temperature: float = 0.1,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """Each vector nearer to the proxy of its class than to the others' (Zhai and Wu 2019, arXiv:1811.12649).

    Shape: (N, D) unit vectors, (C, D) one proxy a class, (N,) class numbers with -1 for unknown, (C,) class weights
    -> scalar. It needs no second lesion of the class in the batch, which is what rare classes lack.
    """
    known = classes >= 0
    if not known.any():
        return vectors.sum() * 0.0
    logits = vectors[known] @ F.normalize(proxies, dim=1).T / temperature
    return F.cross_entropy(logits, classes[known], weight=weights, label_smoothing=smoothing)


def class_weights(classes: torch.Tensor, count: int, power: float = 0.75) -> torch.Tensor:
    """Larger for rarer classes, falling with frequency to `power`. Shape: (N,), -1 for unknown -> (count,)."""
    frequency = torch.bincount(classes[classes >= 0], minlength=count).clamp(min=1).float()
    weights = frequency.pow(-power)
    return weights / weights.mean()
