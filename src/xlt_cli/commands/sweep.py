"""`xlt sweep SPEC`: points and a grid of fields x seeds."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlt_cli.commands.errors import note
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
    Trackers,
    check_file,
    format_of,
    jobs_at_once,
    reporter,
    runs_root,
    use_trackers,
)
from xlt_cli.commands.plan import write_manifest
from xlt_cli.commands.printing import print_outcomes, print_report
from xlt_cli.compute.offline import go_offline

if TYPE_CHECKING:
    from xlt_cli import Table


class OnError(StrEnum):
    """What to do when a run has failed."""

    go_on = "continue"
    stop = "stop"


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
            help="Write a manifest instead of running anything, as `xlt plan` does.",
        ),
    ] = None,
    on_error: Annotated[
        OnError,
        typer.Option(
            "--on-error", help="After a run has failed: continue with the others, or start no more."
        ),
    ] = OnError.go_on,
    retries: Annotated[
        int,
        typer.Option(
            "--retries",
            min=0,
            metavar="N",
            help="Try a run that fails N times again, after the others.",
        ),
    ] = 0,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Try runs again that failed in an earlier command."),
    ] = False,
    max_hours: Annotated[
        float | None,
        typer.Option(
            "--max-hours",
            min=0.0,
            metavar="H",
            help="Interrupt the runs at work after H hours; the same command continues.",
        ),
    ] = None,
    accept_changes: Annotated[
        bool,
        typer.Option(
            "--accept-changes",
            help="Go on although the spec has changed and runs of the sweep are gone.",
        ),
    ] = False,
    jobs_option: Jobs = "1",
    launcher_option: Launcher = None,
    device: Device = None,
    plain: Plain = False,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    trackers: Trackers = None,
    quiet: Quiet = False,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Run every point of a spec's sweep, with every seed.

    The same command runs only what is missing and continues interrupted runs. Failed runs are
    tried again with --retry-failed.
    """
    at_once, output = jobs_at_once(jobs_option), format_of(format_, as_json)
    check_file(plan, "--plan")
    go_offline(offline)
    use_trackers(trackers)
    from xlt_cli import Experiment
    from xlt_cli.errors import EXIT_FAILURE, EXIT_INTERRUPTED, SpecError
    from xlt_cli.reports import search as search_reports
    from xlt_cli.runs.plugins import explained

    changes = list(overrides or [])
    if device:
        changes.append(f"device={device}")
    root = runs_root(runs_dir)
    experiment = explained(root, lambda: Experiment.from_file(spec_file, changes))
    if dry_run:
        changed = experiment.changes(runs_dir=root)
        if changed:
            note(f"the spec has changed since its sweep was begun: {changed}")
        searched = experiment.trials(runs_dir=root)
        if searched:
            print_report(search_reports.planned_report(searched), output)
            return
        _list(experiment.plan(runs_dir=root), output)
        return
    if plan is not None:
        if trackers:
            raise SpecError(
                "a manifest has no trackers",
                "--tracker",
                f"set XLT_TRACKERS={','.join(trackers)} where its jobs run",
            )
        write_manifest(experiment, plan, root, accept_changes, plain, offline)
        return
    made = experiment.sweep(
        runs_dir=root,
        jobs=at_once,
        launcher=launcher_option,
        offline=offline,
        on_error=on_error.value,
        retries=retries,
        retry_failed=retry_failed,
        max_hours=max_hours,
        accept_changes=accept_changes,
        plain=plain,
        reporter=reporter(quiet or output is not Format.terminal),
    )
    if made.searched:
        print_report(search_reports.report(made.searched), output)
    else:
        print_outcomes(made.outcomes, output)
    if made.out_of_time:
        done = len(made) - len(made.failed)
        note(f"--max-hours: {done} of {experiment.size} runs are done; the same command continues")
        raise typer.Exit(EXIT_INTERRUPTED)
    if made.failed:
        raise typer.Exit(EXIT_FAILURE)


def _list(planned: Table, output: Format) -> None:
    """Prints the runs of a sweep."""
    from xlt_cli import formats
    from xlt_cli.reports.sweep import planned_report

    formats.show(planned_report(list(planned)), output)
