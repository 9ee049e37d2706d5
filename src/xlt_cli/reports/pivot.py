"""Tables of stored figures by any two sets of dimensions: which figure belongs where, as values.

Every stored figure of a language is an entry, with its place in all dimensions. A cell takes the
mean over languages first (unless languages are apart), then the mean over seeds. Nothing else is
averaged: entries that differ in another dimension never share a cell.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import DataError, SpecError, did_you_mean
from xlt_cli.reports.entries import DIMENSIONS, LANGUAGES, TEST, TRAINED_ON, ZERO_SHOT, Entry
from xlt_cli.reports.groups import UNKNOWN
from xlt_cli.reports.values import figure, higher_is_better
from xlt_cli.stats.estimates import Estimate

SPREADS = ("deviation", "interval")

NONE = "none"
"""What a dimension is called where a figure has no value of it, e.g. no limit of rows."""

Values = dict[str, Any]
Key = tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """What a table has.

    Attributes:
        rows, columns: dimensions.
        where: the values that are taken, by dimension.
        spread: what stands beside means over seeds: a name in SPREADS.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    where: Mapping[str, Sequence[str]]
    spread: str

    def __post_init__(self) -> None:
        """Raises SpecError if a dimension is unknown, or there twice, or an axis is empty."""
        for axis, names in (("rows", self.rows), ("columns", self.columns)):
            if not names:
                raise SpecError(f"a table needs {axis}", axis, f"known: {', '.join(DIMENSIONS)}")
            _check_known(axis, names)
        _check_known("where", list(self.where))
        for name in self.axes:
            if self.axes.count(name) > 1:
                raise SpecError(f"'{name}' is there twice", "rows and columns", "name it once")
        if self.spread not in SPREADS:
            hint = did_you_mean(self.spread, SPREADS)
            raise SpecError(f"unknown spread '{self.spread}'", "spread", hint)

    @property
    def axes(self) -> list[str]:
        return [*self.rows, *self.columns]

    @property
    def zero_shot_only(self) -> bool:
        """Whether averages leave out the languages trained on: nothing says which are meant."""
        return not {"language", "group"} & {*self.axes, *self.where}


def _check_known(axis: str, names: Sequence[str]) -> None:
    """Raises SpecError if a dimension is unknown."""
    for name in names:
        if name not in DIMENSIONS:
            raise SpecError(f"unknown dimension '{name}'", axis, did_you_mean(name, DIMENSIONS))


def filtered(every: Sequence[Entry], where: Mapping[str, Sequence[str]]) -> list[Entry]:
    """The entries with values that are taken, by dimension.

    Raises:
        SpecError: a dimension is unknown, or a value that is asked for is not there.
    """
    _check_known("where", list(where))
    for name, values in where.items():
        there = {entry.place[name] or NONE for entry in every}
        for value in values:
            if value not in there:
                hint = did_you_mean(value, there)
                raise SpecError(f"no result has the {name} '{value}'", "where", hint)
    return [
        entry
        for entry in every
        if all((entry.place[name] or NONE) in values for name, values in where.items())
    ]


def chosen(every: Sequence[Entry], asked: Asked) -> list[Entry]:
    """The entries that a table is made of.

    Raises:
        SpecError: a value that is asked for is not there.
        DataError: nothing is left.
    """
    found = [entry for entry in _wanted(every, asked) if not _is_left_out(entry, asked)]
    if not found:
        raise DataError(
            "no figure is left" + (" of zero-shot languages" if asked.zero_shot_only else ""),
            hint="take `group` or `language` as rows or columns, or other values with `where`",
        )
    return found


def left_out(every: Sequence[Entry], asked: Asked) -> list[str]:
    """Notes of runs whose figures are no part of a table of averages, because they were tested in
    languages alone that they were trained on."""
    wanted = _wanted(every, asked)
    there = {_test_of(entry) for entry in wanted if not _is_left_out(entry, asked)}
    lost: dict[Key, dict[str, None]] = {}
    for entry in wanted:
        run, *test = _test_of(entry)
        if (run, *test) not in there:
            lost.setdefault(tuple(test), {})[run] = None
    return [
        f"left out, as no zero-shot language was tested: {', '.join(runs)} on {task} {split}"
        for (task, split), runs in lost.items()
    ]


def _wanted(every: Sequence[Entry], asked: Asked) -> list[Entry]:
    """The entries of the values and metrics that are asked for."""
    named = "metric" in {*asked.axes, *asked.where}
    return [entry for entry in filtered(every, asked.where) if named or entry.main]


def _is_left_out(entry: Entry, asked: Asked) -> bool:
    return asked.zero_shot_only and entry.place["group"] != ZERO_SHOT


def _test_of(entry: Entry) -> Key:
    return tuple(entry.place[name] for name in ("run", "task", "split"))


def heads(found: Sequence[Entry], asked: Asked) -> list[list[str]]:
    """The columns of a table: the values of their dimensions, in order."""
    order = {name: _order(name, found) for name in asked.columns}
    there = {tuple(entry.place[name] for name in asked.columns) for entry in found}
    pairs = asked.columns
    return sorted(
        map(list, there), key=lambda head: [order[n][x] for n, x in zip(pairs, head, strict=True)]
    )


def cells(found: Sequence[Entry], asked: Asked) -> list[Values]:
    """The cells of a table as JSON values, in the order of its rows and columns.

    Raises:
        DataError: figures that cannot be averaged share a cell.
    """
    axes = asked.axes
    by_cell: dict[Key, list[Entry]] = {}
    for entry in found:
        by_cell.setdefault(tuple(entry.place[name] for name in axes), []).append(entry)
    order = {name: _order(name, found) for name in axes}
    keys = sorted(
        by_cell, key=lambda key: [order[name][x] for name, x in zip(axes, key, strict=True)]
    )
    made = [_cell(dict(zip(axes, key, strict=True)), by_cell[key], asked) for key in keys]
    _check_languages(made, asked)
    return made


def _order(name: str, found: Sequence[Entry]) -> dict[str, int]:
    """As the values are met; languages trained on come first."""
    values = list(dict.fromkeys(entry.place[name] for entry in found))
    if name in ("family", "script", "resource"):
        values.sort(key=lambda value: (value == UNKNOWN, value))
    elif name in ("language", "group"):
        own = {e.place[name] for e in found if e.place["group"] == TRAINED_ON}
        values.sort(key=lambda value: value not in own)
    elif name in ("seed", "limit"):
        values.sort(key=lambda value: int(value or 0))
    return {value: index for index, value in enumerate(values)}


def _cell(place: Values, own: Sequence[Entry], asked: Asked) -> Values:
    _check_alike(place, own, asked)
    by_seed: dict[str, list[Entry]] = {}
    for entry in own:
        by_seed.setdefault(entry.place["seed"], []).append(entry)
    by_seed = {seed: by_seed[seed] for seed in sorted(by_seed, key=lambda seed: int(seed or 0))}
    languages = {seed: sorted(e.place["language"] for e in each) for seed, each in by_seed.items()}
    first = next(iter(languages.values()))
    if any(each != first for each in languages.values()):
        raise _other_languages(place, next(x for x in languages.values() if x != first), first)
    means = [statistics.fmean(e.figure["value"] for e in each) for each in by_seed.values()]
    return {
        **place,
        "value": statistics.fmean(means),
        **_spread(means, own, asked),
        "unit": own[0].figure.get("unit", "share"),
        "seeds": list(by_seed),
        "languages": first,
        "collapsed": any(entry.fallen for entry in own),
        "tested": {
            **{name: own[0].place[name] for name in ("encoder", "stage", *TEST)},
            "group": " and ".join(sorted({entry.place["group"] for entry in own})),
        },
    }


def _spread(means: Sequence[float], own: Sequence[Entry], asked: Asked) -> Values:
    """The deviation over seeds, or the interval: of Student's t over seeds; as stored with one."""
    if len(means) == 1:
        stored = own[0].figure if len(own) == 1 else own[0].average
        whole = len(own) == 1 or stored["cells"] == len(own)
        known = whole and math.isclose(stored.get("value", math.nan), means[0], abs_tol=1e-9)
        if asked.spread == "interval" and known and stored.get("low") is not None:
            return {"low": stored["low"], "high": stored["high"]}
        return {}
    deviation = statistics.stdev(means)
    if asked.spread == "deviation":
        return {"deviation": deviation}
    error = deviation / math.sqrt(len(means))
    interval = Estimate(statistics.fmean(means), error, len(means) - 1).interval()
    return {"low": interval.low, "high": interval.high}


def _check_alike(place: Values, own: Sequence[Entry], asked: Asked) -> None:
    """Raises DataError if entries of a cell differ in more than seeds and languages."""
    where = ", ".join(place.values())
    for name in ("method", "encoder", "stage", *TEST):
        values = list(dict.fromkeys(entry.place[name] or NONE for entry in own))
        if len(values) > 1:
            raise DataError(
                f"several figures belong into the cell '{where}': they differ in {name} "
                f"({', '.join(values)})",
                hint=f"take `{name}` as rows or columns, or one of them with "
                f"`--where {name}={values[0]}`",
            )
    runs: dict[tuple[str, str], str] = {}
    trained: dict[str, str] = {}
    tested: dict[tuple[str, str], str] = {}
    for entry in own:
        run, evaluation = entry.place["run"], entry.place["evaluation"]
        if tested.setdefault((run, entry.place["language"]), evaluation) != evaluation:
            raise DataError(
                f"several figures belong into the cell '{where}': '{run}' has them in more than "
                f"one evaluation, {evaluation} among them",
                hint=f"take one with `--where evaluation={evaluation}`",
            )
        other = runs.setdefault((entry.place["seed"], entry.place["language"]), run)
        trained.setdefault(entry.training, run)
        if other == run and len(trained) > 1:
            other = next(iter(trained.values()))
        if other != run:
            raise DataError(
                f"several figures belong into the cell '{where}': those of the runs '{other}' and "
                f"'{run}', which are not seeds of one training",
                hint="give them names, `NAME=RUNS`, or take `run` as rows or columns",
            )


def _check_languages(made: Sequence[Values], asked: Asked) -> None:
    """Raises DataError if averages that stand side by side are over different languages."""
    if "language" in asked.axes:
        return
    apart = [name for name in LANGUAGES if name in asked.axes]
    first: dict[Key, Values] = {}
    for cell in made:
        tested = [cell["tested"][name] for name in ("task", "split")]
        other = first.setdefault((*tested, *(cell[name] for name in apart)), cell)
        if cell["languages"] != other["languages"]:
            place = {name: cell[name] for name in asked.axes}
            raise _other_languages(place, cell["languages"], other["languages"])


def _other_languages(place: Values, own: Sequence[str], others: Sequence[str]) -> DataError:
    return DataError(
        f"averages would be over different languages: '{', '.join(place.values())}' has "
        f"{', '.join(own)}, others {', '.join(others)}",
        hint="evaluate in the same languages with `xlt eval --languages`, or take some with "
        "`--where language=...`, or take `language` as rows or columns",
    )


def mark_best(made: Sequence[Values], asked: Asked, among: str) -> None:
    """Notes which cells are the best of those that differ in one dimension only, as shown."""
    from xlt_cli.api.reports import Figure

    rivals: dict[Key, list[Values]] = {}
    for cell in made:
        cell["best"] = False
        key = (cell["tested"]["metric"], *(cell[name] for name in asked.axes if name != among))
        if among in asked.axes and math.isfinite(cell["value"]):
            rivals.setdefault(key, []).append(cell)
    for (metric, *_), several in rivals.items():
        choose = max if higher_is_better(metric) else min
        best = choose(cell["value"] for cell in several)
        unit = several[0]["unit"]
        for cell in several if len(several) > 1 else ():
            cell["best"] = figure(Figure(cell["value"], unit=unit)) == figure(
                Figure(best, unit=unit)
            )
