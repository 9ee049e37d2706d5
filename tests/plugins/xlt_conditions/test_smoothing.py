"""The smoothed classifier of a model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xlt_cli.api import Batch, Draws, EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.evaluation.answering import answered
from xlt_cli.evaluation.predict import predict
from xlt_cli.models.seam import seam
from xlt_cli.problems import Feature, SequenceClassification
from xlt_conditions.smoothing import Smoothing, mean_norms, votes
from xlt_perturbations.random_perturbation import RandomPerturbation


def noise(radius: float) -> RandomPerturbation:
    return RandomPerturbation(RandomPerturbation.Params(radius=radius, distribution="gaussian"))


def smoothing(radius: float, samples: int = 40) -> Smoothing:
    given = {"noise": "random-perturbation", "samples": samples, "selection": 10, "alpha": 0.01}
    condition = Smoothing(Smoothing.Params.model_validate(given))
    condition.parts = {"noise": noise(radius)}
    return condition


@pytest.fixture
def decided(
    model: EncoderModel, features: list[Feature], problem: SequenceClassification
) -> EncoderModel:
    """The model with larger weights, and a bias with which half of the answers are either label:
    some rows then lie near the border."""
    assert isinstance(model, torch.nn.Module)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
        batch = collate(features, problem, 0)
        logits = model.logits(model.embed(batch), batch)
        margins = (logits[:, 0] - logits[:, 1]).mul(1e4).round().unique().div(1e4)
        middle = len(margins) // 2
        border = (margins[middle - 1] + margins[middle]) / 2  # between two rows, on none
        model.model.classifier.bias[0] -= border  # type: ignore[union-attr, operator, index]
    return model


@pytest.fixture
def batch(features: list[Feature], problem: SequenceClassification) -> Batch:
    return collate(features, problem, 0)


def test_without_noise_it_is_the_model_itself(
    decided: EncoderModel,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
) -> None:
    found = answered(decided, features, problem, 0, smoothing(0.0), runtime)
    plain = predict(decided, features, problem, 0, runtime)
    assert [(p.id, p.predicted) for p in found] == [(p.id, p.predicted) for p in plain]
    assert {p.values["radius"] for p in found} == {0.0}
    assert {max(p.probabilities) for p in found} == {1.0}


def test_votes_are_counts_of_the_models_answers_under_the_noise(
    decided: EncoderModel, batch: Batch, problem: SequenceClassification
) -> None:
    here = seam(decided, problem, batch, Draws(torch.arange(len(batch))))
    found = votes(here, noise(2.0), 12)
    assert found.sum(axis=1).tolist() == [12] * len(batch)
    again = seam(decided, problem, batch, Draws(torch.arange(len(batch))))
    expected = np.zeros_like(found)
    for _ in range(12):
        answers = decided.logits(noise(2.0).perturbed(again), batch).argmax(dim=-1)
        expected[np.arange(len(batch)), answers.numpy()] += 1
    assert np.array_equal(found, expected)
    assert (found.min(axis=1) > 0).any(), "the noise is large enough to change an answer"


def test_a_vote_that_is_not_clear_abstains_and_a_radius_needs_a_clear_one(
    decided: EncoderModel,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
) -> None:
    found = answered(decided, features, problem, 0, smoothing(2.0, 10), runtime)
    assert {p.predicted for p in found} > {None}
    for p in found:
        assert (p.predicted is None) == (p.values["radius"] == 0)
        if p.predicted is not None:
            assert p.probabilities[problem.ids[str(p.predicted)]] > 0.5
    again = answered(decided, features, problem, 0, smoothing(2.0, 10), runtime)
    assert again == found


def test_radii_are_relative_to_the_mean_norm_of_the_words(
    decided: EncoderModel,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
    batch: Batch,
) -> None:
    embeddings = decided.embed(batch)
    words = [embeddings[i][~batch.special_mask[i]].norm(dim=-1).mean() for i in range(len(batch))]
    here = seam(decided, problem, batch, Draws(torch.arange(len(batch))))
    np.testing.assert_allclose(mean_norms(here), torch.stack(words).detach().numpy(), rtol=1e-5)
    # All votes agree: the bound is alpha^(1/n), and the radius sigma's multiple of its quantile.
    from scipy.stats import norm

    found = answered(decided, features, problem, 0, smoothing(0.001), runtime)
    sigma = 0.001 / embeddings.shape[-1] ** 0.5
    expected = sigma * norm.ppf(0.01 ** (1 / 40))
    sure = [p.values["radius"] for p in found if max(p.probabilities) == 1.0]
    assert len(sure) > 20
    assert sure == pytest.approx([expected] * len(sure), abs=2e-7, rel=0.02)
