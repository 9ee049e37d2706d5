"""The F1 of the labels, weighted by how often each of them is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xlt_cli.api import ExtraMetric, Prediction, Problem

if TYPE_CHECKING:
    import numpy as np


class WeightedF1(ExtraMetric):
    """Mean of the F1 of each label, weighted by the number of rows with that gold label: what
    scikit-learn calls `f1_score(average="weighted")`. A label without gold rows has no weight."""

    api_version = 1
    name = "weighted_f1"
    summary = "F1 of each label, weighted by its number of rows"
    problems = ("sequence-classification",)

    def columns(self, problem: Problem) -> int:
        return 3 * len(problem.labels)

    def statistics(self, problem: Problem, predictions: Sequence[Prediction]) -> np.ndarray:
        """Of each label whether the row has it as gold label, as prediction, and as both."""
        import numpy as np

        size = len(problem.labels)
        counts = np.zeros((len(predictions), 3, size))
        rows = np.arange(len(predictions))
        gold = np.array([problem.ids[p.gold] for p in predictions], dtype=int)
        told = np.array([problem.ids.get(p.predicted, size) for p in predictions], dtype=int)
        counts[rows, 0, gold] = 1
        answered = told < size  # not where the model abstained
        counts[rows[answered], 1, told[answered]] = 1
        right = gold == told
        counts[rows[right], 2, gold[right]] = 1
        return counts.reshape(len(predictions), 3 * size)

    def score(self, problem: Problem, sums: np.ndarray) -> np.ndarray:
        import numpy as np

        counts = sums.reshape(*sums.shape[:-1], 3, -1)
        gold, told, right = np.moveaxis(counts, -2, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            f1 = np.where(gold > 0, 2 * right / (gold + told), 0.0)
            mean: np.ndarray = (f1 * gold).sum(-1) / gold.sum(-1)
        return mean
