"""Batch normalisation whose statistics are those of all processes, on any device.

`torch.nn.SyncBatchNorm` needs a GPU; this is the same in a few lines of differentiable collectives.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


class SyncBatchNorm(_BatchNorm):
    """Normalise by the mean and variance of the batches of all processes together. Shape: (N, C, ...) -> same.

    Processes may hold different numbers of rows. In evaluation it is plain batch normalisation.
    """

    def _check_input_dim(self, input: torch.Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"batch normalisation needs (N, C, ...), not {tuple(input.shape)}")

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(input)
        values = input.float()
        over = [axis for axis in range(values.dim()) if axis != 1]
        shape = [1, -1, *[1] * (values.dim() - 2)]
        count = _all_reduced(values.new_tensor([values.numel() / values.shape[1]]))
        mean = _all_reduced(values.sum(over)) / count
        centred = values - mean.view(shape)
        variance = _all_reduced(centred.square().sum(over)) / count
        with torch.no_grad():
            assert self.running_mean is not None
            assert self.running_var is not None
            assert self.num_batches_tracked is not None
            self.num_batches_tracked.add_(1)
            rate = self.momentum if self.momentum is not None else 0.1
            self.running_mean.lerp_(mean, rate)
            self.running_var.lerp_(variance * count / (count - 1), rate)
        scaled = centred * (variance + self.eps).rsqrt().view(shape)
        return (scaled * self.weight.view(shape) + self.bias.view(shape)).to(input.dtype)


def _all_reduced(values: torch.Tensor) -> torch.Tensor:
    """Sum over processes; gradients flow back to all of them."""
    from torch.distributed.nn.functional import all_reduce

    total: torch.Tensor = all_reduce(values.contiguous())  # type: ignore[no-untyped-call]
    return total


def synchronise(module: nn.Module) -> None:
    """Replace every batch normalisation by a SyncBatchNorm, in place; parameters and names stay the same."""
    for name, child in module.named_children():
        if isinstance(child, _BatchNorm) and not isinstance(child, SyncBatchNorm):
            synced = SyncBatchNorm(child.num_features, child.eps, child.momentum)
            for kind in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(synced, kind, getattr(child, kind))
            synced.train(child.training)
            setattr(module, name, synced)
        else:
            synchronise(child)


@contextmanager
def frozen_running_statistics(module: nn.Module) -> Iterator[None]:
    """Freeze the running statistics of batch normalisation; batches are still normalised by their own."""
    norms = [child for child in module.modules() if isinstance(child, _BatchNorm)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum
