"""Predictions come in the order of the rows, and are those of each row alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from xlt_cli.api import EncoderModel, TextExample
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation import predict as module
from xlt_cli.evaluation.predict import launch, predict
from xlt_cli.problems import Feature, MaskedLanguageModelling, SequenceClassification
from xlt_encoders.huggingface import HuggingFaceEncoder


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


def test_logits_over_a_vocabulary_are_not_kept(
    tiny_encoder: Path, tokenizer: Any, runtime: Runtime
) -> None:
    """Of all rows together they would fill the memory."""
    problem = MaskedLanguageModelling()
    params = HuggingFaceEncoder.Params(model=str(tiny_encoder))
    model = HuggingFaceEncoder(params).load_model(problem.head)
    rows = [TextExample(str(i), ("the cat sees the dog " * (i + 1),), ("en",)) for i in range(6)]
    features = Featuriser(problem, tokenizer, 64).windows(rows)
    underway = launch(model, features, problem, 0, runtime, tokenizer)
    assert all(isinstance(kept, list) for _, _, kept in underway.parts)
    assert [p.id for p in underway.answers()] == [row.id for row in rows]
