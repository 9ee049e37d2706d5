"""`xlt plan SPEC -o FILE`: the runs of a sweep as a manifest, for any scheduler."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlt_cli.commands.options import (
    Device,
    Offline,
    Overrides,
    Plain,
    RunsDir,
    SpecFile,
    check_file,
    runs_root,
)
from xlt_cli.compute.offline import go_offline
from xlt_cli.terminal import echo

if TYPE_CHECKING:
    from xlt_cli import Experiment


def plan(
    spec_file: SpecFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The manifest to write.")
    ],
    overrides: Overrides = None,
    accept_changes: Annotated[
        bool,
        typer.Option(
            "--accept-changes",
            help="Go on although the spec has changed and runs of the sweep are gone.",
        ),
    ] = False,
    device: Device = None,
    plain: Plain = False,
    runs_dir: RunsDir = None,
    offline: Offline = False,
) -> None:
    """Write the runs of a sweep to a manifest, for `xlt run FILE JOB`.

    Nothing is run. Any scheduler can execute the jobs, in any order and on several machines; a
    later `xlt sweep SPEC` uses the finished runs. The trials of a search must not depend on
    results: `sampler: random` or `grid`, without `stop_early`.
    """
    check_file(output, "--output")
    go_offline(offline)
    from xlt_cli import Experiment
    from xlt_cli.runs.plugins import explained

    changes = list(overrides or [])
    if device:
        changes.append(f"device={device}")
    root = runs_root(runs_dir)
    experiment = explained(root, lambda: Experiment.from_file(spec_file, changes))
    write_manifest(experiment, output, root, accept_changes, plain, offline)


def write_manifest(
    experiment: Experiment,
    path: Path,
    root: Path,
    accept_changes: bool,
    plain: bool,
    offline: bool,
) -> None:
    """Writes a manifest and says how its jobs are run."""
    count = experiment.write_manifest(
        path, runs_dir=root, accept_changes=accept_changes, plain=plain, offline=offline
    )
    echo(f"{path}: {count} jobs; `xlt run {path} 1` runs the first, --list lists all", err=True)
