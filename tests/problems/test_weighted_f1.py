"""Weighted F1: scikit-learn's is the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.problems.weighted_f1 import WeightedF1

LABELS = ("business", "health", "sports", "technology")
ROWS = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from((*LABELS, None))), min_size=1, max_size=30
)
PROBLEM, METRIC = SequenceClassification(LABELS), WeightedF1()


def statistics(rows: list[tuple[str, str | None]]) -> np.ndarray:
    told = [Prediction(str(n), *row) for n, row in enumerate(rows)]
    return METRIC.statistics(PROBLEM, told)


@given(ROWS)
def test_it_is_that_of_scikit_learn(rows: list[tuple[str, str | None]]) -> None:
    own = float(METRIC.score(PROBLEM, statistics(rows).sum(0)))
    golds, told = [gold for gold, _ in rows], [answer or "none" for _, answer in rows]
    due = f1_score(golds, told, labels=LABELS, average="weighted", zero_division=0)
    assert own == pytest.approx(due)


@given(ROWS, st.data())
def test_a_resample_has_the_score_of_the_rows_that_it_draws(
    rows: list[tuple[str, str | None]], data: st.DataObject
) -> None:
    times = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows))))
    drawn = [row for row, count in zip(rows, times, strict=True) for _ in range(count)]
    if not drawn:
        return
    sums = times @ statistics(rows)
    assert METRIC.score(PROBLEM, sums) == pytest.approx(
        METRIC.score(PROBLEM, statistics(drawn).sum(0))
    )
