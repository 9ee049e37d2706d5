"""`xlt sweep SPEC`: points and a grid of fields x seeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlt_cli.commands.options import (
    AsJson,
    Device,
    Format,
    FormatOption,
    Jobs,
    Launcher,
    Offline,
    Overrides,
    Plain,
    Quiet,
    RunsDir,
    SpecFile,
    check_file,
    format_of,
    go_offline,
    jobs_at_once,
    reporter,
    runs_root,
)
from xlt_cli.commands.printing import print_outcomes
from xlt_cli.terminal import echo

if TYPE_CHECKING:
    from xlt_cli import Table


def sweep(
    spec_file: SpecFile,
    overrides: Overrides = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the runs without running them.")
    ] = False,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            help="Write a manifest for `xlt run FILE JOB` instead of running anything.",
        ),
    ] = None,
    stop_on_error: Annotated[
        bool, typer.Option("--stop-on-error", help="Start no more runs after one has failed.")
    ] = False,
    jobs_option: Jobs = "1",
    launcher_option: Launcher = None,
    device: Device = None,
    plain: Plain = False,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    quiet: Quiet = False,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Run every point of a spec's sweep, with every seed.

    The same command runs only what is missing and continues interrupted runs.
    """
    at_once, output = jobs_at_once(jobs_option), format_of(format_, as_json)
    check_file(plan, "--plan")
    go_offline(offline)
    from xlt_cli import Experiment
    from xlt_cli.errors import EXIT_FAILURE
    from xlt_cli.runs.plugins import explained

    changes = list(overrides or [])
    if device:
        changes.append(f"device={device}")
    root = runs_root(runs_dir)
    experiment = explained(root, lambda: Experiment.from_file(spec_file, changes))
    if dry_run:
        _list(experiment.plan(runs_dir=root), output)
        return
    if plan is not None:
        count = experiment.write_manifest(plan, runs_dir=root, plain=plain, offline=offline)
        echo(f"{plan}: {count} jobs; `xlt run {plan} 1` runs the first, --list lists all", err=True)
        return
    made = experiment.sweep(
        runs_dir=root,
        jobs=at_once,
        launcher=launcher_option,
        offline=offline,
        stop_on_error=stop_on_error,
        plain=plain,
        reporter=reporter(quiet or output is not Format.terminal),
    )
    print_outcomes(made.outcomes, output)
    if made.failed:
        raise typer.Exit(EXIT_FAILURE)


def _list(planned: Table, output: Format) -> None:
    """Prints the runs of a sweep."""
    from xlt_cli import formats
    from xlt_cli.reports.sweep import planned_report

    formats.show(planned_report(list(planned)), output)
