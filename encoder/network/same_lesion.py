"""The same lesion again, on another slice or date: a head without labels.

Look-alike vectors forgive what tells two lesions apart. Here the ROI itself is compared, coarse, in the directions in
which lesions differ most and one lesion least (linear discriminant analysis; Fisher 1936,
doi:10.1111/j.1469-1809.1936.tb02137.x).
"""

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from torch import nn

from encoder.network.architecture import SAME_LESION_PX

_RIDGE = 3.0  # of the mean variance within lesions, added to it


class SameLesionHead(nn.Module):
    """Turn ROIs into vectors whose cosine says whether it is one lesion. (N, P, 64, 64) -> (N, dim), length 1."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(SAME_LESION_PX**2))
        self.register_buffer("projection", torch.zeros(SAME_LESION_PX**2, dim))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        with torch.autocast(images.device.type, enabled=False):
            coarse = coarse_pixels(images)
            projected = (coarse - self.get_buffer("centre")) @ self.get_buffer("projection")
        return F.normalize(projected, dim=1)

    def fit(self, coarse: torch.Tensor, lesions: torch.Tensor) -> None:
        """Fit the directions to views of lesions, several of each. Shape: `coarse_pixels` (N, 256), (N,) numbers."""
        coarse = coarse.double()
        _, numbers, counts = torch.unique(lesions, return_inverse=True, return_counts=True)
        means = torch.zeros(len(counts), coarse.shape[1], dtype=torch.double).index_add_(0, numbers, coarse)
        means /= counts[:, None]
        deviations = coarse - means[numbers]
        within = deviations.T @ deviations / len(coarse)
        within += _RIDGE * within.diagonal().mean() * torch.eye(len(within), dtype=torch.double)
        whitening = torch.linalg.inv(torch.linalg.cholesky(within)).T
        centre = means.mean(dim=0)
        axes = torch.linalg.svd((means - centre) @ whitening, full_matrices=False).Vh
        self.get_buffer("centre").copy_(centre)
        projection = self.get_buffer("projection")
        projection.copy_(whitening @ axes[: projection.shape[1]].T)


def coarse_pixels(images: torch.Tensor) -> torch.Tensor:
    """Average the ROI to 16×16. Shape: (N, P, 64, 64) -> (N, 256)."""
    return F.adaptive_avg_pool2d(images[:, :1].float(), SAME_LESION_PX).flatten(1)
