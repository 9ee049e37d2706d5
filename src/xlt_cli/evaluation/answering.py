"""Answers of a condition that acts between the two halves of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from xlt_cli.api import Answer, Condition, Draws, EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import (
    collate,
    evaluation_batches,
    evaluation_batches_of_examples,
    seeds,
)
from xlt_cli.models.seam import seam
from xlt_cli.noise.drawing import prepared
from xlt_cli.problems import Feature, Prediction, Problem

BATCH_SIZES = {"cuda": 512, "cpu": 64}
"""Examples in a forward pass."""


@torch.no_grad()  # no inference mode: an attack turns gradients on
def answered(
    model: EncoderModel,
    features: Sequence[Feature],
    problem: Problem,
    pad_id: int,
    condition: Condition,
    runtime: Runtime,
) -> list[Prediction]:
    """A prediction for each example, in the order of `features`."""
    assert isinstance(model, torch.nn.Module)
    prepared(condition, problem)
    was_training = model.training
    model.eval()
    size = BATCH_SIZES.get(runtime.device.type, 64)
    if problem.grouped:  # the loss of an example, which attacks climb, needs all its inputs
        batches = evaluation_batches_of_examples(features, size)
    else:
        batches = evaluation_batches([len(f.input_ids) for f in features], size)
    purpose = [condition.name, *([condition.seed] if condition.seed else [])]
    own: list[tuple[int, Prediction]] = []
    for indices in batches[runtime.rank :: runtime.world]:
        chosen = [features[i] for i in indices]
        batch = collate(chosen, problem, pad_id).to(runtime.device)
        draws = Draws(seeds(chosen, *purpose).to(runtime.device))
        with runtime.accelerator.autocast():
            answer = condition.answer(seam(model, problem, batch, draws))
        own += zip(indices, predictions(problem, chosen, answer), strict=True)
    model.train(was_training)
    by_index = dict(runtime.gather(own))
    return problem.decode([by_index[i] for i in range(len(features))], features, None)


def predictions(problem: Problem, features: Sequence[Feature], answer: Answer) -> list[Prediction]:
    """What an answer says of each input of a batch."""
    kept = problem.predict(answer.logits, features)
    if answer.abstained is not None:
        silent = answer.abstained.tolist()
        kept = [
            replace(p, predicted=None) if is_silent else p
            for p, is_silent in zip(kept, silent, strict=True)
        ]
    columns = {name: numbers.double().tolist() for name, numbers in answer.values.items()}
    if not columns:
        return kept
    return [
        replace(p, values={name: round(numbers[row], 6) for name, numbers in columns.items()})
        for row, p in enumerate(kept)
    ]
