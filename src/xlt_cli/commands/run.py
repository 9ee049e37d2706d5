"""`xlt run MANIFEST JOB`: one job of a manifest, for any scheduler."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlt_cli.commands.options import (
    AsJson,
    Format,
    FormatOption,
    Quiet,
    format_of,
)
from xlt_cli.commands.printing import print_outcomes, print_report
from xlt_cli.errors import RunError

if TYPE_CHECKING:
    from xlt_cli.launch.jobs import PlannedRun
    from xlt_cli.launch.manifest import Entry, Manifest


def run(
    manifest_file: Annotated[
        Path,
        typer.Argument(metavar="MANIFEST", help="A file that `xlt plan SPEC -o MANIFEST` wrote."),
    ],
    job: Annotated[
        str | None,
        typer.Argument(metavar="JOB", help="Number of a job, counted from 1, or its id."),
    ] = None,
    list_jobs: Annotated[
        bool, typer.Option("--list", help="List the jobs with their states without running them.")
    ] = False,
    runs_dir: Annotated[
        Path | None,
        typer.Option(
            "--runs-dir", help="The runs directory, if it was moved. Default: that of the manifest."
        ),
    ] = None,
    answer: Annotated[
        Path | None,
        typer.Option(
            "--answer", metavar="FILE", help="Write the results or the error to FILE, as JSON."
        ),
    ] = None,
    attached: Annotated[
        bool,
        typer.Option("--attached", help="End when standard input is closed."),
    ] = False,
    quiet: Quiet = False,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Execute one run of a manifest, for use with a scheduler.

    A finished run is not run again, and an interrupted run continues from its last checkpoint. It
    is an error if another process is working on the run.
    """
    output = format_of(format_, as_json)
    from xlt_cli.launch import manifest as manifests

    if list_jobs and job is not None:
        raise RunError("--list lists all jobs", "xlt run", "omit JOB or --list")
    if list_jobs:
        manifest = manifests.read(manifest_file)
        _list(manifest, (runs_dir or manifest.runs).absolute(), output)
        return
    if job is None:
        raise RunError("no job is given", "xlt run", "`xlt run MANIFEST --list` lists the jobs")
    from xlt_cli.launch import answers, executing

    with answers.interrupted_once(), answers.answering(answer and answer.absolute()) as given:
        if attached:
            answers.end_with_standard_input()
        manifest = manifests.read(manifest_file)
        if answer is not None:
            sys.argv = manifest.command  # what the user typed, for the record
        root = (runs_dir or manifest.runs).absolute()
        _, entry = manifest.entry(job)
        planned = executing.planned_here(manifest_file, manifest, entry, root)
        silent = quiet or output is not Format.terminal
        # Whoever reads the answer notes down what became of the job.
        with contextlib.nullcontext() if answer else _noted(entry, planned, root):
            outcome = executing.execute(planned, root, manifest.plain, silent, given)
    if answer is None:
        print_outcomes([outcome], output)


def _noted(
    entry: Entry, planned: PlannedRun, root: Path
) -> contextlib.AbstractContextManager[None]:
    """Notes in the ledger that a job is started, and how it ends."""
    from xlt_cli.launch.ledger import Writer
    from xlt_cli.launch.local import noted

    return noted(Writer(root), planned, entry.run)


def _list(manifest: Manifest, root: Path, output: Format) -> None:
    """The jobs with their state: one line each."""
    from xlt_cli.launch.ledger import Ledgers
    from xlt_cli.launch.states import standing
    from xlt_cli.reports.sweep import jobs_report
    from xlt_cli.runs.directory import Run

    ledgers, jobs = Ledgers(root), []
    for number, entry in enumerate(manifest.jobs, start=1):
        spec = manifest.planned(entry).spec
        stands = standing(Run(root / entry.run), spec, ledgers[str(spec.name)])
        jobs.append(
            {
                "number": number,
                "id": entry.id,
                "state": stands.state,
                "label": entry.label,
                "seed": entry.seed,
                "path": str(root / entry.run),
                "attempts": stands.attempts,
                "error": stands.error,
            }
        )
    print_report(jobs_report(jobs), output)
