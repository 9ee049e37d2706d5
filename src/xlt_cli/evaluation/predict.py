"""Predictions of a model for features, in one pass, sorted by length, spread over processes."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import PreTrainedTokenizerBase

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate, filled_batches, filled_with_examples
from xlt_cli.problems import Feature, Prediction, Problem
from xlt_cli.registry.models import calling_model

ATTENTION = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
"""Kinds of attention; cuDNN's plans anew for each new shape."""

TOKENS = {"cuda": 32768, "cpu": 1024}
"""Tokens in a forward pass, padding included: enough to fill a GPU; on a CPU few enough for its
caches to hold what passes from layer to layer."""


@dataclass
class Underway:
    """Features whose logits a GPU is still busy with.

    Attributes:
        parts: for each batch of this process: where its features stand, the features, the logits.
            Where these are over a whole vocabulary, what is kept of them: all together they would
            fill the memory.
        losses: of the rows of each of these batches, where they were asked for.
    """

    features: Sequence[Feature]
    problem: Problem
    runtime: Runtime
    parts: list[tuple[list[int], list[Feature], torch.Tensor | list[Any]]]
    tokenizer: PreTrainedTokenizerBase | None = None
    losses: list[torch.Tensor] = field(default_factory=list)

    def answers(self) -> list[Prediction]:
        """A prediction for each example, in the order of the features; waits for the GPU."""
        own = [
            pair
            for indices, chosen, logits in self.parts
            for pair in zip(indices, self._kept(logits, chosen), strict=True)
        ]
        by_place = dict(self.runtime.gather(own))
        kept = [by_place[place] for place in range(len(self.features))]
        return self.problem.decode(kept, self.features, self.tokenizer)

    def _kept(self, logits: torch.Tensor | list[Any], chosen: list[Feature]) -> list[Any]:
        return logits if isinstance(logits, list) else self.problem.predict(logits, chosen)

    def summed_losses(self) -> list[float]:
        """The loss of each example, summed over its inputs, in the order of the features."""
        own = [
            pair
            for (indices, *_), losses in zip(self.parts, self.losses, strict=True)
            for pair in zip(indices, losses.double().tolist(), strict=True)
        ]
        by_place = dict(self.runtime.gather(own))
        kept = [by_place[place] for place in range(len(self.features))]
        return [sum(losses) for _, losses in Problem.by_example(self.features, kept)]


def predict(
    model: EncoderModel,
    features: Sequence[Feature],
    problem: Problem,
    pad_id: int,
    runtime: Runtime,
    tokenizer: PreTrainedTokenizerBase | None = None,
) -> list[Prediction]:
    """A prediction for each example, in the order of `features`."""
    return launch(model, features, problem, pad_id, runtime, tokenizer).answers()


@torch.inference_mode()
def launch(
    model: EncoderModel,
    features: Sequence[Feature],
    problem: Problem,
    pad_id: int,
    runtime: Runtime,
    tokenizer: PreTrainedTokenizerBase | None = None,
    with_losses: bool = False,
) -> Underway:
    """Starts predicting; a GPU goes on while the processor prepares what comes next."""
    assert isinstance(model, torch.nn.Module)
    was_training = model.training
    model.eval()
    tokens = TOKENS.get(runtime.device.type, TOKENS["cpu"])
    if with_losses and problem.grouped:
        batches = filled_with_examples(features, tokens)
    else:
        batches = filled_batches([len(f.input_ids) for f in features], tokens)
    parts: list[tuple[list[int], list[Feature], torch.Tensor | list[Any]]] = []
    losses = []
    at_once = problem.head.over == "vocabulary"
    faster: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    if runtime.speed is not None and runtime.fast:
        faster = runtime.speed().fast_prediction(model, features, problem, pad_id, runtime)
    # Autocast spans all batches, so that weights are cast once.
    with sdpa_kernel(ATTENTION), faster, runtime.accelerator.autocast():
        for indices in batches[runtime.rank :: runtime.world]:
            chosen = [features[i] for i in indices]
            batch = collate(chosen, problem, pad_id).to(runtime.device)
            with calling_model(model, "logits", batch):
                logits = model.logits(model.embed(batch), batch)
            if with_losses:
                losses.append(problem.losses(logits, batch))
            kept = problem.predict(logits, chosen) if at_once else logits
            parts.append((indices, chosen, kept))
    model.train(was_training)
    return Underway(features, problem, runtime, parts, tokenizer, losses)
