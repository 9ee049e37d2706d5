"""Prediction by the fastest way that is exact."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.problems import Feature, Problem
from xlt_cli.speed.attention import one_tile, users_of
from xlt_cli.speed.first_token import first_token_only
from xlt_cli.speed.packing import packed


@contextlib.contextmanager
def fast_prediction(
    model: EncoderModel,
    features: Sequence[Feature],
    problem: Problem,
    pad_id: int,
    runtime: Runtime,
) -> Iterator[None]:
    """Has a model in evaluation mode predict faster meanwhile.

    Args:
        features: those that will be predicted; the first is used to try the model.
    """
    assert isinstance(model, torch.nn.Module)
    half = runtime.precision == "bf16"
    with contextlib.ExitStack() as stack:
        if runtime.device.type == "cpu":
            stack.enter_context(packed(model, torch.bfloat16 if half else torch.float32))
        else:
            stack.enter_context(one_tile(users_of(model) if half else []))
        stack.enter_context(runtime.accelerator.autocast())
        if features and not problem.head.per_token:
            probe = collate(features[:1], problem, pad_id).to(runtime.device)
            stack.enter_context(first_token_only(model, probe))
        yield
