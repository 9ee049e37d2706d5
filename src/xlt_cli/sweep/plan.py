"""The runs of a sweep: its points, times every combination of the grid, times the seeds."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.spec import ExperimentSpec, Sweep
from xlt_cli.spec_checks import check_inputs
from xlt_cli.spec_faults import Faults
from xlt_cli.spec_file import resolve
from xlt_cli.spec_source import Override, Source, parse_path
from xlt_cli.yaml_lines import Loc

MOST_POINTS = 10_000
FIXED = ("name", "seeds", "sweep", "device")
"""Fields that make no other experiment."""


@dataclass(frozen=True)
class Point:
    """One combination of values: path of a field -> value, and the spec it makes."""

    values: dict[str, Any]
    spec: ExperimentSpec
    chosen: dict[str, Override] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """`stages.0.learning_rate=1e-05 stages.0.epochs=2`, or `base` without any."""
        shown = ((p, v if isinstance(v, str) else _written(v)) for p, v in self.values.items())
        return " ".join(f"{path}={value}" for path, value in shown) or "base"

    @property
    def overrides(self) -> list[str]:
        """The values as `--set` takes them."""
        return [f"{path}={_as_yaml(o.value, o.texts)}" for path, o in self.chosen.items()]


def points(source: Source) -> list[Point]:
    """All points of a spec's sweep, each validated; those written out change slowest.

    Raises:
        SpecError: what is swept is not a field of the spec, or a value does not fit.
    """
    sweep = resolve(source).sweep or Sweep()
    count = max(len(sweep.points), 1) * math.prod(len(values) for values in sweep.grid.values())
    if count > MOST_POINTS:
        raise SpecError(
            f"the sweep has {count} points; {MOST_POINTS} is the most", source.where(("sweep",))
        )
    axes = [_axis(path, values, source) for path, values in sweep.grid.items()]
    if sweep.points:
        axes.insert(0, _written_out(sweep, source))
    found = []
    for parts in itertools.product(*axes):
        chosen = {path: override for part in parts for path, override in part.items()}
        _check_none_hidden(chosen)
        overrides = source.overrides + tuple(chosen.values())
        spec = resolve(replace(source, overrides=overrides))
        values = {path: override.value for path, override in chosen.items()}
        found.append(Point(values, spec, chosen))
    return found


def check_points(found: Sequence[Point], source: Source) -> None:
    """Refuses points whose inputs are not on this machine, all of them at once.

    Raises:
        UserError: what is missing; the errors name the lines of the sweep.
    """
    faults = Faults()
    for point in found:
        with faults.gather():
            overrides = source.overrides + tuple(point.chosen.values())
            check_inputs(point.spec, replace(source, overrides=overrides))
    faults.complain()


def _check_none_hidden(chosen: dict[str, Override]) -> None:
    """Refuses a value that a later one puts out of sight: the point would not be what it says."""
    for (first, one), (second, other) in itertools.combinations(chosen.items(), 2):
        if one.loc[: len(other.loc)] == other.loc:
            raise SpecError(
                f"'{second}' comes after '{first}' and replaces it",
                other.where,
                "name the inner field after the outer one",
            )


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_yaml(value: Any, texts: Mapping[Loc, str], loc: Loc = ()) -> str:
    """A value on one line, its numbers as they were written: a label `1.10` stays that."""
    if isinstance(value, dict):
        items = ((json.dumps(key), _as_yaml(v, texts, (*loc, key))) for key, v in value.items())
        return f"{{{', '.join(f'{key}: {text}' for key, text in items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_as_yaml(v, texts, (*loc, i)) for i, v in enumerate(value))}]"
    return texts.get(loc) or _written(value)


def _swept(path: str, where: str) -> Loc:
    """The field that a path of the sweep names."""
    loc = parse_path(path, where)
    if loc[0] in FIXED:
        hint = "seeds are a list of their own: `seeds: [1, 2, 3]`" if loc[0] == "seeds" else ""
        raise SpecError(f"'{path}' cannot be swept", where, hint)
    return loc


def _written_out(sweep: Sweep, source: Source) -> list[dict[str, Override]]:
    in_grid = {_swept(path, source.where(("sweep", "grid", path))) for path in sweep.grid}
    found = []
    for index, point in enumerate(sweep.points):
        if point in sweep.points[:index]:
            where = source.where(("sweep", "points", index))
            raise SpecError(f"the point {point!r} stands in the points twice", where)
        overrides = {}
        for path, value in point.items():
            where = source.where(("sweep", "points", index, path))
            loc = _swept(path, where)
            if loc in in_grid:  # the grid's value would hide the point's
                raise SpecError(f"'{path}' stands in the points and in the grid", where)
            texts = source.texts_below(("sweep", "points", index, path))
            overrides[path] = Override(loc, value, where, texts)
        found.append(overrides)
    return found


def _axis(path: str, values: list[Any], source: Source) -> list[dict[str, Override]]:
    where = source.where(("sweep", "grid", path))
    loc = _swept(path, where)
    for index, value in enumerate(values):
        if value in values[:index]:
            raise SpecError(f"the value {value!r} stands in the grid twice", where)
    places = [("sweep", "grid", path, index) for index in range(len(values))]
    return [
        {path: Override(loc, value, source.where(place), source.texts_below(place))}
        for place, value in zip(places, values, strict=True)
    ]
