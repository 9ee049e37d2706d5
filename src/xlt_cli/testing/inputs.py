"""Inputs of a problem's examples, with logits that a model might give them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch

from xlt_cli.api import Batch, Example, Prediction, Problem
from xlt_cli.data.batches import by_example, collate
from xlt_cli.data.features import Featuriser
from xlt_cli.testing import tokenizers

MAX_LENGTH = 48
STATES = 12
"""Dimensions of hidden states."""


class Inputs:
    """The inputs of examples. Logits are drawn at random, the same for an input in every batch."""

    def __init__(self, problem: Problem, examples: Sequence[Example], windows: bool) -> None:
        self.problem, self.examples = problem, examples
        featuriser = Featuriser(problem, tokenizers.shared(), MAX_LENGTH)
        made = featuriser.windows(examples) if windows else featuriser.features(examples)
        self.pad_id = featuriser.template.pad_id
        self.features = by_example(made)

    def batch(self, rows: Sequence[int], multiple: int = 1) -> tuple[torch.Tensor, Batch]:
        """The logits and the batch of some examples."""
        chosen = [feature for row in rows for feature in self.features[row]]
        batch = collate(chosen, self.problem, self.pad_id, multiple)
        head = self.problem.head
        tokens = batch.input_ids if batch.asked is None else batch.asked
        shape = (*tokens.shape[: 2 if head.per_token else 1], self._outputs)
        logits = torch.full(shape, 3.0)  # at padding: what no answer may depend on
        drawn = [logits for row in rows for logits in self._drawn[row]]
        for place, (own, feature) in enumerate(zip(drawn, chosen, strict=True)):
            if batch.asked is not None:
                count = self.problem.size(feature)
                logits[place, :count] = own[batch.asked[place, :count]]
            elif head.per_token:
                logits[place, : len(own)] = own
            else:
                logits[place] = own
        return logits, batch

    def said(self, rows: Sequence[int], multiple: int = 1) -> list[Prediction]:
        """The predictions of some examples, whose inputs are in one batch."""
        chosen = [feature for row in rows for feature in self.features[row]]
        kept = self.problem.predict(self.batch(rows, multiple)[0], chosen)
        return self.problem.decode(kept, chosen, tokenizers.shared())

    @property
    def _outputs(self) -> int:
        """Of the head: one for each label, entry of the vocabulary or dimension of the states."""
        head = self.problem.head
        sizes = {"labels": len(head.labels), "vocabulary": len(tokenizers.shared())}
        return sizes.get(head.over, STATES)

    @cached_property
    def _drawn(self) -> list[list[torch.Tensor]]:
        head = self.problem.head
        generator = torch.Generator().manual_seed(1)
        return [
            [
                torch.randn(
                    *([len(feature.input_ids)] if head.per_token else []),
                    self._outputs,
                    generator=generator,
                )
                for feature in features
            ]
            for features in self.features
        ]


def losses(inputs: Inputs, rows: Sequence[int], multiple: int = 1) -> torch.Tensor:
    """The loss of each of some examples: the sum of its inputs'."""
    logits, batch = inputs.batch(rows, multiple)
    own = inputs.problem.losses(logits, batch)
    counts = [len(inputs.features[row]) for row in rows]
    return torch.stack([part.sum() for part in torch.split(own, counts)])
