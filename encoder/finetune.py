"""Losses that use labels: the paper's contrastive loss, and graded contrast for several labels at once."""

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


def graded_contrast(
    vectors: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor, temperature: float = 0.1
) -> torch.Tensor:
    """Contrast in which pairs are alike by degrees: supervised contrast (Khosla et al. 2020,
    https://arxiv.org/abs/2004.11362) with the positives weighted by nearness of their labels.

    Shape: (N, D) unit vectors; (N, L) label coordinates in units of their bandwidth, NaN rows where nothing is
    known; (N,) weight of each row as an anchor -> scalar. Rows without labels are negatives only.
    """
    known = ~labels.isnan().any(dim=1)
    gap = torch.cdist(labels.nan_to_num(), labels.nan_to_num()).square()
    alike = torch.exp(-gap) * (known[:, None] & known[None, :])
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    alike = alike.masked_fill(itself, 0.0)
    logits = (vectors @ vectors.T / temperature).masked_fill(itself, float("-inf"))
    log_share = F.log_softmax(logits, dim=1).masked_fill(itself, 0.0)
    total = alike.sum(dim=1)
    per_anchor = -(alike * log_share).sum(dim=1) / total.clamp(min=1e-6)
    weight = weights * known * (total > 1e-3)
    return (per_anchor * weight).sum() / weight.sum().clamp(min=1e-6)


def proxy_softmax(
    vectors: torch.Tensor, proxies: torch.Tensor, types: torch.Tensor, weights: torch.Tensor, temperature: float = 0.1
) -> torch.Tensor:
    """Each vector nearer to the proxy of its type than to the others' (Zhai and Wu 2019, arXiv:1811.12649).

    Shape: (N, D) unit vectors, (T, D) one proxy a type, (N,) type numbers with -1 for unknown, (N,) weights -> scalar.
    It needs no second lesion of the type in the batch, which is what rare types lack.
    """
    logits = vectors @ F.normalize(proxies, dim=1).T / temperature
    losses = F.cross_entropy(logits, types.clamp(min=0), reduction="none")
    weight = weights * (types >= 0)
    return (losses * weight).sum() / weight.sum().clamp(min=1e-6)
