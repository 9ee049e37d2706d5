"""Ranks of systems, with intervals: as sure as the comparisons that they rest on.

A system's rank is at least 1 + (how many systems significantly beat it) and at most M - (how many
it significantly beats). All M intervals hold at once where the comparisons were corrected over all
pairs by Holm's method (Mogstad, Romano, Shaikh and Wilhelm 2024).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rank:
    """A place among M systems; 1 is the best.

    Attributes:
        place: by the figures; systems with equal ones share the best of their places.
        low, high: what the place may be.
        ties: the other systems that it does not significantly differ from.
    """

    place: int
    low: int
    high: int
    ties: tuple[str, ...]


def ranks(
    figures: Mapping[str, float], beaten: Collection[tuple[str, str]], higher: bool = True
) -> dict[str, Rank]:
    """The rank of each system.

    Args:
        figures: of each system.
        beaten: pairs of systems of which the first is significantly better than the second.
        higher: whether higher figures are better.
    """
    sign = 1 if higher else -1
    found = {}
    for name, figure in figures.items():
        others = [other for other in figures if other != name]
        above = {other for other in others if (other, name) in beaten}
        below = {other for other in others if (name, other) in beaten}
        place = 1 + sum(sign * figures[other] > sign * figure for other in others)
        # Unpaired seeds can make the figures' order contradict a comparison of paired ones.
        low, high = 1 + len(above), len(figures) - len(below)
        ties = tuple(other for other in others if other not in above | below)
        found[name] = Rank(place, min(low, place), max(high, place), ties)
    return found
