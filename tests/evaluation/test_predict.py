"""Predictions come in the order of the rows, and are those of each row alone."""

from __future__ import annotations

import pytest
import torch

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.evaluation import predict as module
from xlt_cli.evaluation.predict import predict
from xlt_cli.problems import Feature, SequenceClassification


def test_predictions_are_those_of_each_row_alone_in_the_rows_order(
    model: EncoderModel,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(module.TOKENS, "cpu", 70)
    found = predict(model, features, problem, 0, runtime)
    assert [(p.id, p.gold) for p in found] == [(f.id, f.gold) for f in features]
    for feature, prediction in zip(features, found, strict=True):
        batch = collate([feature], problem, 0)
        with torch.no_grad():
            alone = model.logits(model.embed(batch), batch).softmax(dim=-1)[0]
        assert prediction.probabilities == pytest.approx(alone.tolist(), abs=2e-6)
    assert len({p.probabilities for p in found}) > 5, "the rows differ"


@pytest.mark.parametrize("training", [True, False])
def test_dropout_is_off_and_the_models_mode_is_restored(
    model: EncoderModel,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
    training: bool,
) -> None:
    assert isinstance(model, torch.nn.Module)
    model.train(training)
    first, second = (predict(model, features[:9], problem, 0, runtime) for _ in range(2))
    assert first == second
    assert model.training is training
