"""Weights in eight bits: on the disk, and in the layers that work with them as they are.

With a short message a layer waits for its weights more than for its sums, so that fewer bytes mean less time. Each row
of a table has its own scale, and so has each row that comes in (dynamic quantisation by vectors: Dettmers et al. 2022,
arXiv 2208.07339, 2.1).
"""

import platform
from collections.abc import Mapping

import torch
from torch import nn

SCALE = ".scale"  # after the name of weights in eight bits: what each of their rows is multiplied by
LEAST = 1e-8  # a scale is at least this, so that a row of zeros has one


def quantize(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Tables in eight bits, each row by its own scale, all else in sixteen: half the size, and hardly a difference."""
    small: dict[str, torch.Tensor] = {}
    for name, table in weights.items():
        if table.dim() < 2:
            small[name] = table.to(torch.float16)
            continue
        small[name], scale = _in_eight_bits(table)
        small[name + SCALE] = scale.to(torch.float16)
    return small


def dequantize(small: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The inverse of `quantize`, in full precision."""
    return {
        name: table.float() * small[name + SCALE].float() if name + SCALE in small else table.float()
        for name, table in small.items()
        if not name.endswith(SCALE)
    }


def int8_is_fast() -> bool:
    """Whether this machine multiplies eight-bit numbers faster than floats: where oneDNN has kernels for both."""
    return platform.machine().lower() in ("x86_64", "amd64") and torch.backends.mkldnn.is_available()


def quantize_linear_layers(module: nn.Module, small: Mapping[str, torch.Tensor], prefix: str) -> None:
    """Let the linear layers of a module, whose `quantize` weights begin with `prefix`, work with them as they are."""
    for name, layer in list(module.named_modules()):
        if isinstance(layer, nn.Linear):
            weight = f"{prefix}{name}.weight"
            parent, _, last = name.rpartition(".")
            setattr(module.get_submodule(parent), last, Int8Linear(small[weight], small[weight + SCALE]))


class Int8Linear(nn.Module):
    """A linear layer without bias. Shape: (…, width in) -> (…, width out), both in full precision."""

    weight: torch.Tensor  # (in, out)
    scale: torch.Tensor  # (out,)

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight.t(), persistent=False)
        self.register_buffer("scale", scale.float().flatten(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, scale = _in_eight_bits(x.flatten(0, -2))
        # the only product of eight-bit matrices PyTorch has without a package of its own
        summed: torch.Tensor = torch._int_mm(rows, self.weight)
        return (summed * (scale * self.scale)).reshape(*x.shape[:-1], -1)


def _in_eight_bits(table: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A table by rows, and the scale of each. Shape: (rows, columns) -> the same, (rows, 1)."""
    scale = (table.abs().amax(dim=1, keepdim=True) / 127).clamp(min=LEAST)
    return (table / scale).round().to(torch.int8), scale
