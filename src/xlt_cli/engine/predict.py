"""Predictions of a model for features, in one pass, sorted by length, spread over processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.data.batches import collate, evaluation_batches
from xlt_cli.engine.runtime import Runtime
from xlt_cli.problems import Feature, Prediction, Problem

BATCH_SIZES = {"cuda": 512, "cpu": 64}
"""Examples in a forward pass: enough to fill the device, few enough for its memory."""


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
    size = BATCH_SIZES.get(runtime.device.type, 64)
    batches = evaluation_batches([len(f.input_ids) for f in features], size)
    own = []
    for indices in batches[runtime.rank :: runtime.world]:
        chosen = [features[i] for i in indices]
        batch = collate(chosen, problem, pad_id).to(runtime.device)
        with runtime.accelerator.autocast():
            logits = model.logits(model.embed(batch), batch)
        own += list(zip(indices, problem.predict(logits, chosen), strict=True))
        on_batch(len(indices))
    model.train(was_training)
    found = dict(runtime.gather(own))
    return [found[i] for i in range(len(features))]
