"""`xlt runs`: the runs there are, how far they are, and what they found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xlt_cli.commands.options import AsJson, RunsDir, runs_root
from xlt_cli.errors import UserError
from xlt_cli.terminal import echo, print_json

MARK = "†"


def runs(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the runs with their state and headline figures."""
    from xlt_cli.runs.directory import all_runs

    root = runs_root(runs_dir)
    rows = [_whole_row(run) for run in all_runs(root)]
    if as_json:
        print_json(rows)
        return
    from xlt_cli.console.screen import stdout

    console = stdout()
    if not rows:
        echo(f"no runs in {root}; `xlt train SPEC` makes one")
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
                _evaluation(found),
                *(_figures(found) if found and found["up_to_date"] else [""] * len(headings)),
            )
    console.print(table)
    if any(_state(row).endswith(MARK) for row in rows):
        console.print(f"{MARK} collapsed: the model gives one answer to every row")


def _evaluation(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    from xlt_cli.console.tables import origin

    if not row["up_to_date"]:
        return f"{row['directory']}: not summed up, `xlt eval` or `xlt train` does"
    return f"{row['directory']}{origin(row)} {row['metric']}"


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
    from xlt_cli.runs.predictions import summaries
    from xlt_cli.sweep.selection import one_answer_on_dev

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
                "parameters": about.get("task"),
                "limit": (result or about).get("limit"),
                "task": result["task"] if result else (about.get("task") or {}).get("name"),
                "split": (result or about).get("split"),
                "up_to_date": bool(result),
                **_shown(run.evaluations / directory, result, bool(on_dev)),
            }
            for directory, about, result in summaries(run.evaluations)
        ],
    }


def _shown(folder: Path, result: dict[str, Any] | None, one_answer: bool) -> dict[str, Any]:
    """What is shown of an evaluation's figures; None where they are not of all its cells."""
    from xlt_cli.analysis.collapse import is_collapsed
    from xlt_cli.console import report

    averages = result["averages"] if result else {}
    return {
        "languages": list(result["languages"]) if result else [],
        "place": result.get("place", "") if result else "",
        "metric": result["metric"] if result else None,
        "collapsed": one_answer or bool(result and is_collapsed(folder, result)),
        "zero_shot_languages": averages.get("zero_shot", {}).get("cells", 0),
        **{n: report.headline(result, n) if result else None for n in report.HEADLINES},
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
