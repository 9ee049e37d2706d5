"""The criterion of a stage reaches every loss of its training, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from xlt_cli.api import IGNORED, Batch, EncoderModel, TokenExample
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.data.template import Template
from xlt_cli.launch.computing import start
from xlt_cli.problems import Feature, IntentAndSlots, SequenceClassification, TokenLabelling
from xlt_cli.spec import Stage
from xlt_cli.training.criterion import balanced, criterion_of, described
from xlt_cli.training.loss import StageLoss
from xlt_cli.training.ways import updates_of
from xlt_perturbations.adversarial import Adversarial
from xlt_perturbations.r_drop import RDrop

CPU = torch.device("cpu")


def stage(**values: Any) -> Stage:
    return Stage.model_validate({"task": "t", **values})


def problem_with(features: list[Feature], **values: Any) -> SequenceClassification:
    problem = SequenceClassification(("0", "1"))
    problem.criterion = criterion_of(stage(**values), problem, lambda: features, CPU)
    return problem


@pytest.fixture
def batch(features: list[Feature], problem: SequenceClassification) -> Batch:
    return collate(features[:6], problem, 0)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    drawn = [0] * 7 + [1] * 2 + [3] * 5
    expected = compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=np.array(drawn))
    found = balanced(drawn, 4)
    assert [found[0], found[1], found[3]] == pytest.approx(expected.tolist())
    assert found[2] == 1.0  # it does not occur
    assert sum(found[label] for label in drawn) == pytest.approx(len(drawn))
    assert balanced([], 2) == [1.0, 1.0]


def test_labels_are_counted_over_the_rows_of_the_stage(
    features: list[Feature], problem: SequenceClassification
) -> None:
    uneven = [f for f in features if f.target == 0] + [f for f in features if f.target == 1][:5]
    zeros = sum(f.target == 0 for f in uneven)
    criterion = criterion_of(stage(class_weights="balanced"), problem, lambda: uneven, CPU)
    assert criterion.class_weights is not None
    assert criterion.class_weights.tolist() == pytest.approx(
        [len(uneven) / (2 * zeros), len(uneven) / 10]
    )
    assert described(criterion, problem) == (
        f"class weights: 0 {len(uneven) / (2 * zeros):.3g}, 1 {len(uneven) / 10:.3g}"
    )


def test_tags_are_counted_word_by_word_and_labels_left_out_have_weight_one(tokenizer: Any) -> None:
    problem = TokenLabelling(("O", "B-X", "I-X"))
    rows = [TokenExample("1", ("the", "cat", "dog"), ("O", "O", "B-X"), ("en",))]
    template = Template(tokenizer)
    features = [problem.feature(e, template, 16) for e in problem.encode(rows, tokenizer)]
    counted = criterion_of(stage(class_weights="balanced"), problem, lambda: features, CPU)
    assert counted.class_weights is not None
    assert counted.class_weights.tolist() == [0.75, 1.5, 1.0]
    named = criterion_of(stage(class_weights={"B-X": 4.0}), problem, list, CPU)
    assert named.class_weights is not None
    assert named.class_weights.tolist() == [1.0, 4.0, 1.0]


SETTINGS: list[dict[str, Any]] = [
    {"label_smoothing": 0.2},
    {"class_weights": {"1": 5.0}},
    {"class_weights": "balanced", "label_smoothing": 0.1},
    {"focal_gamma": 2.0},
]


@pytest.mark.parametrize("values", SETTINGS, ids=str)
def test_plain_and_robust_losses_are_the_criterions(
    model: EncoderModel, features: list[Feature], batch: Batch, values: dict[str, Any]
) -> None:
    problem = problem_with(features, **values)
    expected = problem.criterion(model.logits(model.embed(batch), batch), batch.targets)
    plain = StageLoss(model, problem)(batch)
    assert torch.equal(plain, expected)
    assert not torch.allclose(plain, StageLoss(model, SequenceClassification(("0", "1")))(batch))
    seeds = torch.arange(len(batch))
    still = Adversarial(Adversarial.Params(epsilon=0.0))
    torch.testing.assert_close(StageLoss(model, problem, [(still, 1.0)])(batch, seeds), expected)
    # Without dropout both passes of R-Drop are one.
    both = RDrop(RDrop.Params())
    torch.testing.assert_close(StageLoss(model, problem, [(both, 1.0)])(batch, seeds), expected)


@pytest.mark.parametrize("values", SETTINGS, ids=str)
@pytest.mark.parametrize("plain", [True, False])
def test_updates_of_both_paths_go_down_the_criterions_gradient(
    model: Any, features: list[Feature], values: dict[str, Any], plain: bool, monkeypatch: Any
) -> None:
    from xlt_cli.models import word_table as word_tables

    monkeypatch.setattr(word_tables, "WORTH", 8)
    runtime: Runtime = start("cpu", "fp32", plain=plain)
    problem = problem_with(features, **values)
    chosen = features[:8]
    batch = collate(chosen, problem, 0)
    logits = model.logits(model.embed(batch), batch)
    loss = problem.criterion(logits, batch.targets).sum() / len(chosen)
    gradients = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    norm = torch.nn.utils.get_total_norm([g for g in gradients if g is not None])
    own = stage(batch_size=8, **values)
    made = updates_of(model, problem, (), own, 0, "s", runtime, features[0], 20)
    assert made.path == ("plain" if plain else "used rows")
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    made.loss.train()
    made.enter(chosen)
    _, found_norm, found = made.make(chosen, 0, 20)
    assert float(found) == pytest.approx(float(loss.detach()), rel=1e-5)
    assert float(found_norm) == pytest.approx(float(norm), rel=1e-4)


def test_predictions_know_nothing_of_it(
    model: EncoderModel, features: list[Feature], batch: Batch
) -> None:
    with torch.no_grad():
        logits = model.logits(model.embed(batch), batch)
    usual = SequenceClassification(("0", "1")).predict(logits, features[:6])
    assert problem_with(features, label_smoothing=0.5).predict(logits, features[:6]) == usual


def test_balanced_weights_count_intents_and_slots_on_their_own() -> None:
    tags, intents = ("O", "B-a"), ("ask", "tell")
    problem = IntentAndSlots((*tags, *intents), intents)
    targets = ((2, IGNORED, 0, 0), (2, IGNORED, 0, 1), (3, IGNORED, 0, 0), (2, IGNORED, 0, 0))
    inputs = [Feature("1", [], [], [], [], ("en",), target, None) for target in targets]
    made = criterion_of(stage(class_weights="balanced"), problem, lambda: inputs, CPU)
    assert made.class_weights is not None
    assert made.class_weights.tolist() == pytest.approx([8 / 14, 8 / 2, 4 / 6, 4 / 2])
