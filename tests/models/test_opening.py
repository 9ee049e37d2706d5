"""A model that was tried before its training is tried less when it is tested."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from xlt_cli.api import EncoderModel, SequenceExample
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import PluginError
from xlt_cli.models.opening import check_evaluation, check_training
from xlt_cli.problems import SequenceClassification
from xlt_encoders.huggingface import HuggingFaceEncoder

ROWS = {
    "en": [
        SequenceExample("1", ("the cat sees the dog", "the bird"), "0", ("en", "en")),
        SequenceExample(
            "2", ("the horse likes the cat", "the dog finds the bird"), "1", ("en", "en")
        ),
    ]
}


def passes(model: EncoderModel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Notes each pass through the model."""
    seen: list[int] = []
    embed = model.embed

    def noted(batch: Any) -> torch.Tensor:
        seen.append(len(batch.input_ids))
        return embed(batch)

    monkeypatch.setattr(model, "embed", noted)
    return seen


@pytest.mark.parametrize("length", [32, 24])
def test_only_what_may_have_changed_is_tried_again(
    encoder: HuggingFaceEncoder,
    problem: SequenceClassification,
    model: EncoderModel,
    tokenizer: Any,
    monkeypatch: pytest.MonkeyPatch,
    length: int,
) -> None:
    seen = passes(model, monkeypatch)
    check_training(encoder, model, Featuriser(problem, tokenizer, 32), ROWS)
    seen.clear()
    check_evaluation(encoder, model, Featuriser(problem, tokenizer, length), ROWS, f"new {length}")
    known = len(seen)
    other = encoder.load_model(problem.head)
    whole = passes(other, monkeypatch)
    check_evaluation(
        encoder, other, Featuriser(problem, tokenizer, length), ROWS, f"other {length}"
    )
    assert (known < len(whole) / 2) is (length == 32)
    assert known > 0


def test_values_that_are_not_finite_are_refused_all_the_same(
    encoder: HuggingFaceEncoder,
    problem: SequenceClassification,
    model: EncoderModel,
    tokenizer: Any,
) -> None:
    featuriser = Featuriser(problem, tokenizer, 32)
    check_training(encoder, model, featuriser, ROWS)
    assert isinstance(model, torch.nn.Module)
    with torch.no_grad():
        for parameter in model.head_parameters():
            parameter.fill_(float("nan"))
    with pytest.raises(PluginError, match="not finite"):
        check_evaluation(encoder, model, featuriser, ROWS, "broken")
