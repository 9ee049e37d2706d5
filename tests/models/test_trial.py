"""Encoders that do not keep to the seam are refused by name, each for its own fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.errors import PluginError, UserError
from xlt_cli.models.trial import check_seam
from xlt_cli.problems import Feature, SequenceClassification, TokenLabelling

WIDTH = 8


class Sound(nn.Module):
    """Embeddings, a layer on each token, and their mean: what a third party would begin with."""

    def __init__(self, labels: int = 2, per_token: bool = False) -> None:
        super().__init__()
        self.words = nn.Embedding(500, WIDTH)
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, labels)
        self.per_token = per_token

    def embed(self, batch: Batch) -> torch.Tensor:
        return self.words(batch.input_ids)

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return torch.tanh(self.layer(embeddings))

    def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        mask = batch.attention_mask[..., None]
        return (hidden * mask).sum(1) / mask.sum(1)

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        hidden = self.encode(embeddings, batch)
        return self.head(hidden if self.per_token else self.pool(hidden, batch))

    def head_parameters(self) -> Any:
        return self.head.parameters()

    def save(self, directory: Any) -> None: ...


class ZeroHead(Sound):
    """A head that begins at zero is no fault, though its logits are the same for every row."""

    def __init__(self) -> None:
        super().__init__()
        nn.init.zeros_(self.head.weight)
        nn.init.ones_(self.head.bias)


class FrozenWords(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.words.requires_grad_(False)


class NoStates(Sound):
    """One that has no hidden states, and says so."""

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        raise UserError("no hidden states")

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return self.head(self.pool(embeddings, batch))


class IgnoresEmbeddings(Sound):
    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return super().logits(self.embed(batch), batch)


class NoGradient(Sound):
    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        with torch.no_grad():
            hidden = self.encode(embeddings, batch)
        return self.head(self.pool(hidden, batch))


class NoGraph(Sound):
    @torch.no_grad()
    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return super().logits(embeddings, batch)


class AveragesPadding(Sound):
    def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        return hidden.mean(1)


class ReadsTheLast(Sound):
    def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        return hidden[:, -1]


class StatesMixPadding(Sound):
    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return embeddings + embeddings.mean(1, keepdim=True)

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return self.head(self.pool(embeddings, batch))


class NormalisesOverTheBatch(Sound):
    def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        pooled = super().pool(hidden, batch)
        return pooled - pooled.mean(0) if len(pooled) > 1 else pooled


class DropsOutAlways(Sound):
    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return nn.functional.dropout(super().encode(embeddings, batch), 0.5, training=True)


class LogitsPerToken(Sound):
    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return self.head(self.encode(embeddings, batch))


class OneLabelTooMany(Sound):
    def __init__(self) -> None:
        super().__init__(labels=3)


class PooledStates(Sound):
    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return super().encode(embeddings, batch).mean(1)

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return self.head(self.pool(embeddings, batch))


class FlatEmbeddings(Sound):
    def embed(self, batch: Batch) -> torch.Tensor:
        return super().embed(batch).flatten(0, 1)


class AddsInPlace(Sound):
    """To what it is given: torch itself refuses only where a leaf asks for its gradient."""

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        if not (embeddings.is_leaf and embeddings.requires_grad):
            embeddings += 0.5
        return super().encode(embeddings, batch)


class StatesInPlace(AddsInPlace):
    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return self.head(self.pool(embeddings, batch))


class WholeNumbers(Sound):
    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return super().logits(embeddings, batch).long()


class Tuples(Sound):
    def logits(self, embeddings: torch.Tensor, batch: Batch) -> Any:
        return (super().logits(embeddings, batch),)


class NotANumber(Sound):
    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return super().logits(embeddings, batch) * float("nan")


class Raises(Sound):
    def embed(self, batch: Batch) -> torch.Tensor:
        return {"a": torch.zeros(1)}["b"]


class NoHead(nn.Module):
    def embed(self, batch: Batch) -> torch.Tensor:
        return torch.zeros(1)


FAULTS: list[tuple[Callable[[], Any], str]] = [
    (IgnoresEmbeddings, "logits do not depend on the embeddings"),
    (NoGradient, "no gradient of its logits reaches"),
    (NoGraph, "no gradient of its logits reaches"),
    (AveragesPadding, "answers for a row change when the row is padded"),
    (ReadsTheLast, "answers for a row change when the row is padded"),
    (StatesMixPadding, "hidden states for a row change when the row is padded"),
    (NormalisesOverTheBatch, "answers for a row depend on the other rows"),
    (DropsOutAlways, "differ between calls in evaluation mode"),
    (LogitsPerToken, r"logits\(\) returned the shape .* expected \[2, 2\]"),
    (OneLabelTooMany, r"logits\(\) returned the shape \[2, 3\], expected \[2, 2\]"),
    (PooledStates, r"encode\(\) returned the shape"),
    (FlatEmbeddings, r"embed\(\) returned the shape"),
    (AddsInPlace, r"logits\(\) changes the embeddings that it is given"),
    (StatesInPlace, r"encode\(\) changes the embeddings that it is given"),
    (WholeNumbers, "torch.int64, not floating-point"),
    (Tuples, "returned a tuple, not a tensor"),
    (NotANumber, "not finite"),
    (Raises, r"embed\(\) failed: KeyError: 'b'"),
    (NoHead, "returned a NoHead, which is not a torch.nn.Module with embed"),
    (object, "returned a object, which is not a torch.nn.Module"),
]


@pytest.fixture
def rows(features: list[Feature]) -> tuple[Feature, Feature]:
    ordered = sorted(features, key=lambda feature: len(feature.input_ids))
    return ordered[0], ordered[-1]


@pytest.mark.parametrize("make", [Sound, ZeroHead, FrozenWords, NoStates])
def test_sound_models_pass_and_are_left_as_they_were(
    make: Callable[[], Any], rows: tuple[Feature, Feature], problem: SequenceClassification
) -> None:
    model = make().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    check_seam(model, problem, rows, 0, "theirs", "their-dist 1.0")
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_tiny_encoder_passes(
    model: EncoderModel, rows: tuple[Feature, Feature], problem: SequenceClassification
) -> None:
    check_seam(model, problem, rows, 0, "hf")
    check_seam(model, problem, (rows[0], rows[0]), 0, "hf")


def test_a_collapsed_model_is_no_fault_of_its_encoder(
    rows: tuple[Feature, Feature], problem: SequenceClassification
) -> None:
    class Collapsed(Sound):
        def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
            return super().logits(embeddings, batch) * 0 + 1.0

    with pytest.raises(PluginError, match="do not depend on the embeddings"):
        check_seam(Collapsed(), problem, rows, 0, "theirs")
    check_seam(Collapsed(), problem, rows, 0, "theirs", trained=True)


@pytest.mark.parametrize(("make", "fault"), FAULTS, ids=lambda x: getattr(x, "__name__", None))
def test_faults_are_named(
    make: Callable[[], Any],
    fault: str,
    rows: tuple[Feature, Feature],
    problem: SequenceClassification,
) -> None:
    torch.manual_seed(0)
    with pytest.raises(PluginError, match=fault) as caught:
        check_seam(make(), problem, rows, 0, "theirs", "their-dist 1.0")
    assert caught.value.what.startswith("the encoder 'theirs' cannot be used: ")
    assert caught.value.where == "their-dist 1.0"


def test_token_heads(rows: tuple[Feature, Feature]) -> None:
    import dataclasses

    problem = TokenLabelling(("O", "N"))
    words = [dataclasses.replace(row, target=[0] * len(row.input_ids), gold=("O",)) for row in rows]
    check_seam(Sound(per_token=True), problem, (words[0], words[1]), 0, "theirs")
    with pytest.raises(PluginError, match=re.escape("[rows, tokens, labels]")):
        check_seam(Sound(), problem, (words[0], words[1]), 0, "theirs")
