"""How far two predictions of one batch are apart, per example.

Logits [B, C] give one value each; of token logits [B, L, C] the values are summed over the
positions that have something to predict, as the task's own loss is. Computed in float32 at least.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from xlt_cli.api import IGNORED, Batch, EmbeddingPerturbation, Problem
from xlt_perturbations.balls import precise

if TYPE_CHECKING:
    import torch


class Comparing(EmbeddingPerturbation):
    """Base of perturbations whose loss compares predictions."""

    def problem_fault(self, problem: Problem) -> str:
        if problem.classifies:
            return ""
        return "it compares probabilities of labels, which the logits of this problem do not give"


def kl(target: torch.Tensor, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """KL(target || logits), [B]."""
    p, q = _log_probabilities(target), _log_probabilities(logits)
    return _per_example(p.exp() * (p - q), batch)


def symmetric_kl(one: torch.Tensor, other: torch.Tensor, batch: Batch) -> torch.Tensor:
    """KL(one || other) + KL(other || one), [B]."""
    p, q = _log_probabilities(one), _log_probabilities(other)
    return _per_example((p.exp() - q.exp()) * (p - q), batch)


def jensen_shannon(one: torch.Tensor, other: torch.Tensor, batch: Batch) -> torch.Tensor:
    """The mean of both KL divergences from their average distribution, [B]; at most log 2."""
    p, q = _log_probabilities(one), _log_probabilities(other)
    average = p.logaddexp(q) - math.log(2)
    return _per_example((p.exp() * (p - average) + q.exp() * (q - average)) / 2, batch)


def _log_probabilities(logits: torch.Tensor) -> torch.Tensor:
    return precise(logits).log_softmax(dim=-1)


def _per_example(terms: torch.Tensor, batch: Batch) -> torch.Tensor:
    values = terms.sum(dim=-1)
    if values.dim() == 1:
        return values
    return values.masked_fill(batch.targets == IGNORED, 0.0).sum(dim=1)
