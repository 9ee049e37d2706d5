"""`xlt run MANIFEST JOB`: one job of a manifest, whatever scheduler asks for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlt_cli.commands.options import (
    AsJson,
    Quiet,
    go_offline,
    is_first_process,
)
from xlt_cli.errors import RunError
from xlt_cli.terminal import echo, print_json

if TYPE_CHECKING:
    from xlt_cli.launch.manifest import Manifest


def run(
    manifest_file: Annotated[
        Path,
        typer.Argument(metavar="MANIFEST", help="What `xlt sweep SPEC --plan MANIFEST` wrote."),
    ],
    job: Annotated[
        str | None, typer.Argument(metavar="JOB", help="Number of a job, from 1 on, or its id.")
    ] = None,
    list_jobs: Annotated[
        bool, typer.Option("--list", help="List the jobs with their state, run none.")
    ] = False,
    runs_dir: Annotated[
        Path | None,
        typer.Option("--runs-dir", help="Where the runs live by now. Default: as planned."),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make one run of a manifest, as any scheduler may ask for it.

    A finished run is not run again; an interrupted one goes on from its last checkpoint; one that
    another process works on is left alone.
    """
    from xlt_cli.launch import manifest as manifests

    manifest = manifests.read(manifest_file)
    root = (runs_dir or manifest.runs).absolute()
    for name, value in manifest.environment.items():
        os.environ.setdefault(name, value)
    if list_jobs:
        if job is not None:
            raise RunError("--list lists all jobs", "xlt run", "leave JOB or --list away")
        _list(manifest, root, as_json)
        return
    if job is None:
        raise RunError("which job is to be run?", "xlt run", "`xlt run MANIFEST --list` shows them")
    _, entry = manifest.entry(job)
    go_offline(manifest.offline)
    _enter(manifest.directory)

    from xlt_cli.spec.checks import check_inputs
    from xlt_cli.spec.source import Source
    from xlt_cli.spec.yaml_lines import Document

    planned = manifest.planned(entry)
    place = Document(Path(f"{manifest_file}: job {entry.id}"), entry.spec, {})
    check_inputs(planned.spec, Source(place, planned.text))
    manifests.check_run(entry, planned, root)

    from xlt_cli.console.progress import Reporter
    from xlt_cli.formats import printed as report
    from xlt_cli.launch.local import run_jobs

    reporter = Reporter(quiet=quiet or as_json or not is_first_process())
    outcomes = run_jobs([planned], root, reporter, False, manifest.plain)
    report.outcomes(outcomes, as_json)


def _enter(directory: Path) -> None:
    """Works where the manifest was written: relative paths in a spec are relative to it."""
    try:
        os.chdir(directory)
    except OSError as error:
        raise RunError(
            f"the working directory of the manifest cannot be entered: {error.strerror}",
            str(directory),
            "relative paths in the spec are relative to it; write the manifest anew from where "
            "they hold",
        ) from None


def _list(manifest: Manifest, root: Path, as_json: bool) -> None:
    """The jobs with their state: one line each."""
    from xlt_cli.launch.manifest import state

    jobs = [
        {
            "number": number,
            "id": entry.id,
            "state": state(manifest, entry, root),
            "label": entry.label,
            "seed": entry.seed,
            "path": str(root / entry.run),
        }
        for number, entry in enumerate(manifest.jobs, start=1)
    ]
    if as_json:
        print_json(jobs)
        return
    for one in jobs:
        echo(f"{one['number']} {one['state']} {one['id']} {one['label']} seed={one['seed']}")
