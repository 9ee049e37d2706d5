"""`xlt runs`: the runs there are, how far they are, and what they found."""

from __future__ import annotations

from typing import Any

import typer

from xlt_cli.commands.options import AsJson, RunsDir, runs_root
from xlt_cli.errors import UserError

MARK = "†"


def runs(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the runs with their state and headline figures."""
    from xlt_cli.console import report
    from xlt_cli.runs.directory import all_runs

    root = runs_root(runs_dir)
    rows = [_whole_row(run) for run in all_runs(root)]
    if as_json:
        report.print_json(rows)
        return
    from xlt_cli.console.tables import origin

    console = report.stdout()
    if not rows:
        typer.echo(f"no runs in {root}; `xlt train SPEC` makes one")
        return
    from rich.table import Table

    headings = ("trained on", "zero-shot", "languages", "all pairs")
    table = Table("run", "state", "evaluation", *headings, box=None)
    for row in rows:
        evaluations = row["evaluations"] or [None]
        for index, found in enumerate(evaluations):
            table.add_row(
                row["run"] if index == 0 else "",
                _state(row) if index == 0 else "",
                f"{found['directory']}{origin(found)} {found['metric']}" if found else "",
                *(_figures(found) if found else [""] * len(headings)),
            )
    console.print(table)
    if any(_state(row).endswith(MARK) for row in rows):
        console.print(f"{MARK} collapsed: the model gives one answer to every row")


def _whole_row(run: Any) -> dict[str, Any]:
    """A run's row; a run that cannot be read has one that says so."""
    try:
        return _row(run)
    except (UserError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        what = error.what if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        return {
            "run": run.name,
            "path": str(run.path),
            "state": "damaged",
            "message": what,
            "seed": None,
            "evaluations": [],
        }


def _row(run: Any) -> dict[str, Any]:
    from xlt_cli.analysis.collapse import is_collapsed
    from xlt_cli.console import report
    from xlt_cli.runs import atomic
    from xlt_cli.sweep.selection import one_answer_on_dev

    stored = [
        (path.parent.name, atomic.read_json(path))
        for path in sorted(run.evaluations.glob("*/results.json"))
    ]
    on_dev = one_answer_on_dev(run)
    return {
        "run": run.name,
        "path": str(run.path),
        "state": run.state,
        "collapsed_on_dev": on_dev,
        "message": run.status.get("message", ""),
        "seed": run.record.get("seed"),
        "evaluations": [
            {
                "directory": directory,
                "parameters": (
                    atomic.read_json(run.evaluations / directory / "evaluation.json") or {}
                ).get("task"),
                "limit": result["limit"],
                "languages": list(result["languages"]),
                "task": result["task"],
                "place": result.get("place", ""),
                "split": result["split"],
                "metric": result["metric"],
                "collapsed": bool(on_dev) or is_collapsed(run.evaluations / directory, result),
                "zero_shot_languages": result["averages"].get("zero_shot", {}).get("cells", 0),
                **{name: report.headline(result, name) for name in report.HEADLINES},
            }
            for directory, result in stored
        ],
    }


def _state(row: dict[str, Any]) -> str:
    """A run's state; marked if it collapsed, on dev or in an evaluation."""
    collapsed = row.get("collapsed_on_dev") or any(e["collapsed"] for e in row["evaluations"])
    return f"{row['state']} {MARK}" if collapsed else str(row["state"])


def _figures(found: dict[str, Any]) -> list[str]:
    """The columns of an evaluation; figures of a collapsed run bear a mark."""
    mark = MARK if found["collapsed"] else ""
    own, unseen, pairs = (
        f"{_percent(found[name])}{mark}" if found[name] is not None else ""
        for name in ("trained_on", "zero_shot", "generalized")
    )
    return [own, unseen, str(found["zero_shot_languages"] or ""), pairs]


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
