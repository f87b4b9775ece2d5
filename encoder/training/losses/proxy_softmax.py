"""Classification by proxies on the unit sphere: normalised softmax (Zhai and Wu 2019, arXiv:1811.12649)."""

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name

from encoder.training.losses.batch import LossBatch


def proxy_softmax_loss(batch: LossBatch) -> torch.Tensor:
    """Sum the proxy softmax of all labels by their weights, with the stage's temperature and label smoothing."""
    stage, loss = batch.stage, batch.vectors.sum() * 0.0
    labels = zip(batch.proxies, batch.classes.T, batch.class_weights, batch.label_weights, strict=True)
    for proxies, classes, class_weight, weight in labels:
        if weight > 0:
            of_label = proxy_softmax(
                batch.vectors, proxies, classes, class_weight, stage.temperature, stage.label_smoothing
            )
            loss = loss + weight * of_label
    return loss


def proxy_softmax(
    vectors: torch.Tensor,
    proxies: torch.Tensor,
    classes: torch.Tensor,
    weights: torch.Tensor,
    temperature: float = 0.1,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """Compute the cross-entropy of each vector's cosines with the proxies of the classes.

    Shape: (N, D) unit vectors, (C, D) one proxy a class, (N,) class numbers with -1 for unknown, (C,) class weights
    -> scalar. It needs no second lesion of the class in the batch, which is what rare classes lack.
    """
    known = classes >= 0
    if not known.any():
        return vectors.sum() * 0.0
    logits = vectors[known] @ F.normalize(proxies, dim=1).T / temperature
    return F.cross_entropy(logits, classes[known], weight=weights, label_smoothing=smoothing)


def class_weights(
    classes: torch.Tensor, count: int, power: float = 0.75, chances: torch.Tensor | None = None
) -> torch.Tensor:
    """Weigh classes by their frequency to the power of `-power`, 1 on average.

    Shape: (N,) class numbers, -1 for unknown, and how often each row is drawn (None: equally) -> (count,).
    """
    known = classes >= 0
    drawn = torch.ones(len(classes)) if chances is None else chances * len(classes) / chances.sum()
    frequency = torch.bincount(classes[known], drawn[known], minlength=count).clamp(min=1)
    weights = frequency.float().pow(-power)
    return weights / weights.mean()
