"""A model whose outputs are counted as fewer classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn
from transformers import PreTrainedTokenizerBase

from xlt_cli.api import Batch, EncoderModel, Task
from xlt_cli.errors import UserError
from xlt_cli.problems.collapse import (
    Collapse,
    check_known,
    groups,
    problem_over,
    problem_under,
)

if TYPE_CHECKING:
    from xlt_cli.evaluation.subject import Subject


class CollapsedModel(nn.Module):
    """An `EncoderModel`: the probability of a class is the sum of those of its outputs.

    Args:
        model: the model itself.
        members: for each class, the outputs that belong to it.
    """

    def __init__(self, model: EncoderModel, members: Sequence[Sequence[int]]) -> None:
        super().__init__()
        assert isinstance(model, nn.Module)
        self.model = model
        self.pads_left = bool(getattr(model, "pads_left", False))
        self.members = [list(outputs) for outputs in members]
        self.train(model.training)

    def embed(self, batch: Batch) -> torch.Tensor:
        return self.model.embed(batch)

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return self.model.encode(embeddings, batch)

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The logarithms of summed exponentials: their softmax is the sum of probabilities."""
        logits = self.model.logits(embeddings, batch).float()
        return torch.stack([logits[..., i].logsumexp(dim=-1) for i in self.members], dim=-1)

    def head_parameters(self) -> Iterable[nn.Parameter]:
        return self.model.head_parameters()

    def save(self, directory: Path) -> None:
        self.model.save(directory)


def load(
    task: Task, collapse: Collapse | None, subject: Subject
) -> tuple[PreTrainedTokenizerBase, EncoderModel]:
    """The tokenizer and the model under test, its outputs in the order of the classes.

    Raises:
        UserError: the model does not name its outputs, or they do not suit the classes.
    """
    wanted = problem_under(task, collapse)
    if not collapse:
        return subject.load(wanted)
    outputs = subject.outputs()
    if outputs is None:
        raise UserError(
            "the outputs of the model have no names, so that they cannot be collapsed",
            "collapse",
            "state them in order: --labels A,B,...",
        )
    check_known(collapse, {*outputs, *task.labels}, "collapse")
    members = groups(collapse, outputs, wanted.labels)
    tokenizer, model = subject.load(problem_over(task, outputs))
    return tokenizer, CollapsedModel(model, members)
