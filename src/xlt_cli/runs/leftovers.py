"""What commands that were refused or killed leave in a run's directory, and its removal."""

from __future__ import annotations

import contextlib
import shutil
import traceback
from collections.abc import Iterator

from xlt_cli.errors import PluginFailure, UserError
from xlt_cli.runs import atomic
from xlt_cli.runs import stage as stages
from xlt_cli.runs.directory import Run

_RESULTS = (
    "metrics.jsonl",
    "stages/*/metrics.jsonl",
    "stages/*/result.json",
    "stages/*/checkpoints/step-*",
    "evaluations/*/cells.jsonl",
    "analysis/*/rows.jsonl",
)
_RECORDS = (
    "spec.yaml",
    "status.json",
    "environment.jsonl",
    "fingerprints.json",
    "error.txt",
    "run.json",
)


@contextlib.contextmanager
def none_of_refused(run: Run) -> Iterator[None]:
    """Takes a run back that was refused before anything was computed for it.

    One that failed by no fault of the user's, once at work, stays, and so does one in which a
    plugin failed: its error.txt says how.
    """
    try:
        yield
    except PluginFailure as error:
        with contextlib.suppress(OSError):
            if run.status["state"] != "success":  # what is finished stays so
                run.set_state("error", error.what)
            _keep_traceback(run, error)
        raise
    except BaseException as error:
        if isinstance(error, UserError) or not (run.path / "environment.jsonl").exists():
            discard_if_empty(run)
        raise


@contextlib.contextmanager
def traceback_of_plugins(run: Run) -> Iterator[None]:
    """Keeps the traceback where a plugin fails while a finished run is looked at."""
    try:
        yield
    except PluginFailure as error:
        with contextlib.suppress(OSError):
            _keep_traceback(run, error)
        raise


def _keep_traceback(run: Run, error: PluginFailure) -> None:
    atomic.write_text(run.path / "error.txt", "".join(traceback.format_exception(error)))


def discard_if_empty(run: Run) -> None:
    """Removes a run's records, and its directory, where nothing was computed for it.

    What others have put there (a log of its process) stays.
    """
    if any(True for pattern in _RESULTS for _ in run.path.glob(pattern)):
        return
    # Where the run is another process's, or cannot be written, it stays.
    with contextlib.suppress(UserError, OSError), run.locked():
        for name in _RECORDS:
            (run.path / name).unlink(missing_ok=True)
        for name in ("stages", "evaluations"):
            shutil.rmtree(run.path / name, ignore_errors=True)
        (run.path / "lock").unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it holds a log, or is in use
        run.path.rmdir()


def tidy(run: Run) -> None:
    """Removes what was left when a command was killed as it was about to remove it.

    A stage's checkpoints once it has finished, half-written files, the error of a run that has
    succeeded since. Where the run is in use, or cannot be written, all stays for the next time.
    """
    finished = [
        path.parent
        for path in run.path.glob("stages/*/checkpoints")
        if stages.result_of(path.parent) and not stages.fault(path.parent)
    ]
    error = run.path / "error.txt"
    overcome = error.exists() and run.status.get("state") == "success"
    if finished or overcome or atomic.partials(run.path):
        with contextlib.suppress(UserError, OSError), run.locked():  # half-written files go there
            for stage in finished:
                atomic.remove(stage / "checkpoints")
            if overcome:
                error.unlink(missing_ok=True)
