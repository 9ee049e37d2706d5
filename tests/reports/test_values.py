"""How values are written."""

from __future__ import annotations

import numpy as np
import pytest

from xlt_cli.api import Figure, Series, Stack, Text, Value
from xlt_cli.reports.values import measured, metric_name, over_seeds, written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Figure(0.7129), "71.3"),
        (Figure(0.7129, 0.7, 0.725), "71.3 [70.0, 72.5]"),
        (Figure(-0.001, -0.02, 0.03), "-0.1 [-2.0, 3.0]"),
        (Figure(0.011, 0.002, 0.02, sign="value", mark="*†"), "+1.1 [0.2, 2.0]*†"),
        (Figure(0.03, 0.01, 0.05, sign="all", digits=0), "+3 [+1, +5]"),
        (Figure(0.72, deviation=0.028), "72.0 (2.8)"),
        (Figure(0.52, 0.4, 0.61, unit="number", digits=2), "0.52 [0.40, 0.61]"),
        (Figure(1.5, unit="number"), "1.500"),
        (None, ""),
        (1234, "1,234"),
        (np.int64(1234567), "1,234,567"),
        (Figure(np.float32(0.5)), "50.0"),
        (0.000123456, "0.0001235"),
        (True, "yes"),
        ("1234", "1234"),
        (Text("a", "bad"), "a"),
        (Stack([Figure(0.5), None, "", "b"]), "50.0\nb"),
        (Series("", [(0.0, Figure(0.95)), (0.0123, Figure(0.9))]), "95.0 at 0.000  90.0 at 0.012"),
    ],
)
def test_a_value_is_written(value: Value, text: str) -> None:
    assert written(value) == text


def test_metrics_have_names_for_people() -> None:
    assert [metric_name(x) for x in ("accuracy", "macro_f1", "f1", "mine")] == [
        *("accuracy", "macro-F1", "F1", "mine")
    ]


def test_figures_of_stored_values() -> None:
    stored = {"value": 0.5, "low": 0.4, "high": 0.6, "p": 0.01}
    assert measured("accuracy", stored, "†") == Figure(0.5, 0.4, 0.6, mark="†")


def test_means_over_seeds() -> None:
    assert over_seeds("accuracy", [None]) is None
    assert over_seeds("accuracy", [0.7, None]) == Figure(0.7)
    mean = over_seeds("accuracy", [0.7, 0.74], "†")
    assert mean is not None
    assert written(mean) == "72.0 (2.8)†"
