"""The report of several runs: each run's tables, means over seeds, the ranking of a search."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.api.reports import Column, Figure, Piece, Report, Row, Table, Text, Value
from xlt_cli.reports import evaluation
from xlt_cli.reports.evaluation import HEADLINES, Result, headline, origin
from xlt_cli.reports.records import record_table
from xlt_cli.reports.selection import Selected
from xlt_cli.reports.values import MARK, figure, metric_name, over_seeds, size_in_words
from xlt_cli.terminal import time_in_words


@dataclass(frozen=True)
class Ran:
    """What became of one run of a spec or of a sweep.

    Attributes:
        point: the label of the sweep's point.
        path: the run's directory.
        results: of its evaluations; empty if it failed.
        error: why it failed; empty if it did not.
        dev: what it was selected by; None without dev.
        search: whether its spec has no evaluation, so that its score on dev is all there is.
    """

    point: str
    seed: int
    path: Path
    results: Sequence[Result]
    error: str
    dev: Selected | None
    search: bool


def report(runs: Sequence[Ran]) -> Report:
    """The report of finished and failed runs.

    Runs without evaluations are a search: they are ranked by their score on dev.
    """
    if runs and all(run.search for run in runs):
        order = [run for group in ranked(runs) for run in group]
        pieces = ranking(runs)
        pieces.append(_place(runs[0]) if len(runs) == 1 else _names(order))
        return Report(pieces, values=list(map(_values, order)), records=_records_of_dev(order))
    pieces = [piece for run in runs for piece in _run(run)]
    if len(runs) > 1:
        pieces += comparison(runs)
        pieces.append(_names([run for group in _points(runs) for run in group]))
    return Report(pieces, values=list(map(_values, runs)), records=_records(runs))


def planned_report(listed: Sequence[Mapping[str, Any]]) -> Report:
    """The runs that a sweep would make, as `xlt sweep --dry-run --json` prints them.

    On a terminal, what they will take together stands below, as far as it is known.
    """
    lines = [
        f"{one['label']} seed={one['seed']} {one['state']} -> {one['run']}{_estimate(one)}"
        for one in listed
    ]
    names = ("run", "name", "label", "seed", "state", "attempts", "error")
    records = [
        {**one, **{name: (one["estimate"] or {}).get(name) for name in _ESTIMATED}}
        for one in listed
    ]
    pieces = [Text("\n".join([*lines, *_together(listed)]), whole=True)] if lines else []
    return Report(pieces, values=list(listed), records=record_table((*names, *_ESTIMATED), records))


_ESTIMATED = ("seconds", "disk", "ram", "gpu")


def _estimate(one: Mapping[str, Any]) -> str:
    """What a run will take, if it is still to be run and this is known."""
    about = one["estimate"]
    if about is None or one["state"] == "done":
        return ""
    parts = [
        f"about {time_in_words(about['seconds'])}",
        *([f"{size_in_words(about['ram'])} of memory"] if about["ram"] else []),
        *([f"{size_in_words(about['gpu'])} of a GPU"] if about["gpu"] else []),
        f"{size_in_words(about['disk'])} of disk",
    ]
    return f"  ({', '.join(parts)})"


def _together(listed: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the runs that are not done will take, and where this comes from."""
    todo = [one for one in listed if one["state"] != "done"]
    known = [one["estimate"] for one in todo if one["estimate"] is not None]
    if not known:
        return []
    seconds, disk = (sum(about[name] for about in known) for name in ("seconds", "disk"))
    unknown = f"; {len(todo) - len(known)} more are not known" if len(known) < len(todo) else ""
    devices = ", ".join(dict.fromkeys(about["device"] for about in known))
    return [
        f"{len(known)} runs that are not done take about {time_in_words(seconds)} one after "
        f"another, and {size_in_words(disk)} of disk{unknown}",
        f"(medians, and the highest peaks of memory, of ended runs like them on {devices})",
    ]


def jobs_report(jobs: Sequence[Mapping[str, Any]]) -> Report:
    """The jobs of a manifest, as `xlt run MANIFEST --list --json` prints them."""
    lines = [
        f"{one['number']} {one['state']} {one['id']} {one['label']} seed={one['seed']}"
        for one in jobs
    ]
    return _listing(lines, jobs, ("number", "id", "state", "label", "seed", "path"))


def _listing(
    lines: Sequence[str], values: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> Report:
    pieces = [Text("\n".join(lines), whole=True)] if lines else []
    return Report(pieces, values=list(values), records=record_table(names, values))


def comparison(runs: Sequence[Ran]) -> list[Piece]:
    """One row per point of a sweep: means over seeds of what its runs ended with.

    Runs that collapsed are in the means, which bear a mark; below stands what is left without them.
    """
    dev = _dev_column(runs)
    names = ("seeds", *dev, "trained on", "zero-shot", "languages", "all pairs")
    rows: list[Row] = []
    remarks: list[Text] = []
    for group in _points(runs):
        good = [run for run in group if run.results]
        if not good:
            nothing: list[Value] = [None] * (len(names) - 1)
            rows.append(Row([group[0].point, None, _seeds(good, group), *nothing]))
            continue
        for index, first in enumerate(good[0].results):
            fallen = [run for run in good if collapsed(run, run.results[index])]
            about = f"{first['task']} {first['split']}{origin(first)}"
            task = f"{about} {metric_name(first['metric'])}"
            figures = _figures(good, index, bool(dev), MARK if fallen else "")
            cells: list[Value] = [*figures.values()]
            cells.insert(len(dev) + 2, _count(first))
            rows.append(Row([group[0].point, task, _seeds(good, group, fallen), *cells]))
            if fallen:
                left = _figures([run for run in good if run not in fallen], index, bool(dev))
                remarks.append(_remark(group[0].point, task, good, fallen, left))
    columns = [Column("point"), Column("task"), *[Column(name, "right") for name in names]]
    return [Table("over seeds: mean (standard deviation)", columns, rows), *remarks]


def ranking(runs: Sequence[Ran]) -> list[Piece]:
    """One row per point of a search: its mean score on dev over seeds, the best first.

    A point with a run that collapsed comes after those without, whatever its score.
    """
    rows: list[Row] = []
    remarks: list[Text] = []
    for group in ranked(runs):
        good = [run for run in group if not run.error]
        devs = [run.dev for run in good if run.dev]
        fallen = [run for run in good if collapsed(run)]
        steps = ", ".join(f"{dev.step}/{dev.steps}" for dev in devs)
        score = _score(good, MARK if fallen else "")
        point, seeds = group[0].point, _seeds(good, group, fallen)
        rows.append(Row([point, selected_on(group), seeds, score, steps]))
        if fallen:
            left = {"score": _score([run for run in good if run not in fallen])}
            remarks.append(_remark(point, selected_on(group), good, fallen, left))
    names = ("seeds", "score", "selected step")
    columns = [Column("point"), Column("selected on"), *[Column(name, "right") for name in names]]
    title = "on dev, best first; over seeds: mean (standard deviation)"
    return [Table(title, columns, rows), *remarks]


def ranked(runs: Sequence[Ran]) -> list[list[Ran]]:
    """The points of a search by their mean score on dev, within what they were selected on.

    Points with a run that collapsed come last: on dev sets in which one label is frequent, one
    answer to every row may have the highest score.
    """
    groups = _points(runs)
    kinds = list(dict.fromkeys(map(selected_on, groups)))

    def place(group: list[Ran]) -> tuple[bool, int, bool, float]:
        scores = [run.dev.score for run in group if run.dev]
        fallen = any(collapsed(run) for run in group)
        mean = statistics.mean(scores) if scores else 0.0
        lower = any(run.dev.lower_is_better for run in group if run.dev)
        return not scores, kinds.index(selected_on(group)), fallen, mean if lower else -mean

    return sorted(groups, key=place)


def collapsed(run: Ran, result: Result | None = None) -> bool:
    """Whether a run gave one answer to every row: on dev, or in an evaluation (default: any)."""
    results = run.results if result is None else [result]
    on_dev = run.dev is not None and bool(run.dev.constant)
    return on_dev or any(one.get("collapsed", False) for one in results)


def selected_on(group: Sequence[Ran]) -> str:
    """What a point's models were selected on: task, split, languages and metric."""
    dev = next((run.dev for run in group if run.dev), None)
    if dev is None:
        return ""
    oracle = " (oracle)" if dev.oracle else ""
    place = f", from {dev.place}," if dev.place else ""
    languages = "+".join(dev.languages)
    return f"{dev.task} {dev.split}{place} {languages} {metric_name(dev.metric)}{oracle}"


def _run(run: Ran) -> list[Piece]:
    """The tables of one run, and where it is."""
    said = f"{MARK} on {selected_on([run])} this run gives one answer to every row"
    notes = [said] if run.dev is not None and run.dev.constant else []
    pieces: list[Piece] = [evaluation.tables(result) for result in run.results]
    return [Report(pieces, notes=notes), *([_place(run)] if run.results else [])]


def _place(run: Ran) -> Text:
    return Text(f"run: {run.path}", "muted", whole=True)


def _names(runs: Sequence[Ran]) -> Text:
    """The runs of a table, a line for each, whole however narrow the terminal is."""
    lines = [
        f"  {run.path.name}  {run.point} seed {run.seed}{' (failed)' if run.error else ''}"
        for run in runs
    ]
    return Text("\n".join(["runs (`xlt eval RUN`):", *lines]), whole=True)


def _figures(
    good: Sequence[Ran], index: int, dev: bool, mark: str = ""
) -> dict[str, Figure | None]:
    """The columns of an evaluation, by name: means over runs."""
    results = [run.results[index] for run in good]
    metric = results[0]["metric"] if results else ""
    means = {
        name: over_seeds(metric, [headline(result, name) for result in results], mark)
        for name in HEADLINES
    }
    return {"dev": _score(good, mark), **means} if dev else dict(means)


def _score(runs: Sequence[Ran], mark: str = "") -> Figure | None:
    """The mean score on dev."""
    devs = [run.dev for run in runs if run.dev]
    return over_seeds(devs[0].metric, [dev.score for dev in devs], mark) if devs else None


def _remark(
    point: str,
    task: str,
    runs: Sequence[Ran],
    fallen: Sequence[Ran],
    left: dict[str, Figure | None],
) -> Text:
    """Which runs of a point collapsed, and its means without them."""
    seeds = ", ".join(str(run.seed) for run in fallen)
    place = ", ".join(part for part in (point, task) if part)
    said = (
        f"{MARK} {place}: {len(fallen)} of {len(runs)} runs collapsed (seed {seeds}: one answer to "
        "every row)"
    )
    shown = [f"{name.replace('_', ' ')} {figure(mean)}" for name, mean in left.items() if mean]
    return Text(f"{said}; without: {', '.join(shown)}" if shown else said, "caution")


def _points(runs: Sequence[Ran]) -> list[list[Ran]]:
    """The runs of each point, one for each seed."""
    points: dict[str, list[Ran]] = {}
    for run in runs:
        points.setdefault(run.point, []).append(run)
    return list(points.values())


def _seeds(good: Sequence[Ran], group: Sequence[Ran], fallen: Sequence[Ran] = ()) -> str:
    failed = len(group) - len(good)
    said = [f"{failed} failed"] if failed else []
    said += [f"{len(fallen)} collapsed"] if fallen else []
    return f"{len(good)}" + (f" ({', '.join(said)})" if said else "")


def _count(result: Result) -> int | None:
    """How many languages the zero-shot average is over."""
    average = result["averages"].get("zero_shot")
    return average["cells"] if average else None


def _dev_column(runs: Sequence[Ran]) -> list[str]:
    """The heading of the column with scores on dev, if any run has one."""
    languages = {"+".join(run.dev.languages) for run in runs if run.dev}
    return [f"dev {languages.pop()}" if len(languages) == 1 else "dev"] if languages else []


def _values(run: Ran) -> dict[str, Any]:
    return {
        "run": str(run.path),
        "seed": run.seed,
        "point": run.point,
        "error": run.error,
        "collapsed": collapsed(run),
        "dev": run.dev.values() if run.dev else None,
        "evaluations": list(run.results),
    }


_ABOUT = ("run", "point", "seed", "error")


def _about(run: Ran) -> dict[str, Any]:
    return {"run": run.path.name, "point": run.point, "seed": run.seed, "error": run.error}


def _records(runs: Sequence[Ran]) -> Table:
    """The figures of all evaluations, one a line; a run without any has a line of its own."""
    every = evaluation.records([result for run in runs for result in run.results])
    names = [column.name for column in every.columns]
    lines = []
    for run in runs:
        own = evaluation.records(run.results)
        has = [column.name for column in own.columns]
        figures = [dict(zip(has, row.cells, strict=True)) for row in own.rows]
        lines += [{**_about(run), **figure} for figure in figures or [{}]]
    return record_table([*_ABOUT, *names], lines)


def _records_of_dev(runs: Sequence[Ran]) -> Table:
    """The scores of a search, a line for each run."""
    known = {name for run in runs if run.dev for name in run.dev.values()}
    names = [field.name for field in dataclasses.fields(Selected) if field.name in known]
    lines = []
    for run in runs:
        dev: dict[str, Any] = run.dev.values() if run.dev else {}
        languages = {"languages": "+".join(dev["languages"])} if dev else {}
        lines.append({**_about(run), **dev, **languages})
    return record_table([*_ABOUT, *names], lines)
