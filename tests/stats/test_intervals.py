"""Intervals against closed forms and known coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from xlt_cli.stats.intervals import (
    RESAMPLES,
    Resampled,
    Sample,
    average,
    difference,
    resample,
    wilson,
)


def accuracy(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Of statistics [right, rows]."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return {"accuracy": sums[..., 0] / sums[..., 1]}


def cell(right: Sequence[bool] | np.ndarray, first: int = 0) -> Sample:
    found = np.asarray(right, dtype=np.float64)
    ids = [f"test-{first + i}" for i in range(len(found))]
    return Sample(ids, np.stack([found, np.ones_like(found)], axis=1))


def outcomes(share: float, n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(n) < share


def test_wilson_solves_its_defining_equation() -> None:
    # The ends are the proportions p that are 1.96 of their own standard errors from the share.
    for right, n in ((0, 7), (1, 7), (30, 50), (4999, 5010)):
        found = wilson(right / n, n)
        for end in {found.low, found.high} - {right / n}:
            assert abs(end - right / n) / math.sqrt(end * (1 - end) / n) == pytest.approx(
                1.96, 1e-4
            )


@pytest.mark.parametrize("n", [1, 7, 20, 1000, 5010])
def test_wilson_is_scipys(n: int) -> None:
    for right in {0, 1, n // 3, n // 2, n - 1, n}:
        found, expected = wilson(right / n, n), binomtest(right, n).proportion_ci(method="wilson")
        assert (found.low, found.high) == pytest.approx(tuple(expected), abs=1e-15)


def test_wilson_equals_published_figures() -> None:
    # Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29.
    for right, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = wilson(right / n, n)
        assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)


@given(st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_the_share_and_stays_in_the_unit_interval(case: tuple[int, int]) -> None:
    right, n = case
    found = wilson(right / n, n)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0


def test_bootstrap_of_accuracy_is_as_wide_as_the_normal_interval() -> None:
    n = 4000
    found = resample({"en": cell(outcomes(0.7, n, 1))}, accuracy, aligned=False)["en"]["accuracy"]
    interval = found.interval()
    half = 1.96 * math.sqrt(found.value * (1 - found.value) / n)
    assert interval.low == pytest.approx(found.value - half, abs=0.15 * half)
    assert interval.high == pytest.approx(found.value + half, abs=0.15 * half)


def test_bootstrap_covers_the_truth_about_95_times_in_100() -> None:
    covered = 0
    for seed in range(200):
        data = resample({"en": cell(outcomes(0.6, 150, seed))}, accuracy, aligned=False)
        interval = data["en"]["accuracy"].interval()
        covered += interval.low <= 0.6 <= interval.high
    assert 180 <= covered <= 199


def test_average_over_aligned_languages_does_not_look_surer_than_one_of_them() -> None:
    # All languages are right about the same rows: 10 languages tell no more than one.
    cells = {name: cell(outcomes(0.7, 500, 3)) for name in "abcdefghij"}

    def width(aligned: bool) -> tuple[float, float]:
        found = [scores["accuracy"] for scores in resample(cells, accuracy, aligned).values()]
        one, all_of_them = found[0].interval(), average(found).interval()
        return one.high - one.low, all_of_them.high - all_of_them.low

    one, together = width(aligned=True)
    assert together == pytest.approx(one)
    one, apart = width(aligned=False)
    assert apart == pytest.approx(one / math.sqrt(10), rel=0.2)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
@settings(max_examples=20, deadline=None)
def test_equal_outcomes_of_aligned_languages_differ_by_exactly_nothing(right: list[bool]) -> None:
    found = resample({"en": cell(right), "de": cell(right)}, accuracy, aligned=True)
    gap = difference(found["en"]["accuracy"], found["de"]["accuracy"]).interval()
    assert gap.as_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_equal_outcomes_of_unaligned_languages_still_differ_by_chance() -> None:
    right = outcomes(0.7, 400, 5)
    found = resample({"en": cell(right), "de": cell(right)}, accuracy, aligned=False)
    gap = difference(found["en"]["accuracy"], found["de"]["accuracy"]).interval()
    assert gap.low < -0.03 < 0.03 < gap.high


def test_aligned_cells_are_paired_by_id_not_by_position() -> None:
    right = outcomes(0.5, 300, 8)
    forward = cell(right)
    backward = Sample(list(forward.ids)[::-1], forward.statistics[::-1])
    found = resample({"en": forward, "de": backward}, accuracy, aligned=True)
    gap = difference(found["en"]["accuracy"], found["de"]["accuracy"]).interval()
    assert (gap.low, gap.high) == (0.0, 0.0)


def test_a_language_that_lacks_rows_is_resampled_over_the_rows_it_has() -> None:
    whole, part = outcomes(0.8, 400, 2), outcomes(0.6, 100, 4)
    cells = {"en": cell(whole), "de": cell(part, first=350)}  # 50 rows in both
    found = resample(cells, accuracy, aligned=True)
    assert found["de"]["accuracy"].value == pytest.approx(part.mean())
    interval, half = found["de"]["accuracy"].interval(), 1.96 * math.sqrt(0.24 / 100)
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.2)


def test_a_resample_without_any_row_of_a_language_is_left_out_of_its_interval() -> None:
    cells = {"en": cell(outcomes(0.8, 50, 2)), "de": cell([True, True], first=100)}
    found = resample(cells, accuracy, aligned=True)["de"]["accuracy"]
    assert 0.1 < np.isnan(found.replicates).mean() < 0.2  # (50/52)^52 = 0.13
    assert found.interval().as_dict() == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_the_same_predictions_have_the_same_interval() -> None:
    cells = {"en": cell(outcomes(0.7, 60, 1)), "de": cell(outcomes(0.6, 60, 2))}
    for aligned in (True, False):
        first, second = (resample(cells, accuracy, aligned) for _ in range(2))
        for name in cells:
            replicates = first[name]["accuracy"].replicates
            assert replicates.shape == (RESAMPLES,)
            np.testing.assert_array_equal(replicates, second[name]["accuracy"].replicates)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_average_is_the_mean_of_its_parts(values: list[float]) -> None:
    parts = [Resampled(value, np.full(RESAMPLES, value)) for value in values]
    found = average(parts)
    assert found.value == pytest.approx(math.fsum(values) / len(values))
    assert found.replicates == pytest.approx(found.value)


@given(st.floats(0, 1), st.lists(st.floats(0, 1), min_size=2, max_size=9))
def test_interval_always_contains_its_value(value: float, replicates: list[float]) -> None:
    found = Resampled(value, np.array(replicates)).interval()
    assert found.low <= value <= found.high
