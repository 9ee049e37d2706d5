"""Robust accuracy against radius, beside a closed form: the worst point of a linear model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from xlt_cli.api import Batch, Draws, EncoderModel, Prediction, TokenExample
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import by_example, collate, seeds
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation.answering import answered
from xlt_cli.evaluation.predict import predict
from xlt_cli.models.seam import seam
from xlt_cli.noise.drawing import prepared
from xlt_cli.problems import (
    AnswerRetrieval,
    BitextMining,
    ChoiceExample,
    Feature,
    IntentAndSlots,
    IntentExample,
    MultipleChoice,
    Problem,
    Regression,
    ScoredExample,
    SentenceRetrieval,
    SequenceClassification,
    SpanExample,
    SpanExtraction,
    TokenLabelling,
)
from xlt_cli.testing.tiny_model import tiny_model
from xlt_cli.testing.tiny_tasks import Sequences, Tokens
from xlt_conditions.pgd import Pgd
from xlt_conditions.smoothing import mean_norms


def _tags(text: str) -> tuple[str, ...]:
    return tuple(TAGS[number % 3] for number in range(len(text.split())))


WORDS = ["the", "cat", "sees", "a", "dog", "and", "the", "bird", "likes", "Anna", "in", "Paris"]
TEXTS = [" ".join(WORDS[n : n + 3 + n % 4]) for n in range(6)]
TAGS = ("O", "B-LOC", "I-LOC")
KINDS: dict[str, tuple[Problem, list[Any]]] = {
    "regression": (
        Regression((), (0.0, 5.0)),
        [ScoredExample(str(n), (text,), n % 5, ("en",)) for n, text in enumerate(TEXTS)],
    ),
    "intent-and-slots": (
        IntentAndSlots((*TAGS, "ask", "buy"), ("ask", "buy")),
        [
            IntentExample(str(n), tuple(text.split()), _tags(text), ("en",), ("ask", "buy")[n % 2])
            for n, text in enumerate(TEXTS)
        ],
    ),
    "token-classification": (
        TokenLabelling(TAGS),
        [TokenExample(str(n), tuple(t.split()), _tags(t), ("en",)) for n, t in enumerate(TEXTS)],
    ),
    "multiple-choice": (
        MultipleChoice(()),
        [
            ChoiceExample(str(n), text, "", tuple(TEXTS[: 2 + n % 2]), n % 2, ("en", "en"))
            for n, text in enumerate(TEXTS)
        ],
    ),
    "span-extraction": (
        SpanExtraction(()),
        [
            SpanExample(
                str(n), "who?", text, ((text.split()[1], text.index(" ") + 1),), ("en",) * 2
            )
            for n, text in enumerate(TEXTS)
        ],
    ),
}

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


def made_of(kind: str, tokenizer: Any) -> tuple[Problem, list[Feature]]:
    """A problem, and the inputs of some of its examples."""
    problem, examples = KINDS[kind]
    return problem, Featuriser(problem, tokenizer, 24).features(examples)


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
    from xlt_perturbations import balls

    batch = collate(features, problem, 0)
    here = seam(linear, problem, batch, Draws(torch.arange(len(batch))))
    condition = pgd(radii=0.7, norm="l2-sentence", unit="certified")
    radii = condition._radius(here, balls.touched(here), 0.7)
    assert radii.flatten().tolist() == pytest.approx((0.7 * mean_norms(here)).tolist())


def test_of_a_number_it_finds_the_farthest_point(tokenizer: Any, runtime: Runtime) -> None:
    """A linear model's prediction moves by the radius times the norm of the gradient, away from the
    gold number."""
    problem, features = made_of("regression", tokenizer)
    linear: Any = Linear(len(tokenizer), classes=1)
    attacked = answered(linear, features, problem, 0, pgd(radii=0.2, steps=4, restarts=1), runtime)
    batch = collate(features, problem, 0)
    embeddings = linear.embed(batch)
    clean = linear.logits(embeddings, batch)[:, 0]
    words = (~batch.special_mask).sum(1)
    scale = (embeddings.norm(dim=-1) * ~batch.special_mask).sum(1) / words
    slope = linear.head.weight[0].norm() * words / batch.attention_mask.sum(1)
    farthest = clean + (clean - batch.targets).sign() * 0.2 * scale * slope
    told = torch.tensor([p.predicted for p in attacked])
    torch.testing.assert_close(told, (5 * farthest).detach(), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_of_other_answers_the_loss_of_an_example_rises(tokenizer: Any, kind: str) -> None:
    """In any batch by as much; that of an example with several inputs counts as a whole."""
    problem, features = made_of(kind, tokenizer)
    model: Any = tiny_model(len(tokenizer), problem.head)
    condition = pgd(radii=0.3, steps=4, restarts=2)
    prepared(condition, problem)
    assert condition.measured is None
    rows = by_example(features)

    def losses(chosen: list[Feature]) -> tuple[torch.Tensor, torch.Tensor]:
        batch = collate(chosen, problem, 0)
        here = seam(model, problem, batch, Draws(seeds(chosen, "test")))
        with torch.no_grad():
            clean, answer = here.logits(here.embeddings), condition.answer(here)
        assert not answer.values
        return here.loss(clean).sum(), here.loss(answer.logits).sum()

    alone = [losses(list(own)) for own in rows]
    assert all(attacked >= clean for clean, attacked in alone)
    assert sum(attacked - clean for clean, attacked in alone) > 0.1
    together = losses(features)
    for number in (0, 1):
        total = torch.stack([pair[number] for pair in alone]).sum()
        torch.testing.assert_close(together[number], total, atol=2e-3, rtol=2e-3)


def test_an_example_of_several_inputs_is_attacked_as_a_whole_in_any_batch(
    tokenizer: Any, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, features = made_of("multiple-choice", tokenizer)
    model: Any = tiny_model(len(tokenizer), problem.head)
    told = []
    for size in (64, 4, 1):
        monkeypatch.setattr("xlt_cli.evaluation.answering.BATCH_SIZES", {"cpu": size})
        predictions = answered(model, features, problem, 0, pgd(radii=0.3, steps=4), runtime)
        told.append([one.probabilities for one in predictions])
    for other in told[1:]:
        for one, two in zip(told[0], other, strict=True):
            assert one == pytest.approx(two, abs=1e-3)


def test_it_is_refused_where_it_makes_no_sense() -> None:
    one, several = pgd(), pgd(radii=(0.1, 0.2))
    assert not several.problem_fault(Sequences.problem.of(Sequences()))
    tokens = Tokens.problem.of(Tokens())
    assert not one.problem_fault(tokens)
    assert "give one radius" in several.problem_fault(tokens)
    for problem in (SentenceRetrieval(), BitextMining(), AnswerRetrieval()):
        assert "the nearest of all candidates" in one.problem_fault(problem)


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
