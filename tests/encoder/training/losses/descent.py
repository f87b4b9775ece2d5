"""Gradient descent on the vectors themselves: what a loss wants of them."""

from collections.abc import Callable

import torch
from torch.nn.functional import normalize


def optimize(loss: Callable[[torch.Tensor], torch.Tensor], vectors: torch.Tensor, steps: int = 300) -> torch.Tensor:
    vectors = vectors.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([vectors], 0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(normalize(vectors, dim=1)).backward()
        optimizer.step()
    return normalize(vectors.detach(), dim=1)
