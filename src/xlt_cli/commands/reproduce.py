"""`xlt reproduce NAME`: a paper's comparison, run, and held against its claims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xlt_cli.commands.options import (
    AsJson,
    Device,
    Offline,
    Overrides,
    Quiet,
    RunsDir,
    go_offline,
    is_first_process,
    runs_root,
)


def reproduce(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to reproduce: robust-xlt.")],
    encoder: Annotated[
        str | None,
        typer.Option("--encoder", metavar="NAME", help="Encoder plugin. Default: e5-small-q4."),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", min=1, help="Seeds 1 to N. Default: the specs' own.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Cut down to minutes: its figures mean nothing.")
    ] = False,
    overrides: Overrides = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where the report goes. Default: the runs'."),
    ] = None,
    device: Device = None,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run a paper's comparison and say which of its claims the results confirm.

    The same command again goes on where it stopped; once all runs are finished, it only reports.
    """
    go_offline(offline)
    from xlt_cli.sweep import reproduction, trials

    changes = [*(overrides or []), *([f"device={device}"] if device else [])]
    shipped = reproduction.read(name)
    choice = trials.Choice(encoder, seeds, quick, changes)
    planned = trials.plan(shipped, choice)

    from xlt_cli.console import report as screen
    from xlt_cli.console.progress import Reporter
    from xlt_cli.console.reproduction import render
    from xlt_cli.errors import EXIT_FAILURE
    from xlt_cli.sweep.local import run_jobs
    from xlt_cli.sweep.reproduced import report

    reporter = Reporter(quiet=quiet or as_json or not is_first_process())
    if quick and is_first_process():
        reporter.warn("--quick: this shows the machinery at work; its figures mean nothing")
    root = runs_root(runs_dir)
    outcomes = run_jobs([trial.job for trial in planned], root, reporter, keep_going=True)
    failed = any(outcome.error for outcome in outcomes)
    if is_first_process():
        found = report(shipped, choice, planned, outcomes, reporter)
        label = f"{name}-{found['encoder']}" + ("-quick" if quick else "")
        folder = out or root / "reproductions" / label
        _write(folder, found)
        if as_json:
            screen.print_json(found)
        else:
            console = screen.stdout()
            console.print(render(found))
            console.print(f"written to {folder}", soft_wrap=True, style="dim")
    if failed:
        raise typer.Exit(EXIT_FAILURE)


def _write(folder: Path, found: dict[str, Any]) -> None:
    """Everything as JSON, the figures as CSV, and what the screen shows."""
    from xlt_cli.analysis.findings import csv_text
    from xlt_cli.console.reproduction import plain
    from xlt_cli.runs import atomic

    atomic.write_json(folder / "report.json", found)
    atomic.write_text(folder / "figures.csv", csv_text(found["tasks"]))
    atomic.write_text(folder / "report.txt", plain(found))
