"""The entry points that installed distributions have, read once, without importing any plugin."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterable
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from typing import Any


def points_of(group: str) -> Iterable[EntryPoint]:
    """The entry points of a group."""
    try:
        selected: Iterable[EntryPoint] = _installed().select(group=group)
        return selected
    except Exception:  # one distribution's malformed metadata spoils the list of all
        by_distribution: dict[str, list[EntryPoint]] = {}
        for distribution in distributions():
            with contextlib.suppress(Exception):
                points = list(distribution.entry_points.select(group=group))
                by_distribution.setdefault(normal(distribution.name), points)
        return [point for points in by_distribution.values() for point in points]


def names_in(group: str) -> list[str]:
    """The names of a group's entry points, sorted."""
    return sorted({point.name for point in points_of(group)})


def groups() -> set[str]:
    """The groups of all entry points."""
    try:
        return set(_installed().groups)
    except Exception:  # as above
        named: set[str] = set()
        for distribution in distributions():
            with contextlib.suppress(Exception):
                named |= set(distribution.entry_points.groups)
        return named


def distribution_of(point: EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution that an entry point comes from."""
    return ("unknown", "") if point.dist is None else _owner(point.dist)


def normal(distribution: str) -> str:
    """Package indexes do not tell My_Package from my-package."""
    return re.sub("[-_.]+", "-", distribution.strip()).lower()


def clear() -> None:
    """Forgets what was read; for tests that install plugins."""
    _installed.cache_clear()
    _owner.cache_clear()


@functools.cache
def _installed() -> Any:  # of another type in Python 3.11 than in later ones
    """All entry points, read once: finding those of one group reads every distribution's files."""
    return entry_points()


@functools.cache
def _owner(distribution: Distribution) -> tuple[str, str]:
    """Name and version, parsed once: a distribution has many plugins, and is asked for each."""
    metadata: Any = distribution.metadata  # its type has no `get`, and it has
    # Damaged metadata has neither, whatever the annotations say.
    return (metadata.get("Name") or "unknown", metadata.get("Version") or "")
