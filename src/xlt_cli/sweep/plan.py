"""The runs of a sweep: its points, times every combination of the grid, times the seeds."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.spec import ExperimentSpec, ResolvedExperiment, Sweep
from xlt_cli.spec.checks import check_inputs
from xlt_cli.spec.faults import Faults
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Override, Source, parse_path
from xlt_cli.spec.yaml_lines import Loc
from xlt_cli.terminal import printable

MOST_POINTS = 10_000
FIXED = ("name", "seeds", "sweep", "device", "keep")
"""Fields that make no other experiment."""
NAME = "name"
"""In a point that is written out: what tables call it."""
_NOTHING = object()


@dataclass(frozen=True)
class Point:
    """One combination of values: path of a field -> value, and the experiment it makes."""

    values: dict[str, Any]
    experiment: ResolvedExperiment
    chosen: dict[str, Override] = field(default_factory=dict)
    name: str = ""
    named: frozenset[str] = frozenset()

    @property
    def spec(self) -> ExperimentSpec:
        """The experiment as data."""
        return self.experiment.spec

    @property
    def label(self) -> str:
        """`stages.0.learning_rate=1e-05 stages.0.epochs=2`, or `base` without any.

        A name stands for the values of the point that has it: `RS-DA stages.0.epochs=2`.
        """
        shown = (
            f"{path}={value if isinstance(value, str) else _written(value)}"
            for path, value in self.values.items()
            if path not in self.named
        )
        return " ".join([*([self.name] if self.name else []), *shown]) or "base"

    @property
    def overrides(self) -> list[str]:
        """The values as `--set` takes them."""
        return [f"{path}={_as_yaml(o.value, o.texts)}" for path, o in self.chosen.items()]


def points(source: Source) -> list[Point]:
    """All points of a spec's sweep, each validated; those written out change slowest.

    Raises:
        SpecError: what is swept is not a field of the spec, or a value does not fit.
    """
    sweep = resolve(source).spec.sweep or Sweep()
    count = max(len(sweep.points), 1) * math.prod(len(values) for values in sweep.grid.values())
    if count > MOST_POINTS:
        raise SpecError(
            f"the sweep has {count} points; the maximum is {MOST_POINTS}", source.where(("sweep",))
        )
    axes = [_axis(path, values, source) for path, values in sweep.grid.items()]
    if sweep.points:
        axes.insert(0, _written_out(sweep, source))
    made = []
    names = _names(sweep, source) if sweep.points else [""]
    combinations = itertools.product(*axes)
    # The points written out change slowest: all combinations with one come before the next.
    for number, parts in enumerate(combinations):
        name = names[number * len(names) // count]
        chosen = {path: override for part in parts for path, override in part.items()}
        _check_none_hidden(chosen)
        overrides = source.overrides + tuple(chosen.values())
        experiment = resolve(replace(source, overrides=overrides))
        values = {path: override.value for path, override in chosen.items()}
        named = frozenset(parts[0]) if name else frozenset()
        made.append(Point(values, experiment, chosen, name, named))
    return made


def check_points(swept: Sequence[Point], source: Source) -> None:
    """Refuses points whose inputs are not on this machine, all of them at once.

    Raises:
        UserError: what is missing; the errors name the lines of the sweep.
    """
    faults = Faults()
    for point in swept:
        with faults.gather():
            overrides = source.overrides + tuple(point.chosen.values())
            check_inputs(point.experiment, replace(source, overrides=overrides))
    faults.complain()


def _check_none_hidden(chosen: dict[str, Override]) -> None:
    """Refuses a value that a later one puts out of sight: the point would not be what it says."""
    for (first, one), (second, other) in itertools.combinations(chosen.items(), 2):
        if one.loc[: len(other.loc)] == other.loc:
            raise SpecError(
                f"'{second}' comes after '{first}' and replaces it",
                other.where,
                "put the inner field after the outer one",
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
    written, before = [], list[dict[str, Any]]()
    for index, point in enumerate(sweep.points):
        values = {path: value for path, value in point.items() if path != NAME}
        if values in before:
            where = source.where(("sweep", "points", index))
            raise SpecError(f"the point {values!r} is listed twice", where)
        before.append(values)
        overrides = {}
        for path, value in point.items():
            if path == NAME:
                continue
            where = source.where(("sweep", "points", index, path))
            loc = _swept(path, where)
            if loc in in_grid:  # the grid's value would hide the point's
                raise SpecError(f"'{path}' is in the points and in the grid", where)
            texts = source.texts_below(("sweep", "points", index, path))
            overrides[path] = Override(loc, value, where, texts)
        written.append(overrides)
    return written


def _names(sweep: Sweep, source: Source) -> list[str]:
    """The names of the points that are written out; empty for those without one.

    Raises:
        SpecError: a name is no word, or two points have the same.
    """
    taken: list[str] = []
    for index, point in enumerate(sweep.points):
        where = source.where(("sweep", "points", index, NAME))
        name = _name(point, source.texts_below(("sweep", "points", index, NAME)).get(()))
        if NAME in point and (not name or name != printable(name) or "\n" in name):
            raise SpecError("the name of a point must be text on one line", where)
        if name and name in taken:
            raise SpecError(f"two points have the name '{name}'", where)
        taken.append(name)
    return taken


def _name(point: Mapping[str, Any], text: str | None = None) -> str:
    """A point's name; a number is one as it was written."""
    value = point.get(NAME)
    if isinstance(value, str):
        return value.strip()
    return (text or str(value)) if isinstance(value, int | float) else ""


def name_of_point(sweep: Sweep, given: Mapping[Loc, Any]) -> str:
    """The name of the point whose values are among those given; empty if none has a name.

    Of several the one that says most.
    """
    fitting = [
        point
        for point in sweep.points
        if all(
            given.get(parse_path(path, ""), _NOTHING) == value
            for path, value in point.items()
            if path != NAME
        )
    ]
    return _name(max(fitting, key=len)) if fitting else ""


def _axis(path: str, values: list[Any], source: Source) -> list[dict[str, Override]]:
    where = source.where(("sweep", "grid", path))
    loc = _swept(path, where)
    for index, value in enumerate(values):
        if value in values[:index]:
            raise SpecError(f"the value {value!r} is in the grid twice", where)
    places = [("sweep", "grid", path, index) for index in range(len(values))]
    return [
        {path: Override(loc, value, source.where(place), source.texts_below(place))}
        for place, value in zip(places, values, strict=True)
    ]
