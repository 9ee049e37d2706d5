"""Divergences against torch's own distributions."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.distributions import Categorical, kl_divergence

from xlt_cli.api import Batch
from xlt_perturbations import divergence


def batch(targets: torch.Tensor) -> Batch:
    nothing: Any = None
    return Batch(nothing, nothing, nothing, nothing, nothing, [], targets)


def draw(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    one, other = 3 * torch.randn(2, *shape, generator=generator, dtype=torch.float64)
    return one, other


def test_divergences_of_sequences() -> None:
    one, other = draw(5, 4)
    p, q = Categorical(logits=one), Categorical(logits=other)
    average = Categorical(probs=(p.probs + q.probs) / 2)
    there, back = kl_divergence(p, q), kl_divergence(q, p)
    towards = (kl_divergence(p, average) + kl_divergence(q, average)) / 2
    given = batch(torch.zeros(5, dtype=torch.long))
    torch.testing.assert_close(divergence.kl(one, other, given), there)
    torch.testing.assert_close(divergence.symmetric_kl(one, other, given), there + back)
    torch.testing.assert_close(divergence.jensen_shannon(one, other, given), towards)


def test_divergences_of_tokens_leave_out_what_is_not_predicted() -> None:
    one, other = draw(2, 3, 4)
    targets = torch.tensor([[1, -100, 0], [-100, -100, 2]])
    each = kl_divergence(Categorical(logits=one), Categorical(logits=other))
    expected = torch.stack([each[0, 0] + each[0, 2], each[1, 2]])
    torch.testing.assert_close(divergence.kl(one, other, batch(targets)), expected)
    there = divergence.symmetric_kl(one, other, batch(targets))
    torch.testing.assert_close(there, divergence.symmetric_kl(other, one, batch(targets)))
    torch.testing.assert_close(
        there, expected + divergence.kl(other, one, batch(targets)), msg="both ways"
    )


def test_equal_predictions_are_no_way_apart_and_certain_ones_are_finite() -> None:
    given = batch(torch.zeros(2, dtype=torch.long))
    one = torch.tensor([[80.0, -80.0], [0.0, 0.0]], requires_grad=True)
    for measure in (divergence.kl, divergence.symmetric_kl, divergence.jensen_shannon):
        assert measure(one, one, given).abs().max() < 1e-6
        found = measure(one, -one.detach(), given)
        assert found.isfinite().all()
        assert torch.autograd.grad(found.sum(), one)[0].isfinite().all()
    far = divergence.jensen_shannon(one, -one, given)[0].item()
    assert math.isclose(far, math.log(2), rel_tol=1e-5)


def test_half_precision_is_widened() -> None:
    one, other = (logits.bfloat16() for logits in draw(5, 4))
    given = batch(torch.zeros(5, dtype=torch.long))
    assert divergence.kl(one, other, given).dtype == torch.float32
