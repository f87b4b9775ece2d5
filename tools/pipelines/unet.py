"""The U-Nets that learn to find and to outline lesions, and how they learn."""

import copy
import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tools.regions.unet import STRIDE

WEIGHT_DECAY, AVERAGE = 1e-3, 0.997
WARM_UP, CHECKPOINT = 100, 250  # steps


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


# from a network that learns, and the step it begins at: the loss of each step, of the weights as they then are
Losses = Callable[[UNet, int], Iterator[torch.Tensor]]


def learn(
    network: UNet, losses: Losses, steps: int, rate: float, seed: int, kept: Path, most_average: float = AVERAGE
) -> UNet:
    """Let a copy of a network learn for some steps; gives the moving average of its weights.

    A run whose checkpoint lies at `kept` goes on from there. `most_average` is the share of the average that stays at
    a step, once enough have gone by.
    """
    torch.manual_seed(seed)
    network = copy.deepcopy(network).train()
    average = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=WEIGHT_DECAY)
    parts: dict[str, Any] = {"network": network, "average": average, "optimizer": optimizer}
    began = 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        began = state.pop("step")
        for name, part in parts.items():
            part.load_state_dict(state[name])
    smooth = math.nan
    for step, loss in zip(range(began, steps), losses(network, began), strict=False):
        for group in optimizer.param_groups:
            cosine = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps))
            group["lr"] = rate * min(1, (step + 1) / WARM_UP) * cosine
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        _follow(average, network, min(most_average, (step + 1) / (step + 10)))
        smooth = loss.item() if math.isnan(smooth) else 0.97 * smooth + 0.03 * loss.item()
        if (step + 1) % 50 == 0:
            print(f"{kept.stem}: step {step + 1} of {steps}, loss {smooth:.3f}", flush=True)
        if (step + 1) % CHECKPOINT == 0 or step + 1 == steps:
            new = kept.with_suffix(".new")
            torch.save({name: part.state_dict() for name, part in parts.items()} | {"step": step + 1}, new)
            new.replace(kept)
    return average


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average of a network's weights on by one step."""
    for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.mul_(decay).add_(value, alpha=1 - decay)
        else:
            mean.copy_(value)
