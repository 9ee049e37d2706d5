"""The heads of this distribution's problems: a linear layer at each token, or on the first one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlt_cli.api import Batch, HeadBuilder

if TYPE_CHECKING:
    import torch


class SpanHead(HeadBuilder):
    api_version = 1
    name = shape = "passage-spans"
    summary = "the logits of an answer's first and last token, at each token"
    first_only = False

    def build(self, hidden_size: int, outputs: int, dropout: float) -> torch.nn.Module:
        import torch

        first_only = self.first_only

        class Layers(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.out = torch.nn.Linear(hidden_size, outputs)

            def forward(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
                return self.out(hidden[:, 0] if first_only else hidden)

        return Layers()


class ChoiceHead(SpanHead):
    api_version = 1
    name = shape = "pick-one"
    summary = "one number for each choice, from the first token"
    first_only = True
