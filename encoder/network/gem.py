"""Generalised-mean pooling (Radenović et al. 2018, https://arxiv.org/abs/1711.02512)."""

import torch
from torch import nn


class GeM(nn.Module):
    """Pool a feature map to one vector: average pooling at exponent 1, towards max pooling as it grows.

    Shape: (N, C, H, W) -> (N, C). The exponent is learned; negative features count as `eps`.
    """

    def __init__(self, exponent: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.exponent = nn.Parameter(torch.tensor(float(exponent)))
        self.eps = eps

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        # float32: bfloat16 powers of small features lose most of their digits
        powered = features.float().clamp(min=self.eps).pow(self.exponent)
        return powered.mean(dim=(-2, -1)).pow(1.0 / self.exponent)
