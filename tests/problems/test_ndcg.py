"""nDCG of queries against its definition: gains discounted by the logarithm of their place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.api import Prediction
from xlt_cli.errors import DataError
from xlt_cli.problems import SequenceClassification
from xlt_cli.problems.ndcg import Ndcg
from xlt_cli.reports.scorer import Scorer

GRADES = ("Bad", "Fair", "Good", "Excellent", "Perfect")
PROBLEM = SequenceClassification(GRADES)
METRIC = Ndcg()
ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4)), min_size=1, max_size=6)


def dcg(pairs: list[tuple[int, int]], by: int) -> float:
    """Gains ranked by one number of each pair; equal ones share the mean of their discounts."""
    ranked = sorted(pairs, key=lambda pair: -pair[by])
    places: dict[int, list[float]] = {}
    for place, pair in enumerate(ranked, 1):
        places.setdefault(pair[by], []).append(1 / math.log2(place + 1))
    return sum(
        gain * sum(places[(gain, told)[by]]) / len(places[(gain, told)[by]]) for gain, told in pairs
    )


def predictions(queries: list[list[tuple[int, int]]]) -> list[Prediction]:
    return [
        Prediction(f"dev-{query}/{row}", GRADES[gain], None if told < 0 else GRADES[told])
        for query, pairs in enumerate(queries)
        for row, (gain, told) in enumerate(pairs)
    ]


@settings(deadline=None)  # the first call imports scikit-learn
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_the_mean_over_queries(queries: list[list[tuple[int, int]]]) -> None:
    ranked = [pairs for pairs in queries if len(pairs) > 1]
    statistics = METRIC.statistics(PROBLEM, predictions(queries))
    assert statistics[:, 1].sum() == len(ranked)
    found = float(METRIC.score(PROBLEM, statistics.sum(0)))
    if not ranked:
        assert math.isnan(found)
        return
    best = [dcg(pairs, 0) for pairs in ranked]
    figures = [dcg(p, 1) / most if most else 0.0 for p, most in zip(ranked, best, strict=True)]
    assert found == pytest.approx(np.mean(figures))


def test_hand_computed_figures() -> None:
    said = predictions([[(4, 0), (0, 4)], [(1, 2), (0, 2)], [(3, 3)]])
    statistics = METRIC.statistics(PROBLEM, said)
    second = 1 / math.log2(3)
    assert statistics[:, 0] == pytest.approx([second, 0, (1 + second) / 2, 0, 0])
    assert float(METRIC.score(PROBLEM, statistics.sum(0))) == pytest.approx(
        (second + (1 + second) / 2) / 2
    )


def test_a_report_that_counts_examples_one_by_one_takes_another_metric() -> None:
    scorer = Scorer(PROBLEM, "ndcg", (METRIC,))
    with pytest.raises(DataError, match="'ndcg' is of groups of examples") as refused:
        scorer.statistics([Prediction("", "Bad", "Bad")])
    assert "--metric accuracy" in refused.value.hint


def test_ids_that_say_no_query_are_refused() -> None:
    with pytest.raises(DataError, match="the id 'dev-1' does not say it"):
        METRIC.statistics(PROBLEM, [Prediction("dev-1", "Bad", "Bad")])
