"""The smoothed classifier: votes of a model under Gaussian noise on its word embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from xlt_cli.api import Batch, Draws, EmbeddingPerturbation, EncoderModel, Seam
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate, evaluation_batches, seeds
from xlt_cli.models.seam import seam
from xlt_cli.problems import Feature, Prediction, Problem
from xlt_cli.spec import Smoothing
from xlt_cli.stats.certification import ABSTAINED, Certified, certify

BATCH_SIZES = {"cuda": 512, "cpu": 64}
"""Examples in a forward pass."""


@torch.inference_mode()
def smoothed(
    model: EncoderModel,
    features: Sequence[Feature],
    problem: Problem,
    pad_id: int,
    smoothing: Smoothing,
    noise: EmbeddingPerturbation,
    runtime: Runtime,
    on_batch: Callable[[int], None] = lambda size: None,
) -> list[Prediction]:
    """Predictions by majority vote, in the order of `features`.

    `predicted` is None where the vote abstained, `probabilities` are shares of the votes, and
    `radius` is the certified l2 radius of an example's noise, all tokens together, relative to the
    mean norm of its word embeddings.
    """
    assert isinstance(model, torch.nn.Module)
    was_training = model.training
    model.eval()
    size = BATCH_SIZES.get(runtime.device.type, 64)
    batches = evaluation_batches([len(f.input_ids) for f in features], size)
    own = []
    for number in range(runtime.rank, len(batches), runtime.world):
        chosen = [features[i] for i in batches[number]]
        batch = collate(chosen, problem, pad_id).to(runtime.device)
        draws = Draws(seeds(chosen, "smoothing").to(runtime.device))
        with runtime.accelerator.autocast():
            found, shares, unit = _certified(model, problem, batch, smoothing, noise, draws)
        own += [
            (
                i,
                Prediction(
                    feature.id,
                    feature.gold,
                    None if label == ABSTAINED else problem.labels[label],
                    tuple(round(float(share), 6) for share in row),
                    round(float(radius / scale), 6),
                ),
            )
            for i, feature, label, radius, row, scale in zip(
                batches[number], chosen, found.classes, found.radii, shares, unit, strict=True
            )
        ]
        on_batch(len(chosen))
    model.train(was_training)
    by_index = dict(runtime.gather(own))
    return [by_index[i] for i in range(len(features))]


def _certified(
    model: EncoderModel,
    problem: Problem,
    batch: Batch,
    smoothing: Smoothing,
    noise: EmbeddingPerturbation,
    draws: Draws,
) -> tuple[Certified, np.ndarray, np.ndarray]:
    """Answers and radii, shares of the votes [B, C], and the mean norms of embeddings [B]."""
    here = seam(model, problem, batch, draws)
    selection = votes(here, noise, smoothing.selection)
    estimation = votes(here, noise, smoothing.samples)
    deviation = noise.deviation(here).double().cpu().numpy()
    found = certify(selection, estimation, deviation, smoothing.alpha)
    return found, estimation / estimation.sum(axis=1, keepdims=True), mean_norms(here)


def votes(here: Seam, noise: EmbeddingPerturbation, samples: int) -> np.ndarray:
    """How often each class was the answer under noise, [B, C]."""
    counts: torch.Tensor | None = None
    for _ in range(samples):
        logits = here.logits(noise.perturbed(here))
        vote = torch.nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1])
        counts = vote if counts is None else counts + vote
    assert counts is not None
    found: np.ndarray = counts.cpu().numpy()
    return found


def mean_norms(here: Seam) -> np.ndarray:
    """The mean l2 norm of each example's word embeddings, special tokens aside, [B]."""
    norms = here.embeddings.detach().double().norm(dim=-1) * here.perturbable
    means = norms.sum(dim=1) / here.perturbable.sum(dim=1).clamp(min=1)
    tiny: float = torch.finfo(means.dtype).tiny
    found: np.ndarray = means.clamp(min=tiny).cpu().numpy()
    return found
