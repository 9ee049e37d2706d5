"""Intervals over seeds and items: by analysis of variance, t-tests, known truths."""

from __future__ import annotations

import runpy
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp
from sklearn.metrics import f1_score
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from xlt_cli.problems.sequence import confusion_scores
from xlt_cli.stats.crossed import Part, combined, crossed, influence
from xlt_cli.stats.estimates import Estimate

COVERAGE = Path(__file__).parents[2] / "benchmarks/coverage.py"


def table(seeds: int, items: int, draw: int = 0, of_items: float = 1.0) -> np.ndarray:
    """Gains with an effect of each seed, of each item, and noise; [K, N]."""
    rng = np.random.default_rng(draw)
    effects = 0.5 * rng.normal(size=(seeds, 1)) + of_items * rng.normal(size=items)
    gains: np.ndarray = 0.3 + effects + rng.normal(size=(seeds, items))
    return gains


def estimate(gains: np.ndarray) -> Estimate:
    values = gains.mean(axis=1)
    return crossed(values, gains - values[:, None])


def squares(gains: np.ndarray) -> tuple[float, float, float]:
    """Mean squares of seeds, items and error, by statsmodels."""
    seeds, items = gains.shape
    rows = pd.DataFrame(
        {
            "gain": gains.ravel(),
            "seed": np.repeat(np.arange(seeds), items),
            "item": np.tile(np.arange(items), seeds),
        }
    )
    found = anova_lm(ols("gain ~ C(seed) + C(item)", rows).fit())
    each = found["sum_sq"] / found["df"]
    return each["C(seed)"], each["C(item)"], each["Residual"]


@pytest.mark.parametrize(("seeds", "items"), [(2, 5), (3, 20), (6, 12)])
@pytest.mark.parametrize("of_items", [0.0, 1.0])
def test_the_variance_is_that_of_an_analysis_of_variance(
    seeds: int, items: int, of_items: float
) -> None:
    gains = table(seeds, items, of_items=of_items)
    of_seeds, items_, error = squares(gains)
    parts = [of_seeds, max(items_ - error, 0.0)]
    found = estimate(gains)
    assert found.value == pytest.approx(gains.mean())
    assert found.error**2 == pytest.approx(sum(parts) / gains.size)
    weighted = parts[0] / (seeds - 1) + parts[1] / (items - 1)
    assert found.df == pytest.approx(sum(parts) / weighted)


def test_seeds_alone_are_a_t_test() -> None:
    values = np.array([0.1, 0.4, 0.5, 0.9])
    found = crossed(values, np.zeros((4, 7)))
    expected = ttest_1samp(values, 0.0)
    assert found.p_value() == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval()
    assert (found.interval().low, found.interval().high) == pytest.approx((low, high))


def test_one_seed_is_a_t_test_of_its_items() -> None:
    gains = table(1, 30)
    expected = ttest_1samp(gains[0], 0.0)
    assert estimate(gains).p_value() == pytest.approx(expected.pvalue)


@given(st.integers(1, 6), st.integers(1, 30), st.integers(0, 9), st.floats(0, 2))
@settings(max_examples=40, deadline=None)
def test_a_shift_and_a_sign_move_the_interval_and_nothing_else(
    seeds: int, items: int, draw: int, of_items: float
) -> None:
    gains = table(seeds, items, draw, of_items)
    found, moved, turned = estimate(gains), estimate(gains + 1), estimate(-gains)
    assert moved.value == pytest.approx(found.value + 1)
    for other in (moved, turned):
        assert (other.error, other.df) == pytest.approx((found.error, found.df), abs=1e-9)


def test_items_of_their_own_add_their_variances() -> None:
    # Two languages without a common item: effects on 40 and 60 of 100 items.
    rng = np.random.default_rng(3)
    apart = [rng.normal(size=(1, n)) for n in (40, 60)]
    apart = [own - own.mean() for own in apart]
    effects = np.concatenate([own * 100 / (2 * own.size) for own in apart], axis=1)
    expected = sum(own.var() / own.size for own in apart) / 4
    found = crossed([0.0], effects).error ** 2
    assert found == pytest.approx(expected, rel=0.02)  # up to N / (N - 1)


def test_identical_runs_have_no_interval() -> None:
    assert estimate(np.zeros((3, 5))).interval().as_dict() == {"value": 0, "low": 0, "high": 0}


# ------------------------------------------------------------------------------- influence values


def answered(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gold labels, answers, and their statistics."""
    rng = np.random.default_rng(1)
    gold = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    told = np.where(rng.random(n) < 0.7, gold, rng.integers(0, 3, n))
    statistics = np.zeros((n, 12))
    statistics[np.arange(n), gold * 4 + told] = 1
    return gold, told, statistics


def score(sums: np.ndarray) -> dict[str, np.ndarray]:
    return confusion_scores(sums, 3)


def test_the_influence_on_a_mean_is_the_rows_value_less_the_mean() -> None:
    gold, told, statistics = answered()
    right = (gold == told).astype(float)
    found = influence(statistics, score)["accuracy"]
    np.testing.assert_allclose(found, right - right.mean(), atol=1e-9)


def test_the_influence_on_f1_is_what_leaving_the_row_out_does() -> None:
    gold, told, statistics = answered()
    n, whole = len(gold), f1_score(gold, told, average="macro")
    found = influence(statistics, score)["macro_f1"]
    assert found.mean() == pytest.approx(0, abs=1e-9)
    for row in (0, 5, int(np.flatnonzero((gold == 2) & (told != 2))[0])):
        rest = np.arange(n) != row
        left_out = f1_score(gold[rest], told[rest], average="macro")
        assert found[row] == pytest.approx((n - 1) * (whole - left_out), abs=0.03)


def test_rows_of_one_kind_can_be_counted() -> None:
    _, _, statistics = answered()
    kinds, rows, counts = np.unique(statistics, axis=0, return_inverse=True, return_counts=True)
    counted = influence(kinds, score, counts.astype(float))
    for name, each in influence(statistics, score).items():
        np.testing.assert_allclose(counted[name][rows.ravel()], each, atol=1e-9)


def test_a_label_that_never_occurs_moves_nothing() -> None:
    statistics = np.zeros((4, 12))
    statistics[[0, 1, 2, 3], [0, 1, 5, 5]] = 1  # the third label is in no row
    found = influence(statistics, score)["macro_f1"]
    assert np.isfinite(found).all()


def test_parts_without_variance_are_no_variance() -> None:
    assert combined(0.2, [Part(0.0, 2), Part(0.0, 9)]) == Estimate(0.2, 0.0, 2)


# ---------------------------------------------------------------------------------------- coverage


@pytest.mark.parametrize("deviation", [0.0, 0.12])
@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_the_truth_is_covered(metric: str, deviation: float) -> None:
    """A glance at the simulation; docs/results/statistics has the whole of it."""
    simulated: dict[str, Any] = runpy.run_path(str(COVERAGE))
    if metric == "accuracy":
        draw = partial(simulated["accuracy"], 5, 200, deviation, 4)
        truth = simulated["true_gain"](deviation)
    else:
        draw = partial(simulated["macro_f1"], 3, 200, deviation)
        truth = simulated["true_gain_in_f1"](deviation)
    share, _ = simulated["cover"]((draw, truth, 200, 0))
    assert 0.9 <= share <= 0.99
