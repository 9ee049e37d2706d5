"""What processes tell each other in an update: one message with all gradients and the loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from xlt_cli.compute.runtime import Runtime


def add_up(
    parameters: Sequence[torch.nn.Parameter], loss: torch.Tensor, runtime: Runtime
) -> torch.Tensor:
    """Adds gradients up over the processes, in place; returns the sum of their losses.

    All processes must have gradients of the same parameters. It can be recorded in a CUDA graph.
    """
    if runtime.world == 1:
        return loss
    gradients = [p.grad for p in parameters if p.grad is not None]
    message = torch.cat([*(g.reshape(-1) for g in gradients), loss.reshape(1)])
    torch.distributed.all_reduce(message)
    parts = torch.split(message, [*(g.numel() for g in gradients), 1])
    if gradients:  # a model in shards has none that are added up here
        summed = [part.view_as(g) for part, g in zip(parts, gradients, strict=False)]
        torch._foreach_copy_(gradients, summed)
    return parts[-1].reshape(loss.shape).clone()
