"""Where runs live, and finding them by name."""

from __future__ import annotations

import glob
import os
from fnmatch import fnmatch
from pathlib import Path

from xlt_cli.errors import RunError, UserError, did_you_mean
from xlt_cli.runs.directory import Run


def default_root() -> Path:
    """Where runs live: `$XLT_RUNS_DIR`, or `runs` in the working directory."""
    return Path(os.environ.get("XLT_RUNS_DIR") or "runs")


def all_runs(root: Path) -> list[Run]:
    """The runs under a root, oldest first."""
    if not root.is_dir():
        return []
    runs = [Run(path.parent) for path in root.glob("*/run.json")]
    return sorted(runs, key=_created)


def _created(run: Run) -> str:
    try:
        return str(run.record.get("created", ""))
    except (UserError, ValueError):
        return ""


def find(root: Path, wanted: str) -> Run:
    """A run by its path, its name, or the unambiguous beginning of its name.

    Raises:
        RunError: there is no such run, or several.
    """
    path = Path(wanted)
    if (path / "run.json").is_file():
        return Run(path)
    runs = {run.name: run for run in all_runs(root)}
    if wanted in runs:
        return runs[wanted]
    matches = [name for name in runs if name.startswith(wanted)]
    if len(matches) == 1:
        return runs[matches[0]]
    if matches:
        raise RunError(f"'{wanted}' matches several runs", str(root), ", ".join(sorted(matches)))
    hint = did_you_mean(wanted, runs) or "`xlt runs` lists the runs; `xlt train SPEC` starts one"
    raise RunError(f"there is no run '{wanted}'", str(root), hint)


def is_pattern(text: str) -> bool:
    """Whether it may stand for several runs; the path of a run never does, whatever is in it."""
    return glob.has_magic(text) and not (Path(text) / "run.json").is_file()


def matching(root: Path, pattern: str) -> list[Run]:
    """The runs whose names, or whose paths, match a pattern with `*`, `?` and `[...]`.

    A name or path without any of them is that of one run, as in `find`.

    Raises:
        RunError: no run matches.
    """
    if not is_pattern(pattern):
        return [find(root, pattern)]
    named = [run for run in all_runs(root) if fnmatch(run.name, pattern)]
    found = named or [
        Run(path) for path in map(Path, sorted(glob.glob(pattern))) if (path / "run.json").is_file()
    ]
    if not found:
        names = [run.name for run in all_runs(root)]
        hint = did_you_mean(pattern.replace("*", ""), names) or "`xlt runs` lists the runs"
        raise RunError(f"no run matches '{pattern}'", str(root), hint)
    return found
