"""Tables of stored figures: runs are found and read, and tested against a baseline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import RunError, SpecError, did_you_mean
from xlt_cli.interface.comparable import Given, directories, matching_runs
from xlt_cli.interface.runs import root_of
from xlt_cli.interface.tables import records_of
from xlt_cli.runs import predictions
from xlt_cli.runs.directory import Run as Directory

if TYPE_CHECKING:
    import pandas

    from xlt_cli.api.reports import Report

LEVEL = 0.05
BEST = "method"


class Tabulated:
    """A table of stored figures, as `xlt table` prints it.

    Attributes:
        values: all cells with what they are of, as `xlt table --json` prints them.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __repr__(self) -> str:
        axes = (", ".join(self.values[name]) for name in ("rows", "columns"))
        return f"<Tabulated {' by '.join(axes)}: {len(self.values['cells'])} cells>"

    @property
    def report(self) -> Report:
        """The report, as pieces that the formats render."""
        from xlt_cli.reports.pivoted import report

        return report(self.values)

    def latex(self) -> str:
        """The table as LaTeX, as `xlt table --format latex` prints it."""
        from xlt_cli.formats import latex

        return latex.text(self.report)

    def frame(self) -> pandas.DataFrame:
        """The cells as a pandas data frame, one in a row.

        Returns:
            The columns of `xlt table --format csv`.
        """
        return records_of(self.report).frame()


def tabulate(
    runs: Given | Sequence[Given] | Mapping[str, Given | Sequence[Given]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    where: Mapping[str, Sequence[str]] | None = None,
    spread: str = "deviation",
    best: str = BEST,
    baseline: str | None = None,
    runs_dir: str | Path | None = None,
) -> Tabulated:
    """Tables the stored figures of runs by any dimensions.

    The dimensions are method, encoder, stage, seed, run, task, split, labels, limit, condition,
    metric, evaluation, language, and what groups languages: group (trained on, zero-shot), family,
    script, resource. A cell has the mean over seeds; unless languages are apart, first the
    unweighted mean over languages, without those trained on if nothing says which group is meant.

    Args:
        runs: names or paths, perhaps with `*`, or `Run`s; by name of the method, or without names:
            a method is then the point of a sweep, or what the run was trained with.
        rows: the dimensions of the rows; each combination of their values that is there is one.
        columns: the dimensions of the columns.
        where: the values that are taken, by dimension; default: all, of each task's own metric.
        spread: what stands beside means over seeds: deviation, or interval (95%, Student's t over
            seeds; with one seed what is stored).
        best: the dimension whose best value is bold, where it is a row or a column.
        baseline: the method that others are tested against, paired by seed and row.
        runs_dir: where runs are looked for by name; default: `$XLT_RUNS_DIR`, or `runs`.

    Returns:
        The table.

    Raises:
        SpecError: a dimension, a value or an option is unknown.
        RunError: there is no such run, or it has no results.
        DataError: figures that cannot be averaged share a cell.
    """
    from xlt_cli.reports import pivot
    from xlt_cli.reports.entries import DIMENSIONS, entries

    asked = pivot.Asked(list(rows), list(columns), dict(where or {}), spread)
    if best not in DIMENSIONS:
        raise SpecError(f"unknown dimension '{best}'", "best", did_you_mean(best, DIMENSIONS))
    found = list(found_runs(runs, root_of(runs_dir)))
    every = [entry for method, run in found for entry in entries(*read_run(method, run))]
    chosen = pivot.chosen(every, asked)
    cells = pivot.cells(chosen, asked)
    pivot.mark_best(cells, asked, best)
    if baseline is not None:
        from xlt_cli.interface.marks import mark_against

        mark_against(baseline, LEVEL, cells, chosen, {run.name: run for _, run in found}, asked)
    return Tabulated(
        {
            "rows": asked.rows,
            "columns": asked.columns,
            "where": asked.where,
            "spread": spread,
            "best": best,
            "baseline": baseline,
            "level": LEVEL,
            "averaged": asked.zero_shot_only and "language" not in asked.axes,
            "heads": pivot.heads(chosen, asked),
            "cells": cells,
            "notes": [
                *pivot.left_out(every, asked),
                *said_of(found, {entry.place["evaluation"] for entry in chosen}),
            ],
        }
    )


def found_runs(
    runs: Given | Sequence[Given] | Mapping[str, Given | Sequence[Given]], root: Path
) -> Iterator[tuple[str, Directory]]:
    """The runs with the names of their methods, which may be empty."""
    if isinstance(runs, Mapping):
        for name, own in directories(runs, root).items():
            yield from ((name, run) for run in own.values())
    else:
        given = [runs] if isinstance(runs, str | Path) or not isinstance(runs, Sequence) else runs
        several = [run for one in given for run in matching_runs(one, root)]
        yield from (("", run) for run in {run.path.resolve(): run for run in several}.values())


def read_run(method: str, run: Directory) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """A run's place in the dimensions, and its results.

    Raises:
        RunError: it has none.
    """
    results = stored_results(run)
    if not results:
        raise RunError(
            f"'{run.name}' has no results", str(run.path), f"evaluate it: `xlt eval {run.name}`"
        )
    return placed(method, run), results


def stored_results(run: Directory) -> list[dict[str, Any]]:
    """The results of a run's evaluations, each with its directory and its former condition."""
    from xlt_cli.spec import Evaluation

    results = []
    for name, tested, result in predictions.summaries(run.evaluations):
        if result is not None:
            former = Evaluation.model_validate(tested).former if tested else None
            results.append({**result, "evaluation": name, "former": former.name if former else ""})
    return results


def placed(method: str, run: Directory) -> dict[str, str]:
    """A run's place in the dimensions of tables.

    Args:
        method: its name; empty: the point of a sweep, or what the run was trained with.
    """
    from xlt_cli.sweep.listing import row

    about = row(run)
    methods = list(dict.fromkeys(about["methods"]))
    return {
        "method": method or about["point"] or " -> ".join(methods) or "not trained with xlt",
        "encoder": about["encoder"],
        "stage": " -> ".join(about["tasks"]),
        "seed": "" if about["seed"] is None else str(about["seed"]),
        "run": run.name,
        "training": "" if method else _training(run),
    }


def _training(run: Directory) -> str:
    """What was trained, apart from the seed."""
    spec = run.record.get("spec", {})
    left = ("name", "evaluations", "seeds", "device", "keep", "sweep")
    return json.dumps({name: value for name, value in spec.items() if name not in left})


def said_of(found: Sequence[tuple[str, Directory]], evaluations: set[str]) -> list[str]:
    """What a reader must know of the results that figures are from."""
    from xlt_cli.reports.evaluation import origin
    from xlt_cli.reports.validity import note

    said: dict[str, None] = {}
    for _, run in found:
        for name, _, result in predictions.summaries(run.evaluations):
            if result is None or name not in evaluations:
                continue
            title = f"{result['task']} {result['split']}{origin(result)}"
            if result.get("demonstration"):
                said[f"{title}: a demonstration, not evidence"] = None
            for warning in result.get("warnings", ()):
                if warning["kind"] not in ("collapsed", "constant_answers"):
                    said[f"{title}: {note(warning)}"] = None
    return list(said)
