"""Lines on logit axes, against numpy and scipy, and what must hold of any line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from xlt_cli.stats import trend
from xlt_cli.stats.intervals import RESAMPLES, Resampled

SHARES = st.floats(0.02, 0.98)
POINTS = st.lists(st.tuples(SHARES, SHARES), min_size=3, max_size=12).filter(
    lambda points: np.std([trend.logit(x) for x, _ in points]) > 0.05
)


def exact(values: list[float]) -> list[Resampled]:
    """Figures whose replicates do not vary."""
    return [Resampled(value, np.full(RESAMPLES, value)) for value in values]


@given(POINTS)
def test_line_is_that_of_numpy_and_of_scipy(points: list[tuple[float, float]]) -> None:
    x, y = (list(side) for side in zip(*points, strict=True))
    line = trend.fitted(x, y)
    assert line is not None
    slope, intercept = np.polyfit(special.logit(x), special.logit(y), 1)
    assert line.slope == pytest.approx(slope, rel=1e-6, abs=1e-9)
    assert line.intercept == pytest.approx(intercept, rel=1e-6, abs=1e-9)
    if np.std(special.logit(y)) > 1e-3:
        known = stats.linregress(special.logit(x), special.logit(y))
        assert line.r_squared == pytest.approx(known.rvalue**2, abs=1e-9)


def test_prediction_interval_is_that_of_the_textbook() -> None:
    """Draper and Smith 1998, section 3.1: by the design matrix."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 0.9, 8)
    y = special.expit(-0.5 + 0.8 * special.logit(x) + rng.normal(0, 0.1, 8))
    line = trend.fitted(list(x), list(y))
    assert line is not None
    design = np.stack([np.ones(8), special.logit(x)], axis=1)
    solved, (left,), *_ = np.linalg.lstsq(design, special.logit(y), rcond=None)
    for at in (0.55, 0.7, 0.95):
        row = np.array([1, special.logit(at)])
        variance = left / 6 * (1 + row @ np.linalg.inv(design.T @ design) @ row)
        half = stats.t.ppf(0.975, 6) * math.sqrt(variance)
        expected = line.expected(at)
        assert expected.value == pytest.approx(special.expit(row @ solved))
        assert expected.low == pytest.approx(special.expit(row @ solved - half))
        assert expected.high == pytest.approx(special.expit(row @ solved + half))


def test_prediction_interval_holds_a_further_point_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    inside, trials = 0, 2000
    for _ in range(trials):
        x = special.expit(rng.normal(0.8, 0.5, 6))
        y = special.expit(0.3 + 0.9 * special.logit(x) + rng.normal(0, 0.2, 6))
        line = trend.fitted(list(x[:5]), list(y[:5]))
        assert line is not None
        expected = line.expected(float(x[5]))
        inside += expected.low <= y[5] <= expected.high
    assert inside / trials == pytest.approx(0.95, abs=0.015)


@given(st.floats(-1, 1), st.floats(0.2, 2), st.lists(SHARES, min_size=3, max_size=8), SHARES)
def test_run_on_the_line_has_no_effective_robustness(
    intercept: float, slope: float, x: list[float], at: float
) -> None:
    if np.std(trend.logit(np.array(x))) < 0.05:
        return
    y = [float(special.expit(intercept + slope * special.logit(one))) for one in x]
    own = float(special.expit(intercept + slope * special.logit(at)))
    line = trend.fitted(x, y)
    assert line is not None
    over = trend.above(line, exact(x), exact(y), *exact([at, own]))
    assert over.value == pytest.approx(0, abs=1e-7)
    assert np.abs(over.replicates).max() < 1e-6
    assert line.deviation < 1e-6


@given(POINTS, SHARES, SHARES, st.floats(0.001, 0.02))
def test_effective_robustness_grows_with_accuracy_alone(
    points: list[tuple[float, float]], at: float, own: float, more: float
) -> None:
    x, y = (list(side) for side in zip(*points, strict=True))
    line = trend.fitted(x, y)
    assert line is not None
    low, high = (
        trend.above(line, exact(x), exact(y), *exact([at, value])).value
        for value in (own, own + more)
    )
    assert high - low == pytest.approx(more)


@given(st.integers(1, 10_000))
def test_ends_move_by_half_an_item_and_nothing_else_moves(rows: int) -> None:
    shares = np.arange(rows + 1) / rows
    moved = trend.inside(shares, rows)
    assert moved[0] == 0.5 / rows
    assert moved[-1] == 1 - 0.5 / rows
    assert (moved[1:-1] == shares[1:-1]).all()
    assert np.isfinite(trend.logit(moved)).all()


def test_too_few_points_and_points_above_each_other_make_no_line() -> None:
    with pytest.raises(ValueError, match="3 points or more"):
        trend.fitted([0.5, 0.6], [0.5, 0.6])
    assert trend.fitted([0.5, 0.5, 0.5], [0.4, 0.5, 0.6]) is None
    level = trend.fitted([0.5, 0.6, 0.7], [0.5, 0.5, 0.5])
    assert level is not None
    assert math.isnan(level.r_squared)


def test_line_says_where_it_was_fitted() -> None:
    line = trend.fitted([0.7, 0.5, 0.6], [0.5, 0.4, 0.45])
    assert line is not None
    assert all(line.extrapolates(x) for x in (0.49, 0.71))
    assert not any(line.extrapolates(x) for x in (0.5, 0.6, 0.7))
