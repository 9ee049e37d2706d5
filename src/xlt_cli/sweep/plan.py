"""The runs of a sweep: every combination of the grid's values, times the seeds."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass, replace
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec_file import resolve
from xlt_cli.spec_source import Override, Source, parse_path

MOST_POINTS = 10_000
FIXED = ("name", "seeds", "sweep", "device")
"""Fields that make no other experiment."""


@dataclass(frozen=True)
class Point:
    """One combination of values: path of a field -> value, and the spec it makes."""

    values: dict[str, Any]
    spec: ExperimentSpec

    @property
    def label(self) -> str:
        """`stages.0.learning_rate=1e-05 stages.0.epochs=2`, or `base` without a grid."""
        shown = ((p, v if isinstance(v, str) else _written(v)) for p, v in self.values.items())
        return " ".join(f"{path}={value}" for path, value in shown) or "base"

    @property
    def overrides(self) -> list[str]:
        """The values as `--set` takes them."""
        return [f"{path}={_written(value)}" for path, value in self.values.items()]


def points(source: Source) -> list[Point]:
    """All points of a spec's grid, each validated.

    Raises:
        SpecError: a field of the grid is not a field of the spec, or a value does not fit.
    """
    base = resolve(source)
    grid = base.sweep.grid if base.sweep else {}
    count = math.prod(len(values) for values in grid.values())
    if count > MOST_POINTS:
        raise SpecError(
            f"the grid has {count} points; {MOST_POINTS} is the most",
            source.where(("sweep", "grid")),
        )
    axes = [_axis(path, values, source) for path, values in grid.items()]
    found = []
    for overrides in itertools.product(*axes):
        chosen = {path: o.value for path, o in zip(grid, overrides, strict=True)}
        spec = resolve(replace(source, overrides=source.overrides + overrides))
        found.append(Point(chosen, spec))
    return found


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _axis(path: str, values: list[Any], source: Source) -> list[Override]:
    where = source.where(("sweep", "grid", path))
    loc = parse_path(path, where)
    if loc[0] in FIXED:
        hint = "seeds are a list of their own: `seeds: [1, 2, 3]`" if loc[0] == "seeds" else ""
        raise SpecError(f"'{path}' cannot be swept", where, hint)
    for index, value in enumerate(values):
        if value in values[:index]:
            raise SpecError(f"the value {value!r} stands in the grid twice", where)
    return [
        Override(loc, value, source.where(("sweep", "grid", path, index)))
        for index, value in enumerate(values)
    ]
