"""McNemar's test, effect sizes, order and ranks: against statsmodels, definitions, known truths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import nct, norm
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.proportion import proportion_confint

from xlt_cli.stats.contrasts import mcnemar, odds_ratio, standardized
from xlt_cli.stats.order import almost_stochastic_order
from xlt_cli.stats.ranks import Rank, ranks

SCORES = st.lists(st.integers(0, 20).map(float), min_size=1, max_size=7)


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (1, 0), (7, 2), (40, 61), (12, 12)])
def test_mcnemar_is_that_of_statsmodels(won: int, lost: int) -> None:
    expected = statsmodels_mcnemar([[10, won], [lost, 10]], exact=True).pvalue
    assert mcnemar(won, lost) == pytest.approx(expected)


@pytest.mark.parametrize(("won", "lost"), [(0, 4), (7, 2), (40, 61)])
def test_the_odds_are_those_of_the_share_that_is_won(won: int, lost: int) -> None:
    found = odds_ratio(won, lost)
    assert found is not None
    low, high = proportion_confint(won, won + lost, method="beta")
    assert found.value == won / lost
    assert (found.low, found.high) == pytest.approx((low / (1 - low), high / (1 - high)))


def test_odds_without_a_lost_row_are_unknown() -> None:
    assert odds_ratio(3, 0) is None
    assert odds_ratio(0, 0) is None


@pytest.mark.parametrize("shift", [-1.0, 0.0, 0.3, 4.0, -60.0])
@pytest.mark.parametrize("count", [2, 3, 10])
def test_the_interval_of_d_inverts_the_noncentral_t(shift: float, count: int) -> None:
    values = np.linspace(-1, 1, count) + shift
    found = standardized(list(values))
    assert found is not None
    assert found.value == pytest.approx(values.mean() / values.std(ddof=1))
    t, root = found.value * math.sqrt(count), math.sqrt(count)
    assert nct.cdf(t, count - 1, found.low * root) == pytest.approx(0.975, abs=1e-4)
    assert nct.cdf(t, count - 1, found.high * root) == pytest.approx(0.025, abs=1e-4)


def test_seeds_that_agree_have_no_standardized_effect() -> None:
    assert standardized([0.5]) is None
    assert standardized([0.5, 0.5]) is None


# ------------------------------------------------------------------------ almost stochastic order


def by_integration(first: list[float], second: list[float]) -> float:
    """The violation ratio as its definition has it, on a fine grid of quantiles."""
    grid = (np.arange(4200) + 0.5) / 4200
    gap = np.quantile(first, grid, method="inverted_cdf")
    gap = gap - np.quantile(second, grid, method="inverted_cdf")
    whole = (gap**2).sum()
    return float((np.minimum(gap, 0) ** 2).sum() / whole) if whole else 0.5


@given(SCORES, SCORES)
@settings(max_examples=30, deadline=None)
def test_the_violation_ratio_is_that_of_its_definition(
    first: list[float], second: list[float]
) -> None:
    found, back = (
        almost_stochastic_order(first, second),
        almost_stochastic_order(second, first),
    )
    assert found.ratio == pytest.approx(by_integration(first, second), abs=1e-9)
    assert found.ratio + back.ratio == pytest.approx(1)
    assert 0 <= found.ratio <= found.bound <= 1


def test_a_system_that_is_always_better_dominates() -> None:
    found = almost_stochastic_order([0.8, 0.9, 0.85], [0.5, 0.6])
    assert (found.ratio, found.bound) == (0.0, 0.0)
    assert almost_stochastic_order([0.5, 0.6], [0.8, 0.9, 0.85]).bound == 1.0


def test_of_two_normal_distributions_the_ratio_and_its_bound_are_known() -> None:
    def gap(p: float) -> float:
        return float(0.5 + norm.ppf(p) * (2 - 1))  # N(0.5, 2) against N(0, 1)

    ends = (1e-9, 1 - 1e-9)
    truth = quad(lambda p: min(gap(p), 0) ** 2, *ends)[0] / quad(lambda p: gap(p) ** 2, *ends)[0]
    rng = np.random.default_rng(0)
    found = [
        almost_stochastic_order(list(rng.normal(0.5, 2, 40)), list(rng.normal(0, 1, 40)))
        for _ in range(60)
    ]
    assert np.mean([one.ratio for one in found]) == pytest.approx(truth, abs=0.06)
    assert np.mean([one.bound >= truth for one in found]) >= 0.85


# ------------------------------------------------------------------------------------------ ranks


def test_ranks_by_hand() -> None:
    found = ranks({"a": 0.9, "b": 0.8, "c": 0.7}, {("a", "c")})
    assert found == {
        "a": Rank(1, 1, 2, ("b",)),
        "b": Rank(2, 1, 3, ("a", "c")),
        "c": Rank(3, 2, 3, ("b",)),
    }


def test_equal_figures_share_a_place_and_lower_may_be_better() -> None:
    found = ranks({"a": 1.0, "b": 1.0, "c": 2.0}, {("a", "c"), ("b", "c")}, higher=False)
    assert [rank.place for rank in found.values()] == [1, 1, 3]
    assert (found["c"].low, found["c"].high, found["c"].ties) == (3, 3, ())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(0, 2**15))
@settings(max_examples=40, deadline=None)
def test_a_place_lies_in_its_interval(figures: list[float], chosen: int) -> None:
    named = {str(n): value for n, value in enumerate(figures)}
    pairs = [(a, b) for a in named for b in named if named[a] > named[b]]
    beaten = {pair for n, pair in enumerate(pairs) if chosen >> n & 1}
    for rank in ranks(named, beaten).values():
        assert 1 <= rank.low <= rank.place <= rank.high <= len(figures)
