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
    return Entry(place, method, figure, {}, main=True, fallen=False, rows=10, facts={})


def test_a_system_without_its_source_language_in_the_set_has_no_gap() -> None:
    """A set without English, and with a language that one system alone was trained on."""
    entries = [
        entry("none", "sw", ZERO_SHOT, 0.5),
        entry("none", "ha", ZERO_SHOT, 0.4),
        entry("low mix", "sw", TRAINED_ON, 0.7),
        entry("low mix", "ha", ZERO_SHOT, 0.45),
    ]
    asked = pivot.Asked(["method", "seed"], ["group", "family"], {}, "deviation")
    gaps = _gaps(entries, pivot.cells(entries, asked), "family")
    assert list(gaps) == [("low mix", "a")]
    assert gaps["low mix", "a"] == pytest.approx([0.25])
