"""How values are written: percentages, digits, intervals, names of metrics, the mark of collapse.

Every format and every sentence with a figure in it writes them with these functions.
"""

from __future__ import annotations

import re
import statistics
import typing
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

from xlt_cli import registry
from xlt_cli.api import ExtraMetric, Metric
from xlt_cli.api.reports import Figure, Series, Sign, Stack, Text, Unit, Value
from xlt_cli.registry.checks.tasks import all_metrics

MARK = "†"
"""Stands beside every figure that a collapsed run has a part in."""

DIGITS: Mapping[Unit, int] = {"share": 1, "number": 3}
"""After the decimal point, unless a figure says otherwise."""


def metric_name(metric: str) -> str:
    """How a metric is called where people read it."""
    return re.sub(r"(^|_)f1$", lambda before: before[1].replace("_", "-") + "F1", metric)


def metric_unit(metric: str) -> Unit:
    """What a metric's figures are, as far as the installed plugins say; else shares."""
    known = _known(metric)
    return known.unit if known else "share"


def higher_is_better(metric: str) -> bool:
    """Whether higher figures are better, as far as the installed plugins say; else they are."""
    known = _known(metric)
    return known is None or known.higher_is_better


def _known(metric: str) -> Metric | type[ExtraMetric] | None:
    plugins = [entry.plugin for entry in registry.entries("problem") if entry.plugin]
    known: list[Metric | type[ExtraMetric]] = []
    known += [own for plugin in plugins for own in all_metrics(plugin) if own.name == metric]
    known += [
        typing.cast(type[ExtraMetric], entry.plugin)
        for entry in registry.entries("metric")
        if entry.plugin and entry.name == metric
    ]
    return known[0] if known else None


def measured(metric: str, stored: Mapping[str, Any], mark: str = "", sign: Sign = "none") -> Figure:
    """A figure of a metric with its interval, from JSON values."""
    bounds = stored["value"], stored["low"], stored["high"]
    return Figure(*bounds, unit=stored.get("unit", "share"), mark=mark, sign=sign)


def over_seeds(metric: str, values: Iterable[float | None], mark: str = "") -> Figure | None:
    """The mean of what is there of some values, and with several their standard deviation."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    deviation = statistics.stdev(known) if len(known) > 1 else None
    unit = metric_unit(metric)
    return Figure(statistics.mean(known), deviation=deviation, unit=unit, mark=mark)


def figure(value: Figure) -> str:
    """`71.3`, `71.3 [70.1, 72.4]`, `+1.1 [0.2, 2.0]*`, `71.3 (0.6)`."""
    scale = 100 if value.unit == "share" else 1
    digits = DIGITS[value.unit] if value.digits is None else value.digits
    plus = "" if value.sign == "none" else "+"
    text = f"{scale * value.value:{plus}.{digits}f}"
    if value.low is not None and value.high is not None:
        plus = "+" if value.sign == "all" else ""
        low, high = (f"{scale * bound:{plus}.{digits}f}" for bound in (value.low, value.high))
        text += f" [{low}, {high}]"
    if value.deviation is not None:
        text += f" ({scale * value.deviation:.{digits}f})"
    return f"{text}{value.mark}"


def point(value: Figure) -> str:
    """A figure without its interval, as a matrix has them."""
    return figure(Figure(value.value, unit=value.unit, digits=value.digits, mark=value.mark))


def written(value: Value) -> str:
    """What a cell holds as text; a stack has several lines."""
    if value is None:
        return ""
    if isinstance(value, Figure):
        return figure(value)
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Series):
        return "  ".join(f"{figure(y)} at {x:.{value.digits}f}" for x, y in value.points)
    if isinstance(value, Stack):
        return "\n".join(line for line in map(written, value.values) if line)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if _is_whole(value) else f"{value:.4g}"


def _is_whole(value: object) -> bool:
    """Whether it is a whole number, of Python or of numpy."""
    return isinstance(value, Integral)


def size_in_words(count: int) -> str:
    """Bytes for people, in the units that $XLT_CACHE_SIZE takes: `12.6 MB`."""
    for unit, worth in (("kB", 10**3), ("MB", 10**6)):
        if count < 999.95 * worth:
            return f"{count / worth:.1f} {unit}"
    return f"{count / 10**9:.1f} GB"
