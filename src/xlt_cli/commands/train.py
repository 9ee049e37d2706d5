"""`xlt train SPEC`: every seed of a spec, trained and evaluated."""

from __future__ import annotations

from typing import Annotated

import typer

from xlt_cli.commands.options import (
    AsJson,
    Device,
    Format,
    FormatOption,
    Offline,
    Overrides,
    Plain,
    Quiet,
    RunsDir,
    SpecFile,
    format_of,
    go_offline,
    is_first_process,
    runs_root,
    seeds,
)
from xlt_cli.commands.printing import print_outcomes


def train(
    spec_file: SpecFile,
    overrides: Overrides = None,
    seed: Annotated[
        list[str] | None,
        typer.Option(
            "--seed",
            metavar="SEED,...",
            help="Instead of the spec's seeds; repeatable.",
            callback=seeds,
        ),
    ] = None,
    restore: Annotated[
        bool,
        typer.Option(
            "--restore", help="Train runs again whose weights were pruned, and keep them."
        ),
    ] = False,
    device: Device = None,
    plain: Plain = False,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    quiet: Quiet = False,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Train a spec's stages and evaluate the result, for every seed.

    A finished run is not run again; an interrupted one goes on from its last checkpoint.
    """
    output = format_of(format_, as_json)
    go_offline(offline)
    from xlt_cli.runs.plugins import explained
    from xlt_cli.spec import resolution as files
    from xlt_cli.spec.checks import check_inputs
    from xlt_cli.spec.source import read

    changes = list(overrides or [])
    if seed:
        changes.append(f"seeds=[{', '.join(seed)}]")
    if device:
        changes.append(f"device={device}")
    source = read(spec_file, changes)
    root = runs_root(runs_dir)
    experiment = explained(root, lambda: files.resolve(source))
    check_inputs(experiment, source)
    spec = experiment.spec
    from xlt_cli.console.progress import Reporter
    from xlt_cli.launch.jobs import PlannedRun
    from xlt_cli.launch.local import run_jobs

    reporter = Reporter(quiet=quiet or output is not Format.terminal or not is_first_process())
    if spec.sweep and (spec.sweep.points or spec.sweep.grid):
        reporter.warn("the spec has a sweep; this trains its base alone (`xlt sweep` runs it)")
    jobs = [PlannedRun(spec, number, source.text, changes) for number in spec.seeds]
    outcomes = run_jobs(jobs, root, reporter, False, plain, restore)

    print_outcomes(outcomes, output)
