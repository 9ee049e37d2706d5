"""Inputs that belong together stay together, however a batch is cut, and give one loss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from xlt_cli.api import Batch, Draws, EncoderModel, Feature
from xlt_cli.data.batches import by_example, collate, grouped_batches, parts, seeds
from xlt_cli.data.features import Featuriser
from xlt_cli.training.loss import StageLoss
from xlt_cli.training.updates import cut_of
from xlt_encoders.huggingface import HuggingFaceEncoder
from xlt_perturbations.adversarial import Adversarial
from xlt_perturbations.random_perturbation import RandomPerturbation

THIRD_PARTY = Path(__file__).parents[1] / "third_party"


@pytest.fixture
def choices(
    install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tiny_encoder: Path
) -> tuple[Any, list[Feature], EncoderModel]:
    """A stranger's problem with a pass for each choice: inputs of its rows, and a model."""
    monkeypatch.syspath_prepend(str(THIRD_PARTY))
    install("choices", {"xlt.heads": {"pick-one": "tlh_xlt.heads:ChoiceHead"}})
    from tlh_xlt.choices import MultipleChoice, WhichNames

    problem = MultipleChoice(())
    encoder = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(tiny_encoder)))
    featuriser = Featuriser(problem, encoder.load_tokenizer(), 32)
    features = featuriser.features(WhichNames().load("train", "en").examples[:12])
    torch.manual_seed(0)
    return problem, features, encoder.load_model(problem.head).eval()  # type: ignore[attr-defined]


def test_the_rows_of_an_example_share_a_softmax(choices: Any) -> None:
    problem, features, model = choices
    batch = collate(features, problem, 0)
    assert len({len(inputs) for inputs in by_example(features)}) > 1, "of several sizes"
    logits = model.logits(model.embed(batch), batch)
    losses = problem.losses(logits, batch)
    start = 0
    for inputs in by_example(features):
        own = logits[start : start + len(inputs), 0]
        right = [feature.target for feature in inputs].index(1)
        by_hand = -own.log_softmax(0)[right]
        torch.testing.assert_close(losses[start : start + len(inputs)].sum(), by_hand)
        start += len(inputs)
    gradient = torch.autograd.grad(losses.sum(), logits)[0]
    assert torch.isfinite(gradient).all()


def test_batches_have_whole_examples(choices: Any) -> None:
    _, features, _ = choices
    batches = grouped_batches(features, 5, "seed")
    assert sorted(i for batch in batches for i in batch) == list(range(len(features)))
    for batch in batches:
        chosen = [features[i] for i in batch]
        assert not chosen[0].goes_on
        assert len(by_example(chosen)) <= 5
        for inputs in by_example(chosen):
            assert len({feature.id for feature in inputs}) == 1
            assert sum(feature.target for feature in inputs) == 1


@pytest.mark.parametrize("cuts", [1, 2, 5, 20])
def test_cut_in_whatever_way_the_losses_add_up_to_the_same(choices: Any, cuts: int) -> None:
    problem, features, model = choices
    noise = ((RandomPerturbation(RandomPerturbation.Params()), 1.0),)
    stage = StageLoss(model, problem, noise)

    def total(count: int) -> torch.Tensor:
        summed = torch.zeros(())
        for cut in range(count):
            chosen, weight = cut_of(features, cut, count, problem)
            batch = collate(chosen, problem, 0)
            losses = stage(batch, seeds(chosen, "update", 1), 0.5)
            summed = summed + weight * losses.sum()
        return summed

    torch.testing.assert_close(total(cuts), total(1))
    size = sum(problem.size(feature) for feature in features)
    assert size == len(by_example(features)) == 12


def test_methods_that_share_a_batch_take_whole_examples(choices: Any) -> None:
    problem, features, model = choices
    methods = (
        (RandomPerturbation(RandomPerturbation.Params()), 0.5),
        (Adversarial(Adversarial.Params()), 0.3),
    )
    stage = StageLoss(model, problem, methods)
    batch = collate(features, problem, 0)
    shared = stage._shared_out(Draws(seeds(features, "x")), batch)
    assert len(shared) > 1
    firsts = batch.firsts()
    assert firsts is not None
    for _, rows in shared:
        assert {int(firsts[row]) for row in rows} <= set(rows)
        part = batch.select(rows)
        assert part.firsts() is not None
        assert parts([features[row] for row in rows]) == part.parts.tolist()  # type: ignore[union-attr]
    assert torch.isfinite(stage(batch, seeds(features, "x"), 0.5)).all()


def test_a_batch_of_single_inputs_says_nothing_of_parts(choices: Any) -> None:
    problem, features, _ = choices
    single = SimpleNamespace(grouped=False, targets=problem.targets, asked=problem.asked)
    batch = collate(features[:2], single, 0)  # type: ignore[arg-type]
    assert batch.firsts() is None
    assert "parts" not in batch.tensors()
    both: Batch = collate(features, problem, 0).repeat(2)
    count = len(features)
    firsts = both.firsts()
    assert firsts is not None
    assert firsts[count:].tolist() == [first + count for first in firsts[:count].tolist()]
