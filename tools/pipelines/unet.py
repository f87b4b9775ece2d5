"""The U-Nets that learn to find and to outline lesions, and what following their weights takes."""

import copy
import itertools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tools.regions.unet import STRIDE


class UNet(nn.Module):
    """The network while it learns; `tools.regions.unet` serves it. `bias` is what the answers begin with."""

    def __init__(self, inputs: int, widths: tuple[int, ...], bias: tuple[float, ...], up_side: int = 1) -> None:
        super().__init__()
        self.stem = Twice(inputs, widths[0], 5, STRIDE)
        self.down = nn.ModuleList(Twice(a, b, 3, 2) for a, b in itertools.pairwise(widths))
        self.up = nn.ModuleList(Twice(a + b, b, up_side) for a, b in zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.head = nn.Conv2d(widths[0], len(bias), 1)
        self.head.bias = nn.Parameter(torch.tensor(bias))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        passed = [self.stem(x)]
        for level in self.down:
            passed.append(level(passed[-1]))
        x = passed.pop()
        for level in self.up:
            x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear")
            x = level(torch.cat((x, passed.pop()), 1))
        answer: torch.Tensor = self.head(x)
        return answer.float()

    def weights(self) -> dict[str, NDArray[np.float16]]:
        """Give the convolutions, each with its normalization folded in."""
        fused = {"head": self.head}
        for name, pair in self.named_modules():
            if isinstance(pair, Twice):
                its = copy.deepcopy(pair).eval()
                convolutions = [part for part in its if isinstance(part, nn.Conv2d)]
                normalizations = [part for part in its if isinstance(part, nn.BatchNorm2d)]
                for number, both in enumerate(zip(convolutions, normalizations, strict=True)):
                    fused[f"{name}.{number}"] = fuse_conv_bn_eval(*both)
        return {
            f"{name}.{part}": table.detach().numpy().astype(np.float16)
            for name, convolution in fused.items()
            for part, table in convolution.named_parameters()
        }


class Twice(nn.Sequential):
    """Two convolutions, each normalized and rectified; the second one is 3 x 3."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1) -> None:
        parts: list[nn.Module] = []
        for channels_in, width, step in ((inputs, side, stride), (outputs, 3, 1)):
            convolution = nn.Conv2d(channels_in, outputs, width, step, width // 2, bias=False)
            parts += [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        super().__init__(*parts)


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average of a network's weights on by one step."""
    for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.mul_(decay).add_(value, alpha=1 - decay)
        else:
            mean.copy_(value)
