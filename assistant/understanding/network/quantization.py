"""Int8 quantization of weights: on the disk, and in the linear layers that compute with them as they are.

With a short message a layer waits for its weights more than for its sums, so that fewer bytes mean less time. Each row
of a weight matrix has its own scale, and so has each row of the input (vector-wise quantization: Dettmers et al. 2022,
arXiv 2208.07339, 2.1).
"""

import platform
from collections.abc import Mapping

import torch
from torch import nn

SCALE = ".scale"  # after the name of int8 weights: what each of their rows is multiplied by
MIN_SCALE = 1e-8  # so that a row of zeros has one


def quantize(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Quantize matrices to int8, each row by its own scale; all else becomes float16. The inverse is `dequantize`."""
    quantized: dict[str, torch.Tensor] = {}
    for name, table in weights.items():
        if table.dim() < 2:
            quantized[name] = table.to(torch.float16)
            continue
        quantized[name], scale = _to_int8(table)
        quantized[name + SCALE] = scale.to(torch.float16)
    return quantized


def dequantize(quantized: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Restore what `quantize` made to float32, within half a step of its scale."""
    return {
        name: table.float() * quantized[name + SCALE].float() if name + SCALE in quantized else table.float()
        for name, table in quantized.items()
        if not name.endswith(SCALE)
    }


def int8_is_fast() -> bool:
    """Tell whether this machine multiplies int8 faster than floats: where oneDNN has kernels for both."""
    return platform.machine().lower() in ("x86_64", "amd64") and torch.backends.mkldnn.is_available()


def quantize_linear_layers(module: nn.Module, quantized: Mapping[str, torch.Tensor], prefix: str) -> None:
    """Replace the linear layers of a module, whose `quantize` weights begin with `prefix`, by `Int8Linear`."""
    for name, layer in list(module.named_modules()):
        if isinstance(layer, nn.Linear):
            weight = f"{prefix}{name}.weight"
            parent, _, last = name.rpartition(".")
            setattr(module.get_submodule(parent), last, Int8Linear(quantized[weight], quantized[weight + SCALE]))


class Int8Linear(nn.Module):
    """A linear layer without bias. Shape: (…, width in) -> (…, width out), both float32."""

    weight: torch.Tensor  # (in, out)
    scale: torch.Tensor  # (out,)

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight.t(), persistent=False)
        self.register_buffer("scale", scale.float().flatten(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, scale = _to_int8(x.flatten(0, -2))
        # the only product of int8 matrices PyTorch has without a package of its own
        summed: torch.Tensor = torch._int_mm(rows, self.weight)
        return (summed * (scale * self.scale)).reshape(*x.shape[:-1], -1)


def _to_int8(table: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantize row by row, symmetrically. Shape: (rows, columns) -> the same, (rows, 1)."""
    scale = (table.abs().amax(dim=1, keepdim=True) / 127).clamp(min=MIN_SCALE)
    return (table / scale).round().to(torch.int8), scale
