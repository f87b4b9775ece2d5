"""Classification heads whose probabilities are part of the embedding.

For each label (type, density, size, …) a linear layer and a softmax give class probabilities. Their square roots form a
vector of length 1, and the dot product of two such vectors is the Bhattacharyya coefficient: how far two distributions
overlap, 1 for the same and 0 for none (Bhattacharyya 1943). The embedding joins these vectors with the pooled features
themselves, so that the cosine of two lesions is a plain mean of "agree on this label" and "look alike in detail".
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


class LabelHeads(nn.Module):
    """Join features with the class probabilities read from them.

    `classes` is the number of classes of each label; `detail` (0..1) is the share of the cosine that the features keep,
    the labels share the rest evenly. Shape: (N, D) of length 1 -> (N, D + sum(classes)) of length 1.
    """

    def __init__(self, dim: int, classes: Sequence[int], detail: float) -> None:
        super().__init__()
        self.detail = detail
        self.labels = nn.ModuleList(nn.Linear(dim, count) for count in classes)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        share = ((1 - self.detail) / len(self.labels)) ** 0.5
        scaled = vectors.float() * vectors.shape[1] ** 0.5  # entries of unit vectors are tiny
        with torch.autocast(vectors.device.type, enabled=False):
            probabilities = [share * torch.softmax(label(scaled), dim=1).sqrt() for label in self.labels]
        return torch.cat((vectors * self.detail**0.5, *probabilities), dim=1)

    def fit(
        self, vectors: NDArray[np.float32], classes: NDArray[np.int64], lesions: NDArray[np.int64], strength: float
    ) -> None:
        """Fit each label's layer by logistic regression in which all classes, and all lesions of one, weigh the same.

        Shape: (N, D) unit vectors, (N, L) class numbers with -1 for unknown, (N,) lesion numbers. `strength` is the
        inverse of the regularisation. A label whose classes are not all present keeps the layer it has.
        """
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        scaled = vectors * vectors.shape[1] ** 0.5
        for layer, column in zip(self.labels, classes.T, strict=True):
            assert isinstance(layer, nn.Linear)
            known = column >= 0
            if len(np.unique(column[known])) < layer.out_features or layer.out_features < 2:
                continue
            model = LogisticRegression(C=strength, max_iter=200, tol=1e-3)
            with threadpool_limits(
                1
            ):  # the products are small: threads wait for each other, on a busy machine for minutes
                model.fit(scaled[known], column[known], sample_weight=balanced_weights(column[known], lesions[known]))
            weight, bias = model.coef_, model.intercept_
            if len(weight) == 1:  # two classes: one column of logits stands for both
                weight, bias = np.stack((-weight[0], weight[0])) / 2, np.array((-bias[0], bias[0])) / 2
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(weight))
                layer.bias.copy_(torch.from_numpy(bias))


def balanced_weights(classes: NDArray[np.int64], lesions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weigh samples so that classes weigh the same, and in each all its lesions; 1 on average.

    Shape: (N,) class numbers, (N,) lesion numbers -> (N,).
    """
    _, lesion, slices = np.unique(lesions, return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = 1.0 / slices[lesion]
    weights /= np.bincount(classes, weights)[classes]
    weights /= weights.mean()
    return weights
