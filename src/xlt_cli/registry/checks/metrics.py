"""Extra metrics: their classes, and what their methods return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlt_cli.api import ExtraMetric, MeanMetric
from xlt_cli.errors import did_you_mean
from xlt_cli.registry.calls import Call
from xlt_cli.registry.checks.perturbations import problems_fault
from xlt_cli.registry.checks.values import text
from xlt_cli.registry.kinds import PluginKind

UNITS = ("share", "number")
FLAGS = ("higher_is_better", "of_examples", "probabilities")


def columns(call: Call, value: Any, problem: Any) -> int:
    """A number of statistics."""
    if type(value) is not int or value < 1:
        raise call.wrong(value, "a whole number, 1 or more: the statistics of an example")
    return value


def values(call: Call, value: Any, problem: Any, predictions: Sequence[Any]) -> Any:
    """A number for each prediction."""
    import numpy as np

    try:
        numbers = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.empty((0, 0))
    if numbers.shape != (len(predictions),):
        raise call.wrong(value, f"{len(predictions)} numbers: the value of each example")
    return numbers


def statistics(call: Call, value: Any, problem: Any, predictions: Sequence[Any]) -> Any:
    """As many finite numbers for each prediction as `columns` says."""
    import numpy as np

    due = (len(predictions), call.owner.columns(problem))  # type: ignore[union-attr]
    if not isinstance(value, np.ndarray) or value.shape != due:
        raise call.wrong(value, f"an array of shape {list(due)}: statistics of each example")
    if not np.isfinite(value).all():
        raise call.refused("returned statistics that are not finite, which cannot be summed")
    return value


def score(call: Call, value: Any, problem: Any, sums: Any) -> Any:
    """A number for each set of sums."""
    import numpy as np

    if np.shape(value) != sums.shape[:-1]:
        raise call.wrong(value, f"an array of shape {list(sums.shape[:-1])}: a figure of each sum")
    return np.asarray(value)


def fault(plugin: type[ExtraMetric]) -> str:
    """What keeps a class from being an extra metric."""
    if plugin.unit not in UNITS:
        return f"unit = {plugin.unit!r}; {did_you_mean(str(plugin.unit), UNITS)}"
    for name in FLAGS:
        if not isinstance(getattr(plugin, name), bool):
            return f"{name} = {getattr(plugin, name)!r} is neither True nor False"
    return problems_fault(plugin)


def stated(plugin: type[ExtraMetric]) -> dict[str, Any]:
    """What it is made for, and how its figures are read."""
    return {
        "problems": None if plugin.problems is None else list(plugin.problems),
        "unit": plugin.unit,
        "higher_is_better": plugin.higher_is_better,
    }


def shown(plugin: type[ExtraMetric]) -> dict[str, str]:
    """The same as cells of a table."""
    return {
        "problems": "all" if plugin.problems is None else ", ".join(plugin.problems),
        "better": "higher" if plugin.higher_is_better else "lower",
    }


KIND = PluginKind(
    "metric",
    ExtraMetric,
    "a metric in addition to those of a problem",
    {
        ExtraMetric: {
            "problem_fault": text,
            "columns": columns,
            "statistics": statistics,
            "score": score,
        },
        MeanMetric: {"values": values},
    },
    fault=fault,
    stated=stated,
    shown=shown,
    written="in a spec, of `dev` or of an evaluation:  metrics: [{use}]",
)
