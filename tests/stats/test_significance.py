"""Corrections of p-values are those of their definitions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from xlt_cli.stats.significance import CORRECTIONS, holm, stands_out

PS = st.integers(2, 1000).map(lambda thousandths: thousandths / 1000)


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


@given(st.lists(PS, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_corrections_are_those_of_statsmodels(values: list[float]) -> None:
    for name, theirs in (("holm", "holm"), ("bh", "fdr_bh")):
        expected = multipletests(values, method=theirs)[1]
        assert CORRECTIONS[name](values) == pytest.approx(list(expected))
        assert CORRECTIONS[name]([]) == []


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.002, 0.5]) == pytest.approx([1.0, 0.006, 1.0])
    assert holm([]) == []
    assert stands_out(0.05)
    assert not stands_out(0.051)
