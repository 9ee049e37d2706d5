"""Predictions come in the order of the rows, and are those of each row alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from xlt_cli.api import EncoderModel, TextExample
from xlt_cli.compute.runtime import Runtime, start
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation import predict as module
from xlt_cli.evaluation.predict import launch, predict
from xlt_cli.problems import Feature, MaskedLanguageModelling, SequenceClassification
from xlt_cli.speed.attention import one_tile
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


READS = ("__bool__", "__int__", "__float__", "__index__", "item", "tolist", "cpu", "numpy")
"""What reads a tensor's values, and so waits for a GPU that has not computed them yet."""


@pytest.mark.parametrize("own_attention", [True, False])
def test_nothing_waits_for_a_gpu_before_the_end_of_a_cell(
    model: EncoderModel,
    features: list[Feature],
    problem: SequenceClassification,
    runtime: Runtime,
    own_attention: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With xlt's attention, that is: transformers' masks for others look at each batch's."""
    assert isinstance(model, torch.nn.Module)
    parts = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    read = []

    def noted(name: str) -> Any:
        usual = getattr(torch.Tensor, name)

        def method(self: torch.Tensor, *given: Any, **named: Any) -> Any:
            read.append(name)
            return usual(self, *given, **named)

        return method

    launch(model, features, problem, 0, runtime)  # what is tried once for a model, is tried here
    for name in READS:
        monkeypatch.setattr(torch.Tensor, name, noted(name))
    with one_tile(parts if own_attention else []):
        launch(model, features, problem, 0, runtime)
    assert (not read) is own_attention, read


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, XLT_TEST_GPU=1")
def test_the_answers_of_a_cell_do_not_wait_for_what_was_launched_after_it(
    model: EncoderModel, features: list[Feature], problem: SequenceClassification
) -> None:
    assert isinstance(model, torch.nn.Module)
    on_gpu = start("cuda", "fp32")
    expected = predict(model.to("cuda"), features, problem, 0, on_gpu)
    underway = launch(model, features, problem, 0, on_gpu)
    torch.cuda._sleep(2_000_000_000)  # type: ignore[no-untyped-call]  # a second
    assert underway.answers() == expected
    assert not torch.cuda.current_stream().query(), "the GPU is still busy with what came after"


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
