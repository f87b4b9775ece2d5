"""Convolution as one matrix product, for the tiny maps at the end of a ResNet.

On a map of 2×2 a padded 3×3 kernel connects every pixel with every other: a dense layer. oneDNN's convolutions are
slow at that size: five of them took more than half of a training step. The product is the same sum, much faster.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F  # noqa: N812  the field's usual name
from torch import nn

_MAX_SIDE = 2  # from 3 on more of the matrix is padding than the product wins


@lru_cache(maxsize=8)
@torch.inference_mode(False)  # what is kept must serve training too, whoever asks first
def _taps(side: int) -> torch.Tensor:
    """Number the kernel tap that connects each output pixel with each input pixel. Shape: (side⁴,)."""
    pixel = torch.arange(side)
    offset = pixel[None, :] - pixel[:, None] + 1  # input minus output, per axis
    return (offset[:, None, :, None] * 3 + offset[None, :, None, :]).flatten()


class MatmulConv2d(nn.Conv2d):
    """Convolve as `nn.Conv2d` does with kernel 3, stride 1, padding 1, without bias: same parameters, same result.

    Shape: (N, C, H, W) -> (N, D, H, W).
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3, padding=1, bias=False)
        self._cached: tuple[object, torch.Tensor] | None = None

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        count, channels, height, width = input.shape
        if height != width or height > _MAX_SIDE or input.device.type != "cpu":
            return super().forward(input)
        flat = input.permute(0, 2, 3, 1).reshape(count, height * width * channels)
        product = F.linear(flat, self._matrix(height))
        return product.view(count, height, width, self.out_channels).permute(0, 3, 1, 2)

    def _matrix(self, side: int) -> torch.Tensor:
        """Unroll the kernel to a dense layer between all pixels. Shape: (side² out_channels, side² in_channels)."""
        kind = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else self.weight.dtype
        frozen = not self.weight.requires_grad  # serving: build it once
        made_for = (side, kind, self.weight.data_ptr(), self.weight._version)
        if frozen and self._cached is not None and self._cached[0] == made_for:
            return self._cached[1]
        pixels = side * side
        blocks = self.weight.to(kind).flatten(2).permute(2, 0, 1).index_select(0, _taps(side))
        matrix = blocks.view(pixels, pixels, self.out_channels, self.in_channels).transpose(1, 2)
        matrix = matrix.reshape(pixels * self.out_channels, pixels * self.in_channels)
        self._cached = (made_for, matrix) if frozen else None
        return matrix


def replace_convolutions(module: nn.Module) -> None:
    """Replace every convolution that a MatmulConv2d can stand for, in place; weights begin anew."""
    for name, child in module.named_children():
        if (
            isinstance(child, nn.Conv2d)
            and child.kernel_size == (3, 3)
            and child.stride == (1, 1)
            and child.padding == (1, 1)
            and child.bias is None
        ):
            setattr(module, name, MatmulConv2d(child.in_channels, child.out_channels))
        else:
            replace_convolutions(child)
