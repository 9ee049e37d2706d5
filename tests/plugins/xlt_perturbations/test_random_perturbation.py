"""Noise on word embeddings: where it goes, how large it is, what it depends on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from scipy import stats  # type: ignore[import-untyped]

from xlt_cli.api import Batch, Draws, Seam
from xlt_perturbations.random_perturbation import RandomPerturbation, unit_noise

KINDS = ["uniform", "gaussian"]
SIZE = 32


def perturbation(**values: Any) -> RandomPerturbation:
    return RandomPerturbation(RandomPerturbation.Params.model_validate(values))


def words(scale: float = 1.0, seed: int = 0, rows: int = 1, length: int = 12) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, length, SIZE, generator=generator) * scale


def noise_on(
    embeddings: torch.Tensor,
    perturbable: torch.Tensor | None = None,
    seed: int = 1,
    **values: Any,
) -> torch.Tensor:
    """What is added to the embeddings."""
    if perturbable is None:
        perturbable = torch.ones(embeddings.shape[:2], dtype=torch.bool)
    changed = []

    def logits(given: torch.Tensor, other: Batch | None = None) -> torch.Tensor:
        changed.append(given)
        return given.sum(dim=(1, 2)).unsqueeze(1)

    ids = torch.zeros_like(perturbable, dtype=torch.long)
    seam = Seam(
        embeddings=embeddings,
        batch=Batch(ids, ids, ids, ~perturbable, ids, [("en",)] * len(ids), ids[:, 0]),
        perturbable=perturbable,
        states=logits,
        logits=logits,
        loss=lambda found: found[:, 0],
        draws=Draws(torch.arange(len(ids)) + 1_000_000 * seed),
    )
    found = perturbation(**values).loss(seam)
    (given,) = changed
    assert torch.equal(found, given.sum(dim=(1, 2)))
    return given - embeddings


def test_uniform_noise_fills_the_ball_evenly() -> None:
    # The share of a ball of radius r is r^D: norms are distributed as U^(1/D).
    for size in (1, 3, 48):
        draws = Draws(torch.arange(4000))
        norms = unit_noise(torch.empty(4000, size), "uniform", draws).norm(dim=-1).double()
        assert norms.max() <= 1.0 + 1e-6
        assert stats.kstest((norms**size).numpy(), "uniform").pvalue > 0.01
    noise = unit_noise(torch.empty(2, 10_000, 3), "uniform", Draws(torch.arange(2)))[1]
    assert noise.mean(dim=0).abs().max() < 0.02
    # Uniform in the unit ball, each coordinate has a variance of 1 / (D + 2).
    assert noise.var(dim=0) == pytest.approx(torch.full((3,), 0.2), abs=0.01)


def test_gaussian_noise_has_a_root_mean_square_norm_of_one() -> None:
    noise = unit_noise(torch.empty(5000, 48), "gaussian", Draws(torch.arange(5000)))
    assert noise.norm(dim=-1).square().mean().sqrt().item() == pytest.approx(1.0, abs=0.01)
    assert stats.kstest(noise.flatten().numpy()[::7] * 48**0.5, "norm").pvalue > 0.01


@pytest.mark.parametrize("distribution", KINDS)
def test_radius_zero_changes_nothing_at_all(distribution: str) -> None:
    assert noise_on(words(), radius=0, distribution=distribution).abs().max() == 0.0


@pytest.mark.parametrize("distribution", KINDS)
def test_special_tokens_and_padding_stay_as_they_are(distribution: str) -> None:
    perturbable = torch.rand(3, 12, generator=torch.Generator().manual_seed(0)) < 0.5
    noise = noise_on(words(rows=3), perturbable, distribution=distribution)
    assert (noise[~perturbable] == 0).all()
    assert (noise[perturbable].norm(dim=-1) > 0).all()


def test_the_radius_is_relative_to_the_norm_of_the_examples_words() -> None:
    perturbable = torch.ones(2, 400, dtype=torch.bool)
    perturbable[:, ::2] = False
    embeddings = torch.cat([words(1.0, 1, length=400), words(50.0, 2, length=400)])
    norms = embeddings.norm(dim=-1)
    embeddings[:, ::2] *= 1000  # what noise may not touch has no part in it
    noise = noise_on(embeddings, perturbable, radius=0.3, distribution="gaussian")
    for row in range(2):
        rms = noise[row][perturbable[row]].norm(dim=-1).square().mean().sqrt()
        expected = 0.3 * norms[row][perturbable[row]].mean()
        assert rms.item() == pytest.approx(expected.item(), rel=0.05)
    largest = noise_on(embeddings, perturbable, radius=0.3)[1].norm(dim=-1).max()
    assert largest.item() <= 0.3 * norms[1][perturbable[1]].mean().item() * (1 + 1e-5)


def test_the_noise_of_an_example_does_not_depend_on_the_examples_beside_it() -> None:
    mine = words(1.0, 1)
    beside = [words(scale, 2) for scale in (0.01, 1.0, 100.0)]
    found = [noise_on(torch.cat([mine, other]))[0] for other in beside]
    for other in found[1:]:
        torch.testing.assert_close(other, found[0])


@pytest.mark.parametrize("distribution", KINDS)
def test_an_example_without_words_harms_nobody(distribution: str) -> None:
    perturbable = torch.ones(2, 12, dtype=torch.bool)
    perturbable[0] = False
    noise = noise_on(words(rows=2), perturbable, distribution=distribution)
    assert (noise[0] == 0).all()
    assert noise.isfinite().all()
    assert (noise[1].norm(dim=-1) > 0).all()
    alone = noise_on(words(), torch.zeros(1, 12, dtype=torch.bool), distribution=distribution)
    assert (alone == 0).all()


@pytest.mark.parametrize("distribution", KINDS)
def test_noise_is_a_function_of_the_seed(distribution: str) -> None:
    first = noise_on(words(), seed=5, distribution=distribution)
    assert torch.equal(noise_on(words(), seed=5, distribution=distribution), first)
    assert not torch.equal(noise_on(words(), seed=6, distribution=distribution), first)
    assert not torch.equal(first[0, 0], first[0, 1]), "each word has noise of its own"


def test_gradients_do_not_flow_through_the_radius() -> None:
    embeddings = words().requires_grad_()
    ones = torch.ones(1, 12, dtype=torch.bool)
    ids = ones.long()
    seam = Seam(
        embeddings=embeddings,
        batch=Batch(ids, ids, ids, ~ones, ids, [("en",)], ids[:, 0]),
        perturbable=ones,
        states=lambda given, other=None: given,
        logits=lambda given, other=None: given.sum(dim=(1, 2)).unsqueeze(1),
        loss=lambda found: found[:, 0],
        draws=Draws(torch.tensor([1])),
    )
    (gradient,) = torch.autograd.grad(perturbation().loss(seam).sum(), embeddings)
    assert torch.equal(gradient, torch.ones_like(embeddings))


@pytest.mark.parametrize("values", [{"radius": -0.1}, {"distribution": "cauchy"}, {"radios": 1}])
def test_wrong_parameters_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        perturbation(**values)
