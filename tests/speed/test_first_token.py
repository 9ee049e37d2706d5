"""The last block for one token: taken where the logits stay the same, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.evaluation.predict import predict
from xlt_cli.launch.computing import start
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.speed.first_token import NAME, first_token_only
from xlt_encoders.huggingface import HuggingFaceEncoder


def seen_by_last_block(model: nn.Module) -> list[int]:
    """Fills up with the number of tokens that the last layer's block is given."""
    (*_, last) = (m for m in model.modules() if hasattr(m, NAME))
    widths: list[int] = []
    last.intermediate.register_forward_hook(
        lambda m, inputs, out: widths.append(inputs[0].shape[1])
    )  # type: ignore[union-attr, operator]
    return widths


@pytest.fixture
def pooled(tiny_encoder: Path, problem: SequenceClassification) -> Any:
    def make(pooling: str) -> EncoderModel:
        encoder = HuggingFaceEncoder(
            HuggingFaceEncoder.Params(model=str(tiny_encoder), pooling=pooling)  # type: ignore[arg-type]
        )
        return encoder.load_model(problem.head).eval()  # type: ignore[attr-defined, no-any-return]

    return make


@pytest.mark.parametrize("pooling", ["native", "cls", "mean", "cls-mean", "segments"])
def test_predictions_are_the_plain_ones_whatever_the_head_reads(
    pooled: Any, features: list[Feature], problem: SequenceClassification, pooling: str
) -> None:
    model = pooled(pooling)
    widths = seen_by_last_block(model)
    plain = predict(model, features, problem, 0, start("cpu", "fp32", plain=True))
    assert min(widths) > 1
    widths.clear()
    fast = predict(model, features, problem, 0, start("cpu", "fp32"))
    for one, other in zip(plain, fast, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=2e-6)
    assert (widths[-1] == 1) is (pooling in ("native", "cls"))


def test_a_head_without_weights_yet_is_not_taken_for_one_that_reads_the_first(
    pooled: Any, features: list[Feature], problem: SequenceClassification, runtime: Runtime
) -> None:
    model = pooled("mean")
    for parameter in model.head.parameters():
        nn.init.zeros_(parameter)
    predict(model, features, problem, 0, runtime)
    widths = seen_by_last_block(model)
    predict(model, features, problem, 0, runtime)
    assert min(widths) > 1


def test_the_block_is_the_layers_own_again_also_after_an_error(
    model: EncoderModel, features: list[Feature], problem: SequenceClassification
) -> None:
    assert isinstance(model, nn.Module)
    batch = collate(features[:3], problem, 0)
    with torch.inference_mode(), pytest.raises(ZeroDivisionError), first_token_only(model, batch):
        raise ZeroDivisionError
    assert not any(NAME in vars(module) for module in model.modules())


def test_models_without_such_a_block_are_left_alone(
    features: list[Feature], problem: SequenceClassification
) -> None:
    class Bag(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(300, 4)

        def embed(self, batch: Any) -> torch.Tensor:
            return self.table(batch.input_ids)  # type: ignore[no-any-return]

        def logits(self, embeddings: torch.Tensor, batch: Any) -> torch.Tensor:
            return embeddings.mean(dim=1)

    model: Any = Bag()
    batch = collate(features[:3], problem, 0)
    with torch.inference_mode(), first_token_only(model, batch):
        assert model.logits(model.embed(batch), batch).shape == (3, 4)
