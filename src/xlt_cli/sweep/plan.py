"""The runs of a sweep: every combination of its axes that is not left out, times the seeds."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.spec import Arm, ExperimentSpec, ResolvedExperiment, Sweep
from xlt_cli.spec.checks import check_inputs
from xlt_cli.spec.faults import Faults
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Override, Source, parse_path
from xlt_cli.spec.yaml_lines import Loc
from xlt_cli.sweep.arms import arm_of, moved, placed
from xlt_cli.sweep.axes import axes_of, name_written
from xlt_cli.sweep.constraints import OWN, SEARCH, conditions, exclusions

MOST_POINTS = 10_000
BASE = "base"
"""The label of a point that changes nothing."""

_NOTHING = object()


@dataclass(frozen=True)
class Point:
    """One combination of values: path of a field -> value, and the experiment it makes.

    Attributes:
        number: that of the point that is written out and is part of it.
    """

    values: dict[str, Any]
    experiment: ResolvedExperiment
    chosen: dict[str, Override] = field(default_factory=dict)
    name: str = ""
    named: frozenset[str] = frozenset()
    arm: Arm | None = None
    number: int | None = None

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
        return " ".join([*([self.name] if self.name else []), *shown]) or BASE

    @property
    def overrides(self) -> list[str]:
        """The values as `--set` takes them."""
        return [f"{path}={_as_yaml(o.value, o.texts)}" for path, o in self.chosen.items()]


def points(source: Source) -> list[Point]:
    """All points of a spec's sweep, each validated.

    Arms change slowest, then the points that are written out, what goes together, and the grid.

    Raises:
        SpecError: what is swept is not a field of the spec, a value does not fit, or nothing is
            left.
    """
    sweep = resolve(source).spec.sweep or Sweep()
    axes = axes_of(sweep, source)
    count = math.prod(map(len, axes))
    if count > MOST_POINTS:
        raise SpecError(
            f"the sweep has {count} points; the maximum is {MOST_POINTS}", source.where(("sweep",))
        )
    paths = [path for axis in axes for choice in axis for path in choice.values]
    unwanted = exclusions(source, sweep.exclude, list(dict.fromkeys(paths)))
    required = conditions(source, sweep.where, searched_paths(sweep))
    made: dict[tuple[str, ...], Point] = {}
    specs = []
    for parts in itertools.product(*axes):
        names = [part.name for part in parts if part.name]
        written = {path: override for part in parts for path, override in part.values.items()}
        _check_none_hidden(written)
        number = next((part.arm for part in parts if part.arm is not None), None)
        arm = sweep.arms[number] if number is not None else None
        stages = stage_count(source)
        values = {
            path: override.value
            for path, override in written.items()
            if moved(arm, override.loc, stages) is not None
        }
        # In an arm without a stage, what is set in that stage makes no difference.
        key = (*names, *(f"{path}={_written(value)}" for path, value in values.items()))
        if key in made or any(each.applies(values, names) for each in unwanted):
            continue
        chosen = placed(arm, number or 0, written, source)
        overrides = source.overrides + tuple(chosen.values())
        experiment = resolve(replace(source, overrides=overrides))
        specs.append(experiment.spec)
        place = partial(moved, arm, count=stages)
        if not all(each.holds(experiment.spec, place) for each in required):
            continue
        named = frozenset(path for part in parts if part.name for path in part.values)
        point = next((part.point for part in parts if part.point is not None), None)
        made[key] = Point(values, experiment, chosen, " ".join(names), named, arm, point)
    for each in required:
        each.check_fields([resolve(source).spec, *specs])
    if not made:
        raise SpecError("the sweep excludes all of its points", source.where(("sweep",)))
    return list(made.values())


def searched_paths(sweep: Sweep) -> list[str]:
    """The paths of all fields that are searched, in any point."""
    if sweep.search is None:
        return []
    own = [point[SEARCH] for point in sweep.points if isinstance(point.get(SEARCH), dict)]
    spaces = [one["space"] for one in own if isinstance(one.get("space"), dict)]
    return list(dict.fromkeys([*sweep.search.space, *(path for one in spaces for path in one)]))


def stage_count(source: Source) -> int:
    """The stages that the spec itself has."""
    written = source.assembled["stages"]
    return len(written) if isinstance(written, list) else 1


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


def name_of_point(sweep: Sweep, given: Mapping[Loc, Any]) -> str:
    """The names of the arm and of the point whose values are among those given.

    Of several points the one that says most; empty if none has a name.
    """
    arm, count = arm_of(sweep.arms, given)
    fitting = [
        point
        for point in sweep.points
        if all(
            (loc := moved(arm, parse_path(path, ""), count)) is None
            or given.get(loc, _NOTHING) == value
            for path, value in point.items()
            if path not in OWN
        )
    ]
    names = [arm.name if arm else "", name_written(max(fitting, key=len)) if fitting else ""]
    return " ".join(filter(None, names))
