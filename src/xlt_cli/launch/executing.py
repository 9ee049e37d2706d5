"""One job of a manifest, executed in this process."""

from __future__ import annotations

import os
from pathlib import Path

from xlt_cli.compute.offline import go_offline
from xlt_cli.compute.processes import is_first_process
from xlt_cli.console.progress import Reporter
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import RunError
from xlt_cli.launch import answers, memory
from xlt_cli.launch.answers import Answer
from xlt_cli.launch.finished import FinishedRuns
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.launch.local import perform, prepare, read_again
from xlt_cli.launch.manifest import Entry, Manifest, check_run
from xlt_cli.spec.checks import check_inputs
from xlt_cli.spec.resolution import reopen
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import Document


def planned_here(file: Path, manifest: Manifest, entry: Entry, root: Path) -> PlannedRun:
    """The run of a job, checked against this machine. Changes to the manifest's working directory.

    Args:
        file: the manifest's, for messages.
        root: the runs directory.

    Raises:
        UserError: it cannot be executed here, or would be a different run.
    """
    for name, value in manifest.environment.items():
        os.environ.setdefault(name, value)
    go_offline(manifest.offline)
    _enter(manifest.directory)
    planned = manifest.planned(entry)
    check_run(manifest, entry, planned, root)
    place = Document(Path(f"{file}: job {entry.id}"), {**manifest.shared, **entry.spec}, {})
    check_inputs(reopen(planned.spec), Source(place, planned.text))
    return planned


def execute(
    planned: PlannedRun,
    root: Path,
    plain: bool,
    quiet: bool,
    given: Answer,
    rows: RowStore | None = None,
) -> Outcome:
    """Executes a run, and stores its results in the answer.

    Args:
        rows: where its rows are loaded to; a new store by default.
    """
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
        given.results = perform(planned, run, runtime, reporter, rows=rows)
        # Reading a finished run needs less memory than its training.
        given.measured = not done_before
        if given.measured and runtime.world == 1:
            kind, shape = memory.kind_of(runtime.device), memory.shape(planned.spec)
            memory.write(run.path, kind, shape, answers.held())
        looked.append(given.results)  # after the last file of the run is written
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
