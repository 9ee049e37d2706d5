"""`xlt run MANIFEST JOB`: one job of a manifest, for any scheduler."""

from __future__ import annotations

import contextlib
import os
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
    go_offline,
)
from xlt_cli.commands.printing import print_outcomes, print_report
from xlt_cli.compute.processes import is_first_process
from xlt_cli.errors import RunError

if TYPE_CHECKING:
    from xlt_cli.launch.answers import Answer
    from xlt_cli.launch.jobs import Outcome, PlannedRun
    from xlt_cli.launch.manifest import Manifest


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
    from xlt_cli.launch import answers

    with answers.interrupted_once(), answers.answering(answer and answer.absolute()) as given:
        if attached:
            answers.end_with_standard_input()
        manifest = manifests.read(manifest_file)
        if answer is not None:
            sys.argv = manifest.command  # what the user typed, for the record
        root = (runs_dir or manifest.runs).absolute()
        planned = _planned(manifest_file, manifest, job, root)
        silent = quiet or output is not Format.terminal
        # Whoever reads the answer notes down what became of the job.
        with contextlib.nullcontext() if answer else _noted(manifest, job, planned, root):
            outcome = _perform(planned, root, manifest.plain, silent, given)
    if answer is None:
        print_outcomes([outcome], output)


def _planned(file: Path, manifest: Manifest, wanted: str, root: Path) -> PlannedRun:
    """The run of a job, checked against this machine. Changes to the manifest's working directory.

    Raises:
        UserError: it cannot be executed here, or would be a different run.
    """
    from xlt_cli.launch.manifest import check_run

    _, entry = manifest.entry(wanted)
    for name, value in manifest.environment.items():
        os.environ.setdefault(name, value)
    go_offline(manifest.offline)
    _enter(manifest.directory)

    from xlt_cli.spec.checks import check_inputs
    from xlt_cli.spec.resolution import reopen
    from xlt_cli.spec.source import Source
    from xlt_cli.spec.yaml_lines import Document

    planned = manifest.planned(entry)
    check_run(manifest, entry, planned, root)
    place = Document(Path(f"{file}: job {entry.id}"), {**manifest.shared, **entry.spec}, {})
    check_inputs(reopen(planned.spec), Source(place, planned.text))
    return planned


def _noted(
    manifest: Manifest, job: str, planned: PlannedRun, root: Path
) -> contextlib.AbstractContextManager[None]:
    """Notes in the ledger that a job is started, and how it ends."""
    from xlt_cli.launch.ledger import Writer
    from xlt_cli.launch.local import noted

    _, entry = manifest.entry(job)
    return noted(Writer(root), planned, entry.run)


def _perform(planned: PlannedRun, root: Path, plain: bool, quiet: bool, given: Answer) -> Outcome:
    """Executes a run, and stores its results in the answer."""
    from xlt_cli.console.progress import Reporter
    from xlt_cli.launch import answers, memory
    from xlt_cli.launch.finished import FinishedRuns
    from xlt_cli.launch.jobs import Outcome
    from xlt_cli.launch.local import perform, prepare, read_again

    reporter, finished = Reporter(quiet=quiet or not is_first_process()), FinishedRuns(root)
    known = read_again(finished, planned, reporter)
    if known is not None:
        run, given.results = known
        given.measured = False
        return Outcome(planned, run, given.results)
    run, runtime = prepare(planned, root, plain)
    reporter.say(f"{planned.title} -> {run.path}")
    done_before = run.state == "done"
    with finished.looking_at(planned, run) as looked:
        given.results = perform(planned, run, runtime, reporter)
        looked.append(given.results)
    # Reading a finished run needs less memory than its training.
    given.measured = not done_before
    if given.measured and runtime.world == 1:
        kind, shape = memory.kind_of(runtime.device), memory.shape(planned.spec)
        memory.write(run.path, kind, shape, answers.held())
    return Outcome(planned, run, given.results)


def _enter(directory: Path) -> None:
    """Changes to the directory where the manifest was written, for relative paths in the spec."""
    try:
        os.chdir(directory)
    except OSError as error:
        raise RunError(
            f"the working directory of the manifest cannot be entered: {error.strerror}",
            str(directory),
            "relative paths in the spec are relative to it; write the manifest again from the "
            "directory where they are valid",
        ) from None


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
