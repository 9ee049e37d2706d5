"""The loss of a prediction against torch's module and the papers' formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.api import IGNORED, Criterion

WEIGHTS = [0.25, 1.0, 3.5, 0.8]
FORMS: list[dict[str, Any]] = [
    {},
    {"label_smoothing": 0.1},
    {"class_weights": WEIGHTS},
    {"label_smoothing": 0.3, "class_weights": WEIGHTS},
]


def made(form: dict[str, Any]) -> Criterion:
    weights = form.get("class_weights")
    tensor = None if weights is None else torch.tensor(weights)
    return Criterion(**{**form, "class_weights": tensor})


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_it_is_torchs_cross_entropy(form: dict[str, Any]) -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 2, 2])
    weight = form.get("class_weights")
    reference = torch.nn.CrossEntropyLoss(
        weight=None if weight is None else torch.tensor(weight),
        label_smoothing=form.get("label_smoothing", 0.0),
        reduction="none",
    )
    assert torch.equal(made(form)(logits, targets), reference(logits, targets))
    tokens, tags = torch.randn(2, 4, 5), torch.tensor([[0, 1, IGNORED, 3, 2], [IGNORED] * 5])
    found = made(form)(tokens, tags)
    assert torch.equal(found, reference(tokens, tags))
    assert found[tags == IGNORED].eq(0).all()


@settings(max_examples=50, deadline=None)
@given(
    st.floats(0.1, 5),
    st.integers(2, 5),
    st.integers(0, 1000),
    st.booleans(),
)
def test_focal_loss_is_the_papers(gamma: float, classes: int, seed: int, weighed: bool) -> None:
    """FL(p) = -alpha (1 - p)^gamma log(p), equation 5 of Lin et al. 2017, in numpy's float64."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(7, classes)) * 3
    targets = rng.integers(0, classes, size=7)
    alpha = rng.uniform(0.2, 3, size=classes) if weighed else np.ones(classes)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    right = p[np.arange(7), targets]
    expected = -alpha[targets] * (1 - right) ** gamma * np.log(right)
    weights = torch.tensor(alpha, dtype=torch.float32) if weighed else None
    criterion = Criterion(class_weights=weights, focal_gamma=gamma)
    given_logits = torch.tensor(logits, dtype=torch.float32)
    found = criterion(given_logits, torch.tensor(targets))
    np.testing.assert_allclose(found.numpy(), expected, rtol=2e-4, atol=1e-5)
    tokens = criterion(given_logits.t()[None], torch.tensor(targets)[None])
    torch.testing.assert_close(tokens[0], found)


def test_focal_loss_ignores_what_asks_for_nothing() -> None:
    found = Criterion(focal_gamma=2.0)(torch.randn(1, 3, 2), torch.tensor([[IGNORED, 1]]))
    assert found[0, 0] == 0
    assert found[0, 1] > 0


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_its_gradient_is_finite_where_the_model_is_certain(gamma: float) -> None:
    logits = torch.tensor([[200.0, 0.0], [-200.0, 0.0]], requires_grad=True)
    Criterion(focal_gamma=gamma)(logits, torch.tensor([0, 0])).sum().backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[0].eq(0).all()
    assert logits.grad[1].tolist() == pytest.approx([-1.0, 1.0], abs=1e-4)
