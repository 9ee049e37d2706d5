"""Robust accuracy against radius, beside a closed form: the worst point of a linear model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from xlt_cli.api import Batch, EncoderModel, Prediction
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.evaluation.answering import answered
from xlt_cli.evaluation.predict import predict
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.testing.tiny_tasks import Sequences, Tokens
from xlt_conditions.pgd import Pgd
from xlt_conditions.smoothing import mean_norms

RADII = (0.1, 0.3, 0.6, 1.0, 1.6)


class Linear(torch.nn.Module):
    """Logits are linear in the mean embedding of all tokens, special ones included."""

    def __init__(self, words: int, size: int = 12, classes: int = 2) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.words = torch.nn.Embedding(words, size)
        self.words.weight.data = torch.randn(words, size, generator=generator)
        self.head = torch.nn.Linear(size, classes)
        self.head.weight.data = torch.randn(classes, size, generator=generator)
        self.head.bias.data.zero_()

    def embed(self, batch: Batch) -> torch.Tensor:
        return self.words(batch.input_ids)  # type: ignore[no-any-return]

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        mask = batch.attention_mask[..., None].to(embeddings.dtype)
        return self.head((embeddings * mask).sum(1) / mask.sum(1))  # type: ignore[no-any-return]


@pytest.fixture
def linear(tokenizer: Any) -> Any:
    return Linear(len(tokenizer))


def pgd(**params: Any) -> Pgd:
    return Pgd(Pgd.Params(**params))


def robust(predictions: list[Prediction], radius: float) -> list[bool]:
    return [bool(p.values[f"robust_{radius:g}"]) for p in predictions]


@pytest.mark.parametrize(
    ("norm", "unit", "size"),
    [
        *((n, u, 7) for n in ("l2-token", "l2-sentence", "linf") for u in ("relative", "absolute")),
        ("l2-sentence", "certified", 7),
        ("l2-token", "relative", 1),
        ("l2-sentence", "certified", 1),
        ("linf", "absolute", 1),
    ],
)
def test_of_a_linear_model_it_finds_the_worst_point(
    linear: Any,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
    norm: str,
    unit: str,
    size: int,
) -> None:
    """The margin falls by at most the radius times the dual norm of the gradient."""
    monkeypatch.setattr("xlt_cli.evaluation.answering.BATCH_SIZES", {"cpu": size})
    condition = pgd(radii=RADII, norm=norm, unit=unit, steps=4, restarts=1)
    predictions = answered(linear, features, problem, 0, condition, runtime)

    batch = collate(features, problem, 0)
    embeddings = linear.embed(batch)
    logits = linear.logits(embeddings, batch)
    ahead = linear.head.weight[1] - linear.head.weight[0]
    margins = (logits[:, 1] - logits[:, 0]) * (2 * batch.targets - 1)
    words = (~batch.special_mask).sum(1)
    each = ahead / batch.attention_mask.sum(1, keepdim=True)  # the gradient of each token
    lengths = embeddings.norm(dim=-1) * ~batch.special_mask
    scale = torch.ones(len(batch)) if unit == "absolute" else lengths.sum(1) / words
    if norm == "linf":
        slopes = each.abs().sum(1) * words
        scale = scale / (embeddings.shape[-1] ** 0.5 if unit == "relative" else 1)
    else:
        slopes = each.norm(dim=1) * (words if norm == "l2-token" else words.sqrt())
        if norm == "l2-sentence" and unit == "relative":
            scale = scale * words.sqrt()
    broken = 0
    for radius in (0.0, *RADII):
        left = margins - radius * scale * slopes
        clear = left.abs() > 1e-4
        expected = (left > 0).tolist()
        seen = robust(predictions, radius)
        assert [s for s, c in zip(seen, clear, strict=True) if c] == [
            e for e, c in zip(expected, clear, strict=True) if c
        ]
        broken += expected.count(False)
    assert 0 < broken < len(features) * (len(RADII) + 1)
    assert [p.predicted == p.gold for p in predictions] == robust(predictions, RADII[-1])


def test_radius_0_is_the_clean_answer(
    model: EncoderModel,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
) -> None:
    attacked = answered(model, features, problem, 0, pgd(radii=0, restarts=3), runtime)
    clean = predict(model, features, problem, 0, runtime)
    assert [p.predicted for p in attacked] == [p.predicted for p in clean]
    for one, other in zip(attacked, clean, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=2e-5)
        assert one.values == {"robust_0": float(other.predicted == other.gold)}


@pytest.mark.parametrize("norm", ["l2-token", "l2-sentence", "linf"])
def test_neither_a_larger_radius_nor_another_restart_makes_a_row_robust(
    linear: Any,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
    norm: str,
) -> None:
    linear.logits = lambda e, batch: torch.sin(4 * Linear.logits(linear, e, batch))  # many hills
    before: list[Prediction] = []
    for restarts in (1, 2, 6):
        condition = pgd(radii=RADII, norm=norm, steps=3, restarts=restarts, step_size=0.5)
        now = answered(linear, features, problem, 0, condition, runtime)
        curve = condition.figures(now)["robust_accuracy"]
        assert [radius for radius, _ in curve] == [0.0, *RADII]
        shares = [share for _, share in curve]
        assert shares == sorted(shares, reverse=True)
        for inner, outer in zip((0.0, *RADII), RADII, strict=False):
            kept = zip(robust(now, inner), robust(now, outer), strict=True)
            assert all(a >= b for a, b in kept)
        for radius in RADII if before else ():
            kept = zip(robust(before, radius), robust(now, radius), strict=True)
            assert all(a >= b for a, b in kept)
        before = now


def test_further_restarts_break_rows_that_the_first_does_not(
    linear: Any, features: list[Feature], problem: SequenceClassification, runtime: Runtime
) -> None:
    linear.logits = lambda e, batch: torch.sin(9 * Linear.logits(linear, e, batch))
    shares = []
    for restarts in (1, 8):
        condition = pgd(radii=0.3, steps=1, step_size=0.1, restarts=restarts)
        kept = answered(linear, features, problem, 0, condition, runtime)
        shares.append(sum(robust(kept, 0.3)))
    assert shares[1] < shares[0]


def test_a_transformers_row_is_broken_whatever_batch_it_stands_in(
    model: EncoderModel,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(model, torch.nn.Module)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator())
    condition = pgd(radii=(0.05, 0.2), steps=3, restarts=3)
    seen = []
    for size in (64, 5):
        monkeypatch.setattr("xlt_cli.evaluation.answering.BATCH_SIZES", {"cpu": size})
        seen.append(answered(model, features[::-1], problem, 0, condition, runtime))
    for one, other in zip(*seen, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-3)
        assert one.values == other.values
    assert all(p.grad is None for p in model.parameters())


def test_certified_radii_are_in_the_unit_of_smoothing(
    linear: Any, features: list[Feature], problem: SequenceClassification
) -> None:
    from xlt_cli.api import Draws
    from xlt_cli.models.seam import seam
    from xlt_perturbations import balls

    batch = collate(features, problem, 0)
    here = seam(linear, problem, batch, Draws(torch.arange(len(batch))))
    condition = pgd(radii=0.7, norm="l2-sentence", unit="certified")
    radii = condition._radius(here, balls.touched(here), 0.7)
    assert radii.flatten().tolist() == pytest.approx((0.7 * mean_norms(here)).tolist())


def test_it_is_refused_where_an_answer_is_no_label() -> None:
    assert not pgd().problem_fault(Sequences.problem.of(Sequences()))
    assert "the one label" in pgd().problem_fault(Tokens.problem.of(Tokens()))


@pytest.mark.parametrize(
    "params",
    [
        {"radii": []},
        {"radii": [0.2, 0.1]},
        {"radii": [0.1, 0.1]},
        {"radii": -1},
        {"unit": "certified"},
        {"unit": "certified", "norm": "l2-sentence", "special": True},
        {"restarts": 0},
    ],
)
def test_parameters_that_cannot_be(params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        pgd(**params)
