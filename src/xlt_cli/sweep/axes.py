"""The axes of a sweep: arms, points written out, values that go together, and the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.spec import Sweep
from xlt_cli.spec.source import Override, Source, parse_path
from xlt_cli.spec.yaml_lines import Loc
from xlt_cli.sweep.constraints import NAME, OWN, SEARCH
from xlt_cli.terminal import printable

FIXED = ("name", "seeds", "sweep", "device", "keep")
"""Fields that make no other experiment."""


@dataclass(frozen=True)
class Choice:
    """One value of an axis: what it sets, and its name where it has one.

    Attributes:
        arm, point: the number of the arm, or of the point that is written out, that it is.
    """

    values: dict[str, Override]
    name: str = ""
    arm: int | None = None
    point: int | None = None


def axes_of(sweep: Sweep, source: Source) -> list[list[Choice]]:
    """The axes of a sweep, those that change slowest first."""
    taken: dict[Loc, str] = {}
    axes: list[list[Choice]] = []
    if sweep.arms:
        names = [arm.name for arm in sweep.arms]
        for number, name in enumerate(names):
            where = source.where(("sweep", "arms", number))
            if name in names[:number]:
                raise SpecError(f"two arms have the name '{name}'", where)
            if name != printable(name).strip() or "\n" in name:
                raise SpecError("the name of an arm must be text on one line", where)
        axes.append([Choice({}, name, number) for number, name in enumerate(names)])
    for path in sweep.grid:
        taken[swept_field(path, source.where(("sweep", "grid", path)))] = "grid"
    for path in sweep.zip:
        where = source.where(("sweep", "zip", path))
        loc = swept_field(path, where)
        if loc in taken:
            raise SpecError(f"'{path}' is in zip and in the grid", where)
        taken[loc] = "zip"
    if sweep.points:
        written = _written_out(sweep, source, taken)
        names = _names(sweep, source)
        axes.append(
            [
                Choice(values, name, point=number)
                for number, (values, name) in enumerate(zip(written, names, strict=True))
            ]
        )
    if sweep.zip:
        axes.append(_together(sweep, source))
    axes += [
        [Choice(values) for values in _axis(path, values, source)]
        for path, values in sweep.grid.items()
    ]
    return axes


def _together(sweep: Sweep, source: Source) -> list[Choice]:
    """The axis of the values that go together."""
    lengths = {path: len(values) for path, values in sweep.zip.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{path} has {count}" for path, count in lengths.items())
        raise SpecError(
            f"values that go together are as many in each list: {shown}",
            source.where(("sweep", "zip")),
        )
    columns = [_values(path, values, "zip", source) for path, values in sweep.zip.items()]
    return [
        Choice({path: value for each in row for path, value in each.items()})
        for row in zip(*columns, strict=True)
    ]


def swept_field(path: str, where: str) -> Loc:
    """The field that a path of the sweep names."""
    loc = parse_path(path, where)
    if loc[0] in FIXED:
        hint = "seeds are a list of their own: `seeds: [1, 2, 3]`" if loc[0] == "seeds" else ""
        raise SpecError(f"'{path}' cannot be swept", where, hint)
    return loc


def _written_out(
    sweep: Sweep, source: Source, taken: Mapping[Loc, str]
) -> list[dict[str, Override]]:
    """What each point sets.

    Args:
        taken: the fields that another axis sets, and the name of that axis.
    """
    written, before = [], list[dict[str, Any]]()
    for index, point in enumerate(sweep.points):
        values = {path: value for path, value in point.items() if path != NAME}
        if SEARCH in point and sweep.search is None:
            raise SpecError(
                "the point has a search of its own, and the sweep has none",
                source.where(("sweep", "points", index, SEARCH)),
                "state what all points share in `sweep.search`: sampler, number of trials",
            )
        if values in before:
            where = source.where(("sweep", "points", index))
            raise SpecError(f"the point {values!r} is listed twice", where)
        before.append(values)
        overrides = {}
        for path, value in point.items():
            if path in OWN:
                continue
            where = source.where(("sweep", "points", index, path))
            loc = swept_field(path, where)
            if loc in taken:  # that value would hide the point's
                other = {"grid": "the grid"}.get(taken[loc], taken[loc])
                raise SpecError(f"'{path}' is in the points and in {other}", where)
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
        name = name_written(point, source.texts_below(("sweep", "points", index, NAME)).get(()))
        if NAME in point and (not name or name != printable(name) or "\n" in name):
            raise SpecError("the name of a point must be text on one line", where)
        if name and name in taken:
            raise SpecError(f"two points have the name '{name}'", where)
        taken.append(name)
    return taken


def name_written(point: Mapping[str, Any], text: str | None = None) -> str:
    """A point's name; a number is one as it was written."""
    value = point.get(NAME)
    if isinstance(value, str):
        return value.strip()
    return (text or str(value)) if isinstance(value, int | float) else ""


def _axis(path: str, values: list[Any], source: Source) -> list[dict[str, Override]]:
    for index, value in enumerate(values):
        if value in values[:index]:
            where = source.where(("sweep", "grid", path))
            raise SpecError(f"the value {value!r} is in the grid twice", where)
    return _values(path, values, "grid", source)


def _values(path: str, values: list[Any], axis: str, source: Source) -> list[dict[str, Override]]:
    loc = swept_field(path, source.where(("sweep", axis, path)))
    places = [("sweep", axis, path, index) for index in range(len(values))]
    return [
        {path: Override(loc, value, source.where(place), source.texts_below(place))}
        for place, value in zip(places, values, strict=True)
    ]
