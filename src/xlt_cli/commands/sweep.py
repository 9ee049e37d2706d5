"""`xlt sweep SPEC`: points and a grid of fields x seeds."""

from __future__ import annotations

from collections.abc import Sequence
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
    is_first_process,
    jobs_at_once,
    runs_root,
)
from xlt_cli.commands.printing import print_outcomes
from xlt_cli.terminal import echo

if TYPE_CHECKING:
    from xlt_cli.launch.jobs import PlannedRun
    from xlt_cli.sweep.plan import Point


def sweep(
    spec_file: SpecFile,
    overrides: Overrides = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the runs, run none.")] = False,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            help="Write a manifest of the runs, for `xlt run FILE JOB`; run none.",
        ),
    ] = None,
    stop_on_error: Annotated[
        bool, typer.Option("--stop-on-error", help="Do not go on after a failed run.")
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

    The same command again runs only what is missing, and goes on with what was interrupted.
    """
    at_once, output = jobs_at_once(jobs_option), format_of(format_, as_json)
    check_file(plan, "--plan")
    go_offline(offline)
    from xlt_cli.errors import EXIT_FAILURE
    from xlt_cli.launch.choice import launcher as chosen
    from xlt_cli.runs.plugins import explained
    from xlt_cli.spec.source import read
    from xlt_cli.sweep.plan import check_points, points

    launcher = chosen(launcher_option, at_once)
    changes = list(overrides or [])
    if device:
        changes.append(f"device={device}")
    source = read(spec_file, changes)
    root = runs_root(runs_dir)
    found = explained(root, lambda: points(source))
    check_points(found, source)
    if dry_run:
        _list(found, root, output)
        return

    from xlt_cli.launch.jobs import PlannedRun

    jobs = [
        PlannedRun(
            point.spec,
            seed,
            source.text,
            [*changes, *point.overrides],
            point.label,
        )
        for point in found
        for seed in point.spec.seeds
    ]
    if plan is not None:
        _write_plan(plan, jobs, root, plain, offline)
        return
    from xlt_cli.console.progress import Reporter
    from xlt_cli.launch.launching import run_jobs

    reporter = Reporter(quiet=quiet or output is not Format.terminal or not is_first_process())
    if launcher_option is None and len(jobs) == 1:
        launcher = None  # --jobs has nothing to share
    outcomes = run_jobs(jobs, root, reporter, not stop_on_error, plain, launcher, offline)
    print_outcomes(outcomes, output)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(EXIT_FAILURE)


def _write_plan(
    plan: Path, jobs: Sequence[PlannedRun], root: Path, plain: bool, offline: bool
) -> None:
    """Writes the manifest of a sweep, and says how it is used."""
    from xlt_cli.launch import manifest

    manifest.check_place(plan)
    manifest.write(plan, jobs, root, plain=plain, offline=offline)
    echo(
        f"{plan}: {len(jobs)} jobs; `xlt run {plan} 1` makes the first, --list shows all", err=True
    )


def _list(planned_points: Sequence[Point], root: Path, output: Format) -> None:
    """What a sweep would run."""
    from xlt_cli import formats
    from xlt_cli.reports.sweep import planned_report
    from xlt_cli.runs.directory import planned

    runs = [
        (point, seed, planned(root, point.spec, seed))
        for point in planned_points
        for seed in point.spec.seeds
    ]
    listed = [
        {
            "run": run.name,
            "path": str(run.path),
            "name": point.name,
            "label": point.label,
            "point": point.values,
            "seed": seed,
            "state": run.status["state"] if (run.path / "run.json").is_file() else "new",
        }
        for point, seed, run in runs
    ]
    formats.show(planned_report(listed), output)
