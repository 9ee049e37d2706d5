"""The fields that a search varies: where they are in each point of the sweep, and their checks."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.spec import Sweep
from xlt_cli.spec.faults import Faults
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.search import PointSearch, Search, Values
from xlt_cli.spec.source import Override, Source
from xlt_cli.spec.values import validated
from xlt_cli.spec.yaml_lines import Loc
from xlt_cli.sweep.arms import moved
from xlt_cli.sweep.axes import swept_field
from xlt_cli.sweep.constraints import OWN, SEARCH
from xlt_cli.sweep.plan import Point, stage_count

PLACE = ("sweep", "search")


def written(value: Any) -> str:
    """A choice as text, by which it is known: 1 and true are two choices."""
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True)
class Field:
    """A field that is searched, in one point of a sweep.

    Attributes:
        path: as the spec writes it; it counts the stages of the spec itself.
        loc: where it is in the point, whose arm may have other stages.
        place: where the spec states its values.
    """

    path: str
    loc: Loc
    values: Values
    place: Loc

    def override(self, value: Any, where: str, source: Source) -> Override:
        """The field with one of its values; a choice keeps the text that was written for it."""
        texts: Mapping[Loc, str] = {}
        if self.values.choices is not None:
            index = list(map(written, self.values.choices)).index(written(value))
            texts = source.texts_below((*self.place, index))
        return Override(self.loc, value, where, texts)


def search_of(point: Point, sweep: Sweep, source: Source) -> Search:
    """The search in a point: that of the sweep, with what the point has of its own.

    Raises:
        SpecError: it is wrong.
    """
    assert sweep.search is not None
    own = _own(point, sweep, source)
    search = sweep.search if own is None else own.within(sweep.search)
    if search.fault:
        about = f" in '{point.label}'" if own is not None else ""
        place = PLACE if own is None else _place(point)
        raise SpecError(f"{search.fault}{about}", source.where(place))
    return search


def _own(point: Point, sweep: Sweep, source: Source) -> PointSearch | None:
    """What a point that is written out searches of its own."""
    written = sweep.points[point.number].get(SEARCH) if point.number is not None else None
    if written is None:
        return None
    return validated(PointSearch, written, source, _place(point))


def _place(point: Point) -> Loc:
    assert point.number is not None
    return ("sweep", "points", point.number, SEARCH)


def fields_of(point: Point, sweep: Sweep, source: Source) -> list[Field]:
    """The fields that are searched in a point: those of stages that its arm leaves out are not."""
    search, own = search_of(point, sweep, source), _own(point, sweep, source)
    count, fields = stage_count(source), []
    for path, values in search.space.items():
        start = _place(point) if own is not None and path in own.space else PLACE
        place = (*start, "space", path)
        loc = moved(point.arm, swept_field(path, source.where(place)), count)
        if loc is not None:
            fields.append(Field(path, loc, values, place))
    if not fields:
        raise SpecError(
            f"in '{point.label}' there is none of the fields that are searched",
            source.where((*PLACE, "space")),
        )
    return fields


def budget(fields: Sequence[Field], search: Search) -> int:
    """The number of trials in a point; a grid has no more than its combinations."""
    if search.sampler != "grid":
        assert search.trials is not None
        return search.trials
    size = math.prod(len(field.values.listed or ()) for field in fields)
    return min(size, search.trials or size)


def check(sweep: Sweep, points: Sequence[Point], source: Source) -> None:
    """Refuses what cannot be searched, all faults at once.

    A range is tried at both ends, and every choice, in each point of the sweep.

    Raises:
        SpecError: with the lines.
    """
    faults = Faults()
    for point in points:
        with faults.gather():
            _check_paths(sweep, point, source)
    faults.complain()
    for point in points:
        for tried in ends(sweep, point, source):
            with faults.gather():
                resolve(tried)
    faults.complain()


def ends(sweep: Sweep, point: Point, source: Source) -> Iterator[Source]:
    """The spec in a point with each end of a range, and each choice; other fields at their first.

    Raises:
        SpecError: none of the fields is in the point.
    """
    fields = fields_of(point, sweep, source)
    firsts = {
        field.path: field.override(field.values.ends[0][1], source.where(field.place), source)
        for field in fields
    }
    for field in fields:
        for name, value in field.values.ends:
            where = source.where((*field.place, name))
            tried = {**firsts, field.path: field.override(value, where, source)}
            yield with_values(source, point, list(tried.values()))


def with_values(source: Source, point: Point, values: Sequence[Override]) -> Source:
    """The spec in a point of the sweep, with values of the search."""
    overrides = (*source.overrides, *point.chosen.values(), *values)
    return replace(source, overrides=overrides)


def _check_paths(sweep: Sweep, point: Point, source: Source) -> None:
    """Refuses fields that are no part of an experiment, and those that another axis sets."""
    taken: dict[Loc, str] = {}
    written = sweep.points[point.number] if point.number is not None else {}
    for axis, paths in (
        ("the grid", list(sweep.grid)),
        ("zip", list(sweep.zip)),
        ("the points", [path for path in written if path not in OWN]),
    ):
        taken |= {swept_field(path, ""): axis for path in paths}
    seen: dict[Loc, str] = {}
    own = _own(point, sweep, source)
    for path in search_of(point, sweep, source).space:
        start = _place(point) if own is not None and path in own.space else PLACE
        where = source.where((*start, "space", path))
        loc = swept_field(path, where)
        if loc in taken:
            raise SpecError(f"'{path}' is in the search and in {taken[loc]}", where)
        for other, known in seen.items():
            if loc[: len(other)] == other or other[: len(loc)] == loc:
                raise SpecError(f"'{path}' and '{known}' are both searched, and overlap", where)
        seen[loc] = path
