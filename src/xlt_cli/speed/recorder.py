"""What makes updates on a GPU fast: recorded whole, with compiled layers, in half precision."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import nullcontext
from functools import partial

import torch
from torch import nn

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.models.layers import layers_of
from xlt_cli.speed.attention import one_tile, users_of
from xlt_cli.speed.graphs import FINE, MULTIPLE, Graphs
from xlt_cli.speed.half_weights import HalfWeights
from xlt_cli.speed.layers import (
    COMPILED_FROM,
    check_gradients,
    compile_layers,
    parameters_fixed,
    restore_layers,
)
from xlt_cli.training.exchange import add_up
from xlt_cli.training.loss import StageLoss


class Recorder:
    """The recorded updates of a stage, and all that they need.

    Args:
        limit: the largest norm of a gradient.
        length: how many updates the stage has at most.

    Attributes:
        multiple: what the lengths of recorded batches are multiples of.
    """

    def __init__(
        self,
        model: EncoderModel,
        loss: StageLoss,
        steps: torch.optim.AdamW,
        limit: float,
        runtime: Runtime,
        length: int,
    ) -> None:
        assert isinstance(model, nn.Module)
        self.loss, self.optimizer, self.limit, self.runtime = loss, steps, limit, runtime
        self.parameters = [p for group in steps.param_groups for p in group["params"]]
        half = runtime.precision == "bf16"
        self.attention = users_of(model) if half else []
        self.weights = HalfWeights(model, torch.bfloat16) if half else None
        long = length >= COMPILED_FROM
        self.layers = layers_of(model) if long else []
        if self.layers:
            loss.parameters_fixed = partial(parameters_fixed, self.layers)
        self.multiple = FINE if long else MULTIPLE
        self.graphs = Graphs(runtime.device, self._update, self._backward, self._forget)
        self._progress = 0.0

    @property
    def path(self) -> list[str]:
        """What is used, for the record."""
        ways = ["graphs"] + ["one-tile attention"] * bool(self.attention)
        ways += ["half weights"] * (self.weights is not None)
        return ways + ["compiled"] * bool(self.layers)

    def run(
        self, batch: Batch, seeds: torch.Tensor, weight: float, seed: int, progress: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Makes an update; returns its loss and the gradient's norm before clipping.

        Raises:
            Exception: it cannot be recorded; nothing was changed.
        """
        self._progress = progress
        compile_layers(self.layers, graphs_kept=bool(self.loss.methods))
        phase: Hashable = self.loss.phase(progress)
        with one_tile(self.attention):
            return self.graphs.run(batch, seeds, weight, seed, phase)

    def changed(self) -> None:
        """Is told that the trained parameters were changed elsewhere."""
        if self.weights is not None:
            self.weights.refresh()

    def clear(self) -> None:
        """Forgets all recordings: some parameter has another shape now."""
        self.graphs.clear()

    def give_up(self) -> None:
        """Leaves the model as an ordinary one."""
        restore_layers(self.layers)
        self.loss.parameters_fixed = nullcontext
        self._forget()

    def _backward(
        self, batch: Batch, seeds: torch.Tensor, weight: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.weights is None:
            return self._losses(batch, seeds, weight)
        with self.weights.in_place():
            losses = self._losses(batch, seeds, weight)
        self.weights.gather()
        return losses

    def _losses(
        self, batch: Batch, seeds: torch.Tensor, weight: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        with self.runtime.accelerator.autocast():
            losses = self.loss(batch, seeds, self._progress)
        loss = losses.float().sum() * weight
        self.runtime.accelerator.backward(loss)
        if self.loss.methods:
            check_gradients(self.layers)
        return loss.detach(), loss.detach()

    def _update(
        self, batch: Batch, seeds: torch.Tensor, weight: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        loss, _ = self._backward(batch, seeds, weight)
        loss = add_up(self.parameters, loss, self.runtime)
        norm = clip_in_step(self.optimizer, self.limit)
        self.optimizer.step()
        self.optimizer.grad_scale = None  # type: ignore[attr-defined]
        if self.weights is not None:
            self.weights.refresh()
        return loss, norm

    def _forget(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        if self.weights is not None:
            self.weights.forget()


def clip_in_step(optimizer: torch.optim.AdamW, limit: float) -> torch.Tensor:
    """Has the optimizer's next step clip the gradients; returns their norm before.

    As `clip`, without a pass over all gradients of its own: the fused step divides by a scale.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
    optimizer.grad_scale = ((norm + 1e-6) / limit).clamp(min=1.0)  # type: ignore[attr-defined]
    return norm
