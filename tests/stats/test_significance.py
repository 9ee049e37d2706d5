"""p-values say what the intervals say, and Holm's are those of his definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.stats.intervals import RESAMPLES, Resampled, over_seeds
from xlt_cli.stats.significance import holm, p_value, stands_out

PS = st.integers(2, 1000).map(lambda thousandths: thousandths / 1000)


def seeds(gain: float, spread: float, count: int, draw: int = 0) -> list[Resampled]:
    """A gain with each seed, with an error of 1 from the items that the seeds share."""
    rng = np.random.default_rng(draw)
    items = rng.normal(0, 1, RESAMPLES)
    values = gain + rng.normal(0, spread, count)
    return [Resampled(float(v), v + items + rng.normal(0, 0.3, RESAMPLES)) for v in values]


def stepped_down(values: list[float]) -> list[float]:
    """Holm's adjusted p-values by his procedure: the smallest level that rejects each."""
    count = len(values)

    def rejected(level: float) -> set[int]:
        found: set[int] = set()
        for rank, index in enumerate(sorted(range(count), key=lambda i: values[i])):
            if values[index] * (count - rank) > level + 1e-9:
                break  # the first that is not rejected ends it
            found.add(index)
        return found

    levels = [step / 1000 for step in range(1001)]
    return [
        next((level for level in levels if index in rejected(level)), 1.0) for index in range(count)
    ]


@given(st.lists(PS, max_size=8))
@settings(max_examples=50, deadline=None)
def test_holm_by_his_procedure(values: list[float]) -> None:
    assert holm(values) == pytest.approx(stepped_down(values))


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == [0.03, 0.06, 0.06, 0.02]
    assert holm([0.5, 0.002, 0.5]) == [1.0, 0.006, 1.0]
    assert holm([]) == []
    assert stands_out(0.05)
    assert not stands_out(0.051)


@given(st.floats(-4, 4), st.floats(0, 3), st.integers(1, 10), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_small_where_the_95_percent_interval_leaves_0_out(
    gain: float, spread: float, count: int, draw: int
) -> None:
    parts = seeds(gain, spread, count, draw)
    interval = over_seeds(parts).interval()
    assert (p_value(parts) <= 0.05) == (interval.low > 0 or interval.high < 0)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("gain", [0.0, 1.5, -2.5, 6.0])
def test_the_smallest_of_all_levels_whose_interval_leaves_0_out(count: int, gain: float) -> None:
    parts = seeds(gain, 0.5, count)
    levels = [level / 1000 for level in range(2, 1000)]
    out = [over_seeds(parts, level).interval(level) for level in levels]
    first = (v for v, i in zip(levels, out, strict=True) if i.low > 0 or i.high < 0)
    assert p_value(parts) == next(first, 1.0)


def test_one_seed_has_the_p_value_of_its_items() -> None:
    # An error of 1, so a gain of 1.96 has 0.05, up to chance in the resamples.
    items = np.random.default_rng(0).normal(0, 1, RESAMPLES)
    assert p_value([Resampled(1.96, 1.96 + items)]) == pytest.approx(0.05, abs=0.02)
    assert p_value([Resampled(-1.0, -1.0 + items)]) == pytest.approx(0.317, abs=0.04)


def test_few_seeds_have_students_p_value() -> None:
    # Seeds that differ by exact amounts on no items at all: a t-test (2.72 with 9 degrees of
    # freedom has 0.0236).
    values = np.linspace(-1.0, 1.0, 10)
    values += 2.72 * values.std(ddof=1) / np.sqrt(10)
    parts = [Resampled(float(v), np.full(RESAMPLES, v)) for v in values]
    assert p_value(parts) == pytest.approx(0.0236, abs=0.015)


def test_no_gain_at_all_is_1_and_the_largest_is_the_lowest_there_is() -> None:
    assert p_value([Resampled(0.0, np.zeros(RESAMPLES))] * 3) == 1.0
    assert p_value([Resampled(1.0, np.ones(RESAMPLES))] * 3) == 0.002


def test_among_many_languages_without_a_gain_few_stand_out() -> None:
    trials, hits, single = 60, 0, 0
    for trial in range(trials):
        family = [p_value(seeds(0.0, 9.0, 5, 100 * trial + i)) for i in range(12)]
        hits += any(stands_out(p) for p in holm(family))
        single += any(stands_out(p) for p in family)
    assert hits / trials <= 0.1 < single / trials
