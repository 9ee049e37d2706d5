"""Balls: what lies in them, what is nearest, how large they are."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from xlt_cli.api import Draws
from xlt_perturbations import balls

NORMS: list[balls.Norm] = ["l2-token", "l2-sentence", "linf"]
norms = st.sampled_from(NORMS)
scales = st.sampled_from([0.0, 1e-12, 1e-3, 1.0, 1e6, 1e15])


def draws(rows: int, seed: int = 0) -> Draws:
    return Draws(torch.arange(rows) + 1_000_000 * seed)


def noise(seed: int, scale: float) -> torch.Tensor:
    return torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(seed)) * scale


@settings(deadline=None)
@given(st.integers(0, 99), scales, st.sampled_from([0.0, 1e-3, 1.0, 50.0]), norms)
def test_a_projection_lies_in_the_ball_and_is_the_nearest_point(
    seed: int, scale: float, size: float, norm: balls.Norm
) -> None:
    given_, radius = noise(seed, scale), torch.full((2, 1, 1), size)
    found = balls.project(given_, radius, norm)
    assert found.isfinite().all()
    assert (balls.norms(found, norm) <= radius * (1 + 1e-5)).all()
    torch.testing.assert_close(balls.project(found, radius, norm), found)
    inside = (balls.norms(given_, norm) <= radius).expand_as(given_)
    assert torch.equal(found[inside], given_[inside])
    # The line to the nearest point of a convex set makes no sharp angle with any of its points.
    other = radius * balls.sample(torch.ones(2, 5, 1), 6, norm, draws(2, seed))
    angle = ((given_ - found).double() * (other - found).double()).sum()
    assert angle <= 1e-5 * max(1.0, scale) * max(1.0, size)


@settings(deadline=None)
@given(st.integers(0, 99), st.sampled_from([1e-36, 1e-20, 1.0, 1e30]), norms)
def test_a_direction_has_norm_one_and_rises_most(seed: int, scale: float, norm: balls.Norm) -> None:
    gradient = noise(seed, 1.0)
    found = balls.direction(gradient * scale, norm)
    torch.testing.assert_close(
        balls.norms(found, norm), torch.ones_like(balls.norms(found, norm)), rtol=1e-4, atol=0
    )
    best = (gradient * found).sum()
    for other in range(5):
        inside = balls.sample(torch.ones(2, 5, 1), 6, norm, draws(2, other))
        assert (gradient * inside).sum() <= best * (1 + 1e-5)


@pytest.mark.parametrize("norm", NORMS)
def test_no_gradient_no_direction(norm: balls.Norm) -> None:
    gradient = torch.zeros(2, 3, 4)
    gradient[0, 0] = 1
    found = balls.direction(gradient, norm)
    assert torch.equal(found == 0, gradient == 0)


@pytest.mark.parametrize("norm", NORMS)
def test_samples_fill_the_ball_and_stay_off_what_is_not_to_be_touched(norm: balls.Norm) -> None:
    touched = torch.ones(3000, 3, 1)
    touched[:, 1] = 0
    found = balls.sample(touched, 2, norm, draws(3000))
    assert (found[:, 1] == 0).all()
    sizes = balls.norms(found, norm)
    assert sizes.max() <= 1 + 1e-6
    dimensions = 2 if norm == "l2-token" else 4  # of those that are touched
    volumes = sizes[:, 0, 0].double() ** dimensions
    assert stats.kstest(volumes.numpy(), "uniform").pvalue > 0.01
    assert found.mean(dim=0).abs().max() < 0.05


def test_radii_are_relative_to_the_words_and_comparable_between_norms() -> None:
    embeddings = noise(0, 1.0)
    embeddings[1] *= 10
    touched = torch.ones(2, 5, 1)
    touched[:, 3:] = 0
    mean = embeddings[:, :3].norm(dim=-1).mean(dim=1)
    for norm, factor in (("l2-token", 1.0), ("l2-sentence", 3**0.5), ("linf", 6**-0.5)):
        found = balls.radius(embeddings, touched, norm, 0.1)  # type: ignore[arg-type]
        torch.testing.assert_close(found, (0.1 * factor * mean)[:, None, None])
        fixed = balls.radius(embeddings, touched, norm, 0.1, absolute=True)  # type: ignore[arg-type]
        assert torch.equal(fixed, torch.full((2, 1, 1), 0.1))
    for inner, outer in (("linf", "l2-token"), ("l2-token", "l2-sentence")):
        radius = balls.radius(embeddings, touched, inner, 0.1)  # type: ignore[arg-type]
        found = radius * balls.direction(noise(1, 1.0) * touched, inner)  # type: ignore[arg-type]
        bound = balls.radius(embeddings, touched, outer, 0.1)  # type: ignore[arg-type]
        assert (balls.norms(found, outer) <= bound * (1 + 1e-6)).all()  # type: ignore[arg-type]


@pytest.mark.parametrize("norm", NORMS)
def test_an_example_without_words_has_no_ball(norm: balls.Norm) -> None:
    touched = torch.zeros(2, 5, 1)
    assert (balls.radius(noise(0, 1.0), touched, norm, 0.1) == 0).all()
    assert (balls.sample(touched, 6, norm, draws(2)) == 0).all()


def test_half_precision_is_widened() -> None:
    half = noise(0, 1.0).bfloat16()
    assert balls.radius(half, torch.ones(2, 5, 1), "linf", 0.1).dtype == torch.float32
    assert balls.precise(half.double()).dtype == torch.float64
    assert math.isclose(balls.precise(half).sum().item(), half.float().sum().item())
