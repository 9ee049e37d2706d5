"""Normalised discounted cumulative gain: how well the rows of a query are ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xlt_cli.api import ExtraMetric, Prediction, Problem
from xlt_cli.errors import DataError

if TYPE_CHECKING:
    import numpy as np


class Ndcg(ExtraMetric):
    """Mean over queries of the nDCG of their rows, which are ranked by the predicted label.

    Labels are grades, the lowest first: the gain of a row is the number of its label, from 0. Rows
    with the same prediction share their places, as in scikit-learn's `ndcg_score` (XGLUE's official
    script). A query with one row has no ranking and is left out; one whose rows all have gain 0
    counts 0.

    Rows are of one query if their ids are equal up to the last `/`."""

    api_version = 1
    name = "ndcg"
    summary = "how well the rows of each query are ranked by their predicted grades"
    reference = "Järvelin and Kekäläinen 2002 (TOIS)"
    problems = ("sequence-classification",)
    grouped = True

    def columns(self, problem: Problem) -> int:
        return 2

    def statistics(self, problem: Problem, predictions: Sequence[Prediction]) -> np.ndarray:
        """The nDCG of a query and 1 in its first row, so that a resample of rows is one of queries;
        0 in the others."""
        import numpy as np
        from sklearn.metrics import ndcg_score

        queries: dict[str, list[int]] = defaultdict(list)
        for row, prediction in enumerate(predictions):
            query, slash, _ = prediction.id.rpartition("/")
            if not slash:
                raise DataError(
                    f"ndcg needs to know which rows are of one query, and the id '{prediction.id}' "
                    "does not say it",
                    "ndcg",
                    "ids must be QUERY/ROW",
                )
            queries[query].append(row)
        gains = np.array([problem.ids[p.gold] for p in predictions])
        told = np.array([problem.ids.get(p.predicted, -1) for p in predictions])  # -1: abstained
        figures = np.zeros((len(predictions), 2))
        for rows in queries.values():
            if len(rows) > 1:
                figures[rows[0]] = ndcg_score(gains[None, rows], told[None, rows]), 1
        return figures

    def score(self, problem: Problem, sums: np.ndarray) -> np.ndarray:
        import numpy as np

        with np.errstate(invalid="ignore", divide="ignore"):
            mean: np.ndarray = sums[..., 0] / sums[..., 1]
        return mean
