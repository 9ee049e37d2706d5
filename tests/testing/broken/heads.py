"""Heads that break the contract; `fails` names the checks that say so."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import torch
from torch import nn

from xlt_cli.api import Batch, HeadBuilder
from xlt_cli.problems.heads import masked_mean
from xlt_cli.testing import HeadSuite


class Layers(nn.Module):
    """A linear layer on the mean of the tokens."""

    def __init__(self, hidden_size: int, outputs: int) -> None:
        super().__init__()
        self.out = nn.Linear(hidden_size, outputs)

    def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        return masked_mean(hidden, batch.attention_mask)

    def forward(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        logits: torch.Tensor = self.out(self.pool(hidden, batch))
        return logits


class Sound(HeadBuilder):
    """The mean, and a linear layer."""

    api_version = 1
    name = "sound"
    summary = "the mean, and a linear layer"
    shape = "sequence-classification"
    layers: ClassVar[type[Layers]] = Layers

    def build(self, hidden_size: int, outputs: int, dropout: float) -> nn.Module:
        return self.layers(hidden_size, outputs)


class Suite(HeadSuite):
    layers: ClassVar[type[Layers]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def plugin(self) -> Any:
        return type("Made", (Sound,), {"layers": self.layers})()


class TestSound(Suite):
    layers = Layers
    fails = ()


class TestReadsPadding(Suite):
    class layers(Layers):
        def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
            return hidden.mean(dim=1)

    fails = ("test_logits_do_not_depend_on_padding",)


class TestNormalisesOverTheBatch(Suite):
    class layers(Layers):
        def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
            pooled = super().pool(hidden, batch)
            return pooled - pooled.mean(dim=0)

    fails = ("test_logits_of_a_row_depend_on_no_other_row",)


class TestAnswersAtEachToken(Suite):
    class layers(Layers):
        def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
            return hidden

    fails = ("test_logits_have_the_shape_that_the_problem_asks_for",)


class TestCutsTheGradient(Suite):
    class layers(Layers):
        def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
            return super().pool(hidden.detach(), batch)

    fails = ("test_gradient_reaches_the_hidden_states_and_all_weights",)


class TestHidesItsScale(Suite):
    class layers(Layers):
        def __init__(self, hidden_size: int, outputs: int) -> None:
            super().__init__(hidden_size, outputs)
            self.scale = torch.rand(())  # neither a parameter nor a buffer

        def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
            return super().pool(hidden, batch) * self.scale

    fails = ("test_saved_weights_give_the_same_logits_to_the_bit",)


class TestDropsOutInEvaluation(Suite):
    class layers(Layers):
        def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
            return nn.functional.dropout(super().pool(hidden, batch), 0.5)

    fails = (
        "test_answers_the_same_each_time_in_evaluation",
        "test_logits_of_a_row_depend_on_no_other_row",
        "test_logits_do_not_depend_on_padding",
        "test_saved_weights_give_the_same_logits_to_the_bit",
    )


class TestDividesByTheWords(Suite):
    class layers(Layers):
        def pool(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
            words = (~batch.special_mask)[..., None].to(hidden.dtype)
            return (hidden * words).sum(dim=1) / words.sum(dim=1)

    fails = (
        "test_logits_are_finite_also_for_a_row_without_words",
        "test_gradient_reaches_the_hidden_states_and_all_weights",
        "test_saved_weights_give_the_same_logits_to_the_bit",
        "test_answers_the_same_each_time_in_evaluation",
    )
