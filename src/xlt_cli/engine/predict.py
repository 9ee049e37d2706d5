"""Predictions of a model for features, in one pass, sorted by length, spread over processes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from xlt_cli.api import EncoderModel
from xlt_cli.data.batches import collate, filled_batches
from xlt_cli.engine.packing import packed
from xlt_cli.engine.runtime import Runtime
from xlt_cli.problems import Feature, Prediction, Problem

ATTENTION = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
"""Kinds of attention; cuDNN's plans for a tenth of a second for each new shape."""

TOKENS = {"cuda": 32768, "cpu": 1024}
"""Tokens in a forward pass, padding included: enough to fill a GPU; on a CPU few enough for its
caches to hold what passes from layer to layer."""


@torch.inference_mode()
def predict(
    model: EncoderModel,
    features: Sequence[Feature],
    problem: Problem,
    pad_id: int,
    runtime: Runtime,
    on_batch: Callable[[int], None] = lambda size: None,
) -> list[Prediction]:
    """Predictions in the order of `features`; `on_batch` is told how many are done."""
    assert isinstance(model, torch.nn.Module)
    was_training = model.training
    model.eval()
    tokens = TOKENS.get(runtime.device.type, TOKENS["cpu"])
    batches = filled_batches([len(f.input_ids) for f in features], tokens)
    answers = []
    # Autocast spans all batches, so that weights are cast once.
    with _fast_layers(model, runtime), runtime.accelerator.autocast(), sdpa_kernel(ATTENTION):
        for indices in batches[runtime.rank :: runtime.world]:
            chosen = [features[i] for i in indices]
            batch = collate(chosen, problem, pad_id).to(runtime.device)
            answers.append((indices, chosen, model.logits(model.embed(batch), batch)))
            on_batch(len(indices))
    # Decoded at the end: a look at the logits makes the processor wait for the GPU.
    own = [
        pair
        for indices, chosen, logits in answers
        for pair in zip(indices, problem.predict(logits, chosen), strict=True)
    ]
    model.train(was_training)
    found = dict(runtime.gather(own))
    return [found[i] for i in range(len(features))]


def _fast_layers(
    model: torch.nn.Module, runtime: Runtime
) -> contextlib.AbstractContextManager[Any]:
    # Packed weights are float32, whatever autocast says.
    plain = runtime.plain or runtime.precision != "fp32"
    return contextlib.nullcontext() if plain else packed(model)
