"""Runs in one file: written from runs, opened as a runs directory, and evaluated without data."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlt_cli.interface.comparable import Given, directories, matching_runs
from xlt_cli.interface.requests import Options, extras_of, requested
from xlt_cli.interface.runs import root_of
from xlt_cli.runs import run_archive
from xlt_cli.runs.directory import Run


def write_archive(
    runs: Given | Sequence[Given] | Mapping[str, Given | Sequence[Given]],
    path: str | Path,
    *,
    runs_dir: str | Path | None = None,
    answers_only: bool = False,
) -> list[str]:
    """Writes runs to one file, without weights: comparisons and tables are the same from it.

    Args:
        runs: names or paths, perhaps with `*`, or `Run`s; by name of the system, or without names.
        path: the file, whose name ends in .tar.xz; an archive that is there is replaced.
        runs_dir: where runs are looked for by name; default: `$XLT_RUNS_DIR`, or `runs`.
        answers_only: leaves out probabilities, nearly all bytes of predictions; metrics that need
            them cannot be computed again.

    Returns:
        The names of the runs.

    Raises:
        RunError: there is no such run, a process is working on one, or two have the same name.
        DataError: the file's name has another ending, or the archive would be too large.
    """
    run_archive.check_place(Path(path))
    root = root_of(runs_dir)
    systems: dict[str, list[str]] = {}
    if isinstance(runs, Mapping):
        by_name = directories(runs, root)
        systems = {name: [run.name for run in own.values()] for name, own in by_name.items()}
        found = [run for own in by_name.values() for run in own.values()]
    else:
        given = [runs] if isinstance(runs, str | Path) or not isinstance(runs, Sequence) else runs
        several = [run for one in given for run in matching_runs(one, root)]
        found = list({run.path.resolve(): run for run in several}.values())
    run_archive.write(Path(path), found, systems, probabilities=not answers_only)
    return [run.name for run in found]


def evaluate_archived(run: Run, options: Options, prefix: str = "") -> list[dict[str, Any]]:
    """The results of a run of an opened archive, computed from its predictions.

    Args:
        prefix: what stands before the name of an option in errors.

    Raises:
        UserError: the archive has nothing of what is asked for, or an option is wrong.
    """
    from xlt_cli.evaluation import archived
    from xlt_cli.spec.building import build_task
    from xlt_cli.spec.suitability import fill_collapse

    spec = run.spec
    evaluations = requested(spec.evaluations, spec.stages, options, prefix)
    trained = build_task(spec.stages[-1].task)
    for evaluation in evaluations:
        fill_collapse(evaluation, trained.labels, trained)
    return archived.evaluate_archived(run, evaluations, extras_of(options, prefix))


@contextlib.contextmanager
def open_archive(path: str | Path) -> Iterator[Path]:
    """Opens an archive of runs as a runs directory, which is there until the block ends.

        with xlt_cli.open_archive("runs.tar.xz") as runs_dir:
            xlt_cli.compare({"ERM": "erm-*", "SMART": "smart-*"}, runs_dir=runs_dir)

    Args:
        path: the file, or the folder that it was unpacked to.

    Returns:
        A context manager of the runs directory, which is temporary if the archive is a file.

    Raises:
        DataError: there is no archive, it is damaged or of something else, or a later version of
            xlt wrote it.
    """
    with run_archive.opened(Path(path)) as opened:
        yield opened.root
