"""Gradients of a loss over a whole batch of vectors, whatever part of the batch fits into memory or one process.

A contrastive loss needs all vectors of the batch at once, but not all activations (gradient caching, Gao et al. 2021,
https://arxiv.org/abs/2101.06983): encode the chunks without keeping activations, take the loss's gradient with respect
to the vectors, then encode each chunk again and send its part of that gradient through. The result is exact.
Batch normalisation sees one chunk at a time, of all processes together; the running statistics move once a chunk.
"""

from collections.abc import Callable, Sequence

import torch
from accelerate import Accelerator
from torch import distributed, nn

from encoder.training.sync_batch_norm import frozen_running_statistics


def grad_cache_backward(
    accelerator: Accelerator,
    module: nn.Module,
    views: torch.Tensor,
    loss_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    micro_batch: int | None = None,
) -> float:
    """Backpropagate `loss_of(vectors, projections)` to the module's parameters with a gradient cache.

    `module` takes images to vectors and projections. Shape of `views`: (2N, 1, V, V), the first views of N rows, then
    the second ones. A chunk is both views of `micro_batch` rows, None is all of them. Several processes each encode
    their share of every chunk and all arrive at the gradients of the whole. A parameter is read by the encoding or by
    the loss, not by both. Returns the loss.
    """
    rows = torch.arange(len(views) // 2)
    chunks = [torch.cat((part, part + len(rows))) for part in rows.split(micro_batch or len(rows))]
    shares = [chunk[accelerator.process_index :: accelerator.num_processes] for chunk in chunks]

    def encode(share: torch.Tensor) -> tuple[torch.Tensor, ...]:
        images = views[share].to(accelerator.device, memory_format=torch.channels_last)
        with accelerator.autocast():
            outputs = module(images)
        return tuple(output.float() for output in outputs)

    if len(shares) == 1:  # everything fits: once is enough
        encoded = [encode(shares[0])]
    else:
        with torch.no_grad(), frozen_running_statistics(module):
            encoded = [encode(share) for share in shares]
    wholes = [_gathered(accelerator, len(views), shares, parts) for parts in zip(*encoded, strict=True)]
    module.zero_grad(set_to_none=True)
    loss = loss_of(wholes[0], wholes[1])
    loss.backward()  # type: ignore[no-untyped-call]
    complete = {id(p) for p in module.parameters() if p.grad is not None}  # read by the loss: the same everywhere
    for number, share in enumerate(shares):
        outputs = encoded[number] if len(shares) == 1 else encode(share)
        used = [(o, w.grad[share.to(w.device)]) for o, w in zip(outputs, wholes, strict=True) if w.grad is not None]
        torch.autograd.backward([output for output, _ in used], [gradient for _, gradient in used])
    if accelerator.num_processes > 1:
        for parameter in module.parameters():
            if parameter.grad is not None and id(parameter) not in complete:
                distributed.all_reduce(parameter.grad)
    return float(loss.detach())


def _gathered(
    accelerator: Accelerator, count: int, shares: Sequence[torch.Tensor], parts: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Gather one output of all views, in their order, from chunks and processes. Shape: (count, D)."""
    whole = parts[0].new_zeros(count, parts[0].shape[1])
    for share, part in zip(shares, parts, strict=True):
        whole[share.to(whole.device)] = part.detach()
    if accelerator.num_processes > 1:
        distributed.all_reduce(whole)
    return whole.requires_grad_()
