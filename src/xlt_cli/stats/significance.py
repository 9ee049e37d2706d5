"""Corrections of p-values for looking at many of them."""

from __future__ import annotations

from collections.abc import Sequence

from xlt_cli.stats.intervals import LEVEL


def holm(values: Sequence[float]) -> list[float]:
    """p-values of a family, adjusted (Holm 1979): at most `LEVEL` where a gain stands out.

    Sorted from the smallest, p_(i) of m becomes the largest of (m - j + 1) p_(j) over j <= i, and
    at most 1. The chance of one false finding or more in the family is then at most the level.
    """
    adjusted, before = [1.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        before = max(before, min(1.0, (len(values) - rank) * values[index]))
        adjusted[index] = before
    return adjusted


def benjamini_hochberg(values: Sequence[float]) -> list[float]:
    """p-values of a family, adjusted (Benjamini and Hochberg 1995).

    Where those of at most `LEVEL` are called findings, false ones are at most that share of them on
    average, if the tests are independent or positively dependent, as languages are.
    """
    from scipy.stats import false_discovery_control

    return [float(value) for value in false_discovery_control(values)] if len(values) else []


CORRECTIONS = {"holm": holm, "bh": benjamini_hochberg}
"""By name."""


def stands_out(adjusted: float) -> bool:
    """Whether an adjusted p-value is small enough."""
    return adjusted <= LEVEL
