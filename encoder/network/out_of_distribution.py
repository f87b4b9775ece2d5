"""Out-of-distribution score: whether an image is of the kind the network was trained on.

Noise, air or a photograph end up somewhere among the lesions, since every image has some direction. The network's first
stages tell them apart: how far the mean activations lie from those of the training images, in units of their spread
(Mahalanobis distance; Lee et al. 2018, https://arxiv.org/abs/1807.03888). What is farther than nearly all training
images loses similarity to everything but images that are out of distribution in the same way.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from torch import nn

from encoder.network.architecture import OUT_OF_DISTRIBUTION_RAMP

_QUANTILE = 0.99  # of the training images: a distance of 1


class OutOfDistributionScore(nn.Module):
    """Add entries to the vectors that are 0 in distribution; as all keep length 1, others lose similarity to those.

    `widths` are the channels of the stages that are scored; the new entries are as many as the first has.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        for number, width in enumerate(widths):
            self.register_buffer(f"mean_{number}", torch.zeros(width))
            self.register_buffer(f"whitening_{number}", torch.zeros(width, width))

    def forward(self, stages: Sequence[torch.Tensor], vectors: torch.Tensor) -> torch.Tensor:
        """Score images and join the score to their vectors.

        Shape: maps (N, C, H, W) of each stage, (N, D) of length 1 -> (N, D + widths[0]) of length 1.
        """
        deviations = self._deviations(stages)
        beyond = ((_largest(deviations) - 1) / OUT_OF_DISTRIBUTION_RAMP).clamp(0, 1).unsqueeze(1)
        kept = 1 - beyond / 2
        direction = F.normalize(deviations[0], dim=1)
        return torch.cat((vectors * kept, direction * (1 - kept.square()).sqrt()), dim=1)

    def distance(self, stages: Sequence[torch.Tensor]) -> torch.Tensor:
        """Measure the largest Mahalanobis distance over the stages, 1 where 99 of 100 training images are nearer.

        Shape: maps (N, C, H, W) of each stage -> (N,).
        """
        return _largest(self._deviations(stages))

    def _deviations(self, stages: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Whiten the channel means of each stage. Shape: (N, C) of each."""
        with torch.autocast(stages[0].device.type, enabled=False):
            return [
                (means - self.get_buffer(f"mean_{n}")) @ self.get_buffer(f"whitening_{n}")
                for n, means in enumerate(channel_means(stages))
            ]

    def fit(self, means: Sequence[torch.Tensor]) -> None:
        """Fit mean, covariance (Ledoit and Wolf 2004) and unit of distance to training images.

        Shape: `channel_means` of each stage, (N, C) with N > C.
        """
        from sklearn.covariance import LedoitWolf

        for number, values in enumerate(means):
            scale = values.std(dim=0).clamp(min=0.01)  # a channel that never fires says nothing
            precision = LedoitWolf().fit((values / scale).double().numpy()).precision_
            whitening = torch.linalg.cholesky(torch.from_numpy(precision)).float() / scale[:, None]
            centre = values.mean(dim=0)
            unit = ((values - centre) @ whitening).norm(dim=1).quantile(_QUANTILE)
            self.get_buffer(f"mean_{number}").copy_(centre)
            self.get_buffer(f"whitening_{number}").copy_(whitening / unit)


def _largest(deviations: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.stack([deviation.norm(dim=1) for deviation in deviations]).amax(dim=0)


def channel_means(stages: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Average the activation of each channel. Shape: maps (N, C, H, W) of each stage -> (N, C) of each."""
    return [stage.float().mean(dim=(-2, -1)) for stage in stages]
