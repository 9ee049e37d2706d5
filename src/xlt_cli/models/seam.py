"""A batch at the seam between a model's halves, as embedding perturbations see it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from xlt_cli.api import Batch, Draws, EncoderModel, Seam, View
from xlt_cli.problems import Problem
from xlt_cli.registry.models import calling_model


def seam(
    model: EncoderModel,
    problem: Problem,
    batch: Batch,
    draws: Draws,
    progress: float = 0.0,
    module: torch.nn.Module | None = None,
    parameters_fixed: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Seam:
    """A batch as a perturbation sees it.

    Args:
        module: the perturbation's own.
        parameters_fixed: see `View`.
    """
    return Seam(
        **_view(model, problem, batch),
        parameters_fixed=parameters_fixed,
        draws=draws,
        progress=progress,
        companions=tuple(View(**_view(model, problem, b)) for b in batch.companions),
        module=module,
    )


def _view(model: EncoderModel, problem: Problem, batch: Batch) -> dict[str, Any]:
    def states(embeddings: torch.Tensor, other: Batch | None = None) -> torch.Tensor:
        with calling_model(model, "encode", other or batch):
            return model.encode(embeddings, other or batch)

    def logits(embeddings: torch.Tensor, other: Batch | None = None) -> torch.Tensor:
        with calling_model(model, "logits", other or batch):
            return model.logits(embeddings, other or batch)

    with calling_model(model, "embed", batch):
        embedded = model.embed(batch)
    return {
        "embeddings": embedded,
        "batch": batch,
        "perturbable": ~batch.special_mask,
        "states": states,
        "logits": logits,
        "loss": lambda outputs: problem.losses(outputs, batch),
    }
