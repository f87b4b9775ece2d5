"""One eye of the encoder: ResNet-18, two convolutions, pooling, centring."""

from collections.abc import Sequence

import torch
from torch import nn
from transformers import ResNetConfig, ResNetModel

from encoder.network.gem import GeM
from encoder.network.matmul_conv import MatmulConv2d, replace_convolutions


class ResNetBranch(nn.Module):
    """Turn input channels into features. Shape: (N, C, S, S) -> (N, dim), batch-normalised where `centred`.

    Without centring all vectors share a narrow cone.
    """

    def __init__(
        self, channels: int, widths: Sequence[int], depths: Sequence[int], dim: int, pooling: str, centred: bool
    ) -> None:
        super().__init__()
        config = ResNetConfig(
            num_channels=channels,
            embedding_size=widths[0],
            hidden_sizes=list(widths),
            depths=list(depths),
            layer_type="basic",
        )
        self.backbone = ResNetModel(config)
        replace_convolutions(self.backbone.encoder.stages[-1])
        width = widths[-1]
        self.neck = nn.Sequential(
            MatmulConv2d(width, width),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            MatmulConv2d(width, dim),
            nn.BatchNorm2d(dim),
            nn.ReLU(inplace=True),
        )
        self.pool = GeM() if pooling == "gem" else nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.centre = nn.BatchNorm1d(dim) if centred else nn.Identity()

    def stages(self, channels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Run the backbone; gives the maps after the stem and after each of its four stages."""
        channels = channels.to(memory_format=torch.channels_last)
        maps: tuple[torch.Tensor, ...] = self.backbone(channels, output_hidden_states=True).hidden_states
        return maps

    def pooled(self, last: torch.Tensor) -> torch.Tensor:
        """Pool the last stage's map. Shape: (N, C, H, W) -> (N, dim) float32."""
        features: torch.Tensor = self.centre(self.pool(self.neck(last)).float())
        return features

    def forward(self, channels: torch.Tensor) -> torch.Tensor:
        return self.pooled(self.stages(channels)[-1])
