"""Layer-wise adaptive rate scaling for large batches (You et al. 2017, https://arxiv.org/abs/1708.03888)."""

from collections.abc import Callable, Iterable
from typing import Any

import torch


class LARS(torch.optim.Optimizer):
    """Step by SGD with momentum, each matrix scaled by `trust` |weights| / |gradient|.

    Biases and normalisation weights (one dimension or none) take the plain step without decay, as in SimCLR.
    Raises ValueError for a learning rate that is not above 0.
    """

    def __init__(
        self,
        params: Iterable[torch.nn.Parameter] | Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 1e-6,
        trust: float = 1e-3,
    ) -> None:
        if lr <= 0:
            raise ValueError(f"the learning rate must be above 0, got {lr}")
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "trust": trust})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                update = parameter.grad
                if parameter.ndim > 1:
                    update = update.add(parameter, alpha=group["weight_decay"])
                    size, slope = parameter.norm(), update.norm()
                    rate = torch.where((size > 0) & (slope > 0), group["trust"] * size / slope, torch.ones_like(size))
                    update = update * rate
                state = self.state[parameter]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(parameter)
                state["momentum_buffer"].mul_(group["momentum"]).add_(update)
                parameter.add_(state["momentum_buffer"], alpha=-group["lr"])
        return loss
