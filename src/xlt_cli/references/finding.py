"""The reference runs that names, paths and patterns stand for."""

from __future__ import annotations

import fnmatch
import glob
from collections.abc import Sequence
from pathlib import Path

from xlt_cli.errors import RunError
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs, find, is_pattern


def found(patterns: Sequence[str], root: Path, without: Sequence[Run]) -> tuple[list[Run], int]:
    """The runs that patterns stand for, each once; and how many of them are in `without`.

    A pattern is a name or a path, which may contain `*`, `?` and `[...]`.

    Raises:
        RunError: nothing matches a pattern.
    """
    runs: dict[Path, Run] = {}
    for pattern in patterns:
        matching = _matching(pattern, root) if is_pattern(pattern) else [find(root, pattern)]
        if not matching:
            raise RunError(f"no run matches '{pattern}'", str(root), "`xlt runs` lists the runs")
        runs |= {run.path.resolve(): run for run in matching}
    own = {run.path.resolve() for run in without}
    return [run for path, run in runs.items() if path not in own], len(own & set(runs))


def _matching(pattern: str, root: Path) -> list[Run]:
    paths = [Path(path) for path in sorted(glob.glob(pattern))]
    there = [Run(path) for path in paths if (path / "run.json").is_file()]
    return there + [run for run in all_runs(root) if fnmatch.fnmatch(run.name, pattern)]


def named(runs: Sequence[Run]) -> list[str]:
    """What tables call runs: their names, or their paths where two have one name."""
    names = [run.name for run in runs]
    return [
        str(run.path) if names.count(name) > 1 else name
        for run, name in zip(runs, names, strict=True)
    ]
