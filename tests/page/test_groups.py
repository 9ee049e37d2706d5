"""Gaps where systems were trained on different languages."""

from __future__ import annotations

import pytest

from xlt_cli.page.sections.groups import _gaps
from xlt_cli.reports import pivot
from xlt_cli.reports.entries import DIMENSIONS, TRAINED_ON, ZERO_SHOT, Entry


def entry(method: str, language: str, group: str, value: float) -> Entry:
    place = dict.fromkeys(DIMENSIONS, "") | {"method": method, "run": method, "seed": "1"}
    place |= {"metric": "accuracy", "group": group, "family": "a", "language": language}
    figure = {"value": value, "low": value, "high": value}
    average = {"value": value, "cells": 2}
    return Entry(place, method, figure, average, main=True, fallen=False, rows=10, facts={})


def test_a_system_without_its_source_language_in_the_set_has_no_gap() -> None:
    """A set without English, in a language that one system alone was trained on."""
    entries = [
        entry("none", "zh", ZERO_SHOT, 0.5),
        entry("high mix", "zh", TRAINED_ON, 0.7),
    ]
    assert gaps(entries) == {}


def test_gaps_are_to_the_source_languages_of_the_same_system() -> None:
    entries = [
        entry("none", "en", TRAINED_ON, 0.8),
        entry("none", "de", ZERO_SHOT, 0.5),
        entry("other", "de", ZERO_SHOT, 0.6),
    ]
    assert gaps(entries) == {("none", "a"): [pytest.approx(0.3)]}


def gaps(entries: list[Entry]) -> dict[tuple[str, str], list[float]]:
    asked = pivot.Asked(["method", "seed"], ["group", "family"], {}, "deviation")
    return _gaps(entries, pivot.cells(entries, asked), "family")
