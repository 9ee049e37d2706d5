"""What is read from an estimate: never at odds with its interval, and as statsmodels has it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from xlt_cli.stats.estimates import Estimate

ESTIMATES = st.builds(Estimate, st.floats(-3, 3), st.floats(0.01, 2), st.floats(1, 500))


@given(ESTIMATES, st.floats(0.001, 0.5))
@settings(max_examples=60, deadline=None)
def test_p_is_at_most_a_level_where_its_interval_leaves_0_out(
    found: Estimate, level: float
) -> None:
    assume(abs(found.p_value() - level) > 1e-9)  # rounding decides there
    interval = found.interval(level)
    assert (found.p_value() < level) == (interval.low > 0 or interval.high < 0)


@given(ESTIMATES, st.floats(0.01, 4), st.floats(0.001, 0.2))
@settings(max_examples=60, deadline=None)
def test_equivalent_where_the_wider_level_lies_within_the_band(
    found: Estimate, band: float, level: float
) -> None:
    interval = found.interval(2 * level)
    inside = -band < interval.low and interval.high < band
    assert (found.equivalence(band) < level) == inside


def test_equivalence_is_that_of_statsmodels() -> None:
    values = np.array([0.1, -0.2, 0.3, 0.15, -0.05])
    found = Estimate(values.mean(), values.std(ddof=1) / np.sqrt(5), 4)
    expected, _, _ = ttost_paired(values, np.zeros(5), -0.4, 0.4)
    assert found.equivalence(0.4) == pytest.approx(expected)
    assert found.equivalence(0.01) > 0.5


@pytest.mark.parametrize("count", [3, 5, 20, 400])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_the_smallest_effect_is_that_of_statsmodels(count: int, power: float) -> None:
    effect = TTestPower().solve_power(nobs=count, alpha=0.05, power=power, alternative="larger")
    one_sided = Estimate(0, 1 / np.sqrt(count), count - 1).smallest_effect(power, 0.1)
    assert one_sided == pytest.approx(effect, rel=1e-4)


def test_with_many_seeds_and_items_the_smallest_effect_is_2_8_errors() -> None:
    found = Estimate(0.3, 0.5, 1e5).smallest_effect()
    assert found == pytest.approx(0.5 * (norm.ppf(0.975) + norm.ppf(0.8)), rel=1e-3)


def test_without_an_error_everything_is_certain() -> None:
    same, other = Estimate(0.0, 0.0, 2), Estimate(0.5, 0.0, 2)
    assert (same.p_value(), same.equivalence(0.1), same.smallest_effect()) == (1.0, 0.0, 0.0)
    assert (other.p_value(), other.equivalence(0.1)) == (0.0, 1.0)


@pytest.mark.parametrize("band", [0, -1.0, float("nan")])
def test_a_band_that_is_none_is_refused(band: float) -> None:
    with pytest.raises(ValueError, match="band"):
        Estimate(0.0, 1.0, 3).equivalence(band)
