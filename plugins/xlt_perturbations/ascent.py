"""What the methods that look for bad noise share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from xlt_cli.api import Seam

if TYPE_CHECKING:
    import torch


def clean_loss(seam: Seam) -> torch.Tensor:
    """The loss of plain training, [B]."""
    return seam.loss(seam.logits(seam.embeddings))


def losses(seam: Seam, *versions: torch.Tensor) -> list[torch.Tensor]:
    """The losses of several versions of the embeddings, [B] each, in one pass.

    One large pass keeps a GPU busier than several small ones.
    """
    import torch

    together = seam.logits(torch.cat(versions), seam.batch.repeat(len(versions)))
    return [seam.loss(logits) for logits in together.chunk(len(versions))]


def waiting(seam: Seam, warmup: float) -> bool:
    """Whether training is still in its first part, `warmup` of the whole."""
    return seam.progress < warmup


def gradient(
    objective: Callable[[torch.Tensor], torch.Tensor],
    noise: torch.Tensor,
    fixed: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> torch.Tensor:
    """The gradient of each example's objective with regard to its own noise, [B, L, D].

    No gradient of a parameter is computed. Summing first is exact: the objectives, [B], depend
    each on their own example's noise only.

    Args:
        fixed: the `parameters_fixed` of the seam that the objective is of.
    """
    import torch

    with torch.enable_grad(), fixed():
        noise = noise.detach().requires_grad_()
        total = objective(noise).sum()
    return slope(total, noise)


def slope(total: torch.Tensor, noise: torch.Tensor, keep: bool = False) -> torch.Tensor:
    """The gradient of a scalar with regard to noise alone; `keep`s the graph for more."""
    import torch

    # Backward passes follow the precision of their forward pass; autocast is not for them.
    with torch.autocast(noise.device.type, enabled=False):
        (gradient,) = torch.autograd.grad(total, noise, retain_graph=keep)
    return gradient


def noisy(seam: Seam, noise: torch.Tensor) -> torch.Tensor:
    """The batch's logits with noise on embeddings that are cut off from the table's gradient."""
    return seam.logits(seam.embeddings.detach() + noise.to(seam.embeddings.dtype))
