"""`xlt runs`: the runs there are, how far they are, and what they found."""

from __future__ import annotations

from typing import Any

import typer

from xlt_cli.commands.options import AsJson, RunsDir, runs_root
from xlt_cli.errors import UserError


def runs(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the runs with their state and headline figures."""
    from xlt_cli.console import report
    from xlt_cli.runs.directory import all_runs

    root = runs_root(runs_dir)
    rows = [_whole_row(run) for run in all_runs(root)]
    if as_json:
        report.print_json(rows)
        return
    console = report.stdout()
    if not rows:
        typer.echo(f"no runs in {root}; `xlt train SPEC` makes one")
        return
    from rich.table import Table

    table = Table("run", "state", "evaluation", "trained on", "zero-shot", "generalized", box=None)
    for row in rows:
        evaluations = row["evaluations"] or [None]
        for index, found in enumerate(evaluations):
            table.add_row(
                row["run"] if index == 0 else "",
                row["state"] if index == 0 else "",
                f"{found['directory']} {found['metric']}" if found else "",
                *[_percent(found.get(name)) if found else "" for name in report.HEADLINES],
            )
    console.print(table)


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
    from xlt_cli.console import report
    from xlt_cli.runs import atomic

    stored = [
        (path.parent.name, atomic.read_json(path))
        for path in sorted(run.evaluations.glob("*/results.json"))
    ]
    return {
        "run": run.name,
        "path": str(run.path),
        "state": run.state,
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
                "split": result["split"],
                "metric": result["metric"],
                **{name: report.headline(result, name) for name in report.HEADLINES},
            }
            for directory, result in stored
        ],
    }


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"
