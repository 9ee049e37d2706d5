"""Adversarial noise against closed forms, and against gradients derived by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from xlt_cli.api import Seam
from xlt_perturbations import balls
from xlt_perturbations.adversarial import Adversarial
from xlt_perturbations.ascent import gradient

NORMS: list[balls.Norm] = ["l2-token", "l2-sentence", "linf"]
MakeSeam = Callable[..., Seam]


def adversarial(**values: Any) -> Adversarial:
    return Adversarial(Adversarial.Params.model_validate(values))


def vectors(seed: int, rows: int = 3, length: int = 5, size: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, length, size, generator=generator, dtype=torch.float64)


def dual(weights: torch.Tensor, norm: balls.Norm) -> torch.Tensor:
    """The most that a linear function rises within a ball of radius 1."""
    if norm == "l2-token":
        return weights.norm(dim=-1).sum(dim=1)
    if norm == "l2-sentence":
        return weights.flatten(1).norm(dim=1)
    return weights.abs().sum(dim=(1, 2))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("absolute", [False, True])
def test_on_a_linear_loss_it_finds_the_worst_case(
    toy_seam: MakeSeam, norm: balls.Norm, steps: int, absolute: bool
) -> None:
    weights, clean = vectors(1), vectors(2)
    perturbable = torch.ones(3, 5, dtype=torch.bool)
    perturbable[0, 3:] = False
    seam = toy_seam(clean, lambda given: (weights * given).sum(dim=(1, 2)), perturbable)
    values = {"norm": norm, "steps": steps, "epsilon": 0.3, "absolute": absolute}
    found = adversarial(**values, random_start=False, clean_weight=0).loss(seam)
    touched = perturbable.unsqueeze(-1).double()
    radius = balls.radius(clean, touched, norm, 0.3, absolute)[:, 0, 0]
    worst = (weights * clean).sum(dim=(1, 2)) + radius * dual(weights * touched, norm)
    torch.testing.assert_close(found, worst)


@pytest.mark.parametrize("norm", NORMS)
def test_from_a_random_start_it_comes_close_to_the_worst_case(
    toy_seam: MakeSeam, norm: balls.Norm
) -> None:
    weights, clean = vectors(1), torch.zeros(3, 5, 4, dtype=torch.float64)
    seam = toy_seam(clean, lambda given: (weights * given).sum(dim=(1, 2)))
    worst = 0.3 * dual(weights, norm)
    values = {"norm": norm, "epsilon": 0.3, "absolute": True, "clean_weight": 0}
    values["random_start"] = True
    found = adversarial(**values, steps=30, step_size=1).loss(seam)
    torch.testing.assert_close(found, worst, rtol=1e-6, atol=0)
    one = adversarial(**values, steps=1).loss(seam)  # FGSM-RS
    assert (one <= worst * (1 + 1e-6)).all()
    assert (one > 0).all()


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 999),
    st.sampled_from(NORMS),
    st.integers(1, 4),
    st.floats(0.01, 20),
    st.floats(0.001, 100),
    st.booleans(),
)
def test_the_noise_stays_in_the_ball(
    toy_seam: MakeSeam,
    seed: int,
    norm: balls.Norm,
    steps: int,
    epsilon: float,
    step_size: float,
    absolute: bool,
) -> None:
    clean, weights = vectors(seed).float(), vectors(seed + 1).float()
    seam = toy_seam(clean, lambda given: (weights * given).tanh().sum(dim=(1, 2)), seed=seed)
    values = {"norm": norm, "steps": steps, "epsilon": epsilon, "absolute": absolute}
    noise = adversarial(**values, step_size=step_size).perturbed(seam) - clean
    radius = balls.radius(clean, torch.ones(3, 5, 1), norm, epsilon, absolute)
    assert (balls.norms(noise, norm) <= radius * (1 + 1e-5) + 1e-5).all()
    assert (noise != 0).any()


@pytest.mark.parametrize("norm", NORMS)
def test_one_step_is_the_gradient_of_the_plain_model(bench: Any, norm: balls.Norm) -> None:
    seam = bench.seam()
    batch, plain = seam.batch, bench.model.model  # Hugging Face's own model

    embeddings = plain.get_input_embeddings()(batch.input_ids).detach().requires_grad_()
    given = {"attention_mask": batch.attention_mask, "token_type_ids": batch.token_type_ids}
    logits = plain(inputs_embeds=embeddings, **given).logits
    cross_entropy(logits, batch.targets, reduction="sum").backward()
    words = (~batch.special_mask).unsqueeze(-1).float()
    slope, clean = embeddings.grad * words, embeddings.detach()
    mean = (clean.norm(dim=-1) * words[..., 0]).sum(1) / words[..., 0].sum(1)
    if norm == "l2-token":
        unit = slope / slope.norm(dim=-1, keepdim=True).clamp(min=1e-20)
    elif norm == "l2-sentence":
        unit = slope / slope.flatten(1).norm(dim=1)[:, None, None]
        unit = unit * words.sum(dim=1, keepdim=True).sqrt()
    else:
        unit = slope.sign() / clean.shape[-1] ** 0.5
    expected = clean + 0.2 * mean[:, None, None] * unit

    fgm = adversarial(norm=norm, epsilon=0.2, steps=1, random_start=False, clean_weight=0)
    torch.testing.assert_close(fgm.perturbed(seam), expected, rtol=1e-4, atol=1e-5)
    attacked = plain(inputs_embeds=expected, **given).logits
    losses = cross_entropy(attacked, batch.targets, reduction="none")
    torch.testing.assert_close(fgm.loss(seam), losses, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", ["sequence", "tokens"])
@pytest.mark.parametrize("seed", range(4))
def test_the_attacked_loss_is_never_below_the_clean_one(
    make_bench: Callable[..., Any], norm: balls.Norm, kind: str, seed: int
) -> None:
    """On a model and in a ball where slopes last; elsewhere steps can overshoot the peak."""
    bench = make_bench(kind, seed, scale=0.1)
    batch = bench.batch(*range(9))
    for steps, random_start in ((1, False), (5, True)):
        attack = adversarial(
            norm=norm, epsilon=0.05, steps=steps, random_start=random_start, clean_weight=0
        )
        assert (attack.loss(bench.seam(batch, seed)) >= bench.clean(batch)).all()


def test_more_steps_attack_harder(bench: Any) -> None:
    means = [
        adversarial(epsilon=0.3, steps=steps, random_start=False, clean_weight=0)
        .loss(bench.seam(bench.batch(*range(9))))
        .mean()
        .item()
        for steps in (1, 8)
    ]
    assert means == sorted(means)


def test_the_clean_loss_has_its_weight(bench: Any) -> None:
    attacked = adversarial(clean_weight=0).loss(bench.seam())
    mixed = adversarial(clean_weight=0.3).loss(bench.seam())
    torch.testing.assert_close(mixed, 0.3 * bench.clean() + 0.7 * attacked)


def test_each_step_costs_one_pass_and_no_gradient_of_a_parameter(bench: Any) -> None:
    computed = []
    for parameter in bench.model.parameters():
        parameter.register_hook(lambda gradient: computed.append(gradient))
    losses = adversarial(steps=4, random_start=True).loss(bench.seam())
    *attack, last = bench.seen
    assert [len(seen) for seen in attack] == [4] * 4
    assert len(last) == 2 * 4, "the attacked one and the clean one, at once"
    assert computed == []
    losses.sum().backward()
    assert computed


def test_an_update_takes_one_pass_more_than_steps(bench: Any) -> None:
    adversarial(steps=4).loss(bench.seam())
    assert [len(seen) for seen in bench.seen] == [4] * (4 + 1)


def test_the_gradient_of_noise_is_that_of_each_example(toy_seam: MakeSeam) -> None:
    weights = vectors(1)
    found = gradient(lambda noise: (weights * noise).sum(dim=(1, 2)).square() / 2, vectors(2))
    expected = weights * (weights * vectors(2)).sum(dim=(1, 2))[:, None, None]
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("norm", ["l2-token", "l2-sentence", "linf"])
@pytest.mark.parametrize("steps", [1, 3])
def test_the_clean_pass_serves_as_the_attacks_first_step(
    bench: Any, norm: balls.Norm, steps: int
) -> None:
    values = {"norm": norm, "epsilon": 0.2, "steps": steps, "random_start": False}
    apart = adversarial(**values, clean_weight=0).loss(bench.seam())
    clean = bench.clean()
    expected = bench.gradients(0.3 * clean + 0.7 * apart)
    bench.seen.clear()
    mixed = adversarial(**values, clean_weight=0.3).loss(bench.seam())
    assert len(bench.seen) == 1 + steps, "one pass less than steps, clean and attacked"
    torch.testing.assert_close(mixed, 0.3 * clean + 0.7 * apart)
    for name, slope in bench.gradients(mixed).items():
        torch.testing.assert_close(slope, expected[name])


def test_it_attacks_where_the_embeddings_are_frozen(bench: Any) -> None:
    bench.model.model.get_input_embeddings().weight.requires_grad_(False)
    method = adversarial(epsilon=0.2, steps=1, random_start=False, clean_weight=0.5)
    found = method.loss(bench.seam())
    assert (found > bench.clean()).all()
    assert bench.gradients(found)
