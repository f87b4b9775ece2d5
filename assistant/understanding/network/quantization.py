"""Int8 quantization of weights, for training to write and to begin from.

Each row of a weight matrix has its own scale (vector-wise quantization: Dettmers et al. 2022, arXiv 2208.07339, 2.1).
`onnx_network.py` computes with what is written as it is.
"""

from collections.abc import Mapping

import torch

from assistant.understanding.network.onnx_network import SCALE

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


def _to_int8(table: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantize row by row, symmetrically. Shape: (rows, columns) -> the same, (rows, 1)."""
    scale = (table.abs().amax(dim=1, keepdim=True) / 127).clamp(min=MIN_SCALE)
    return (table / scale).round().to(torch.int8), scale
