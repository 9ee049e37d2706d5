"""Removing runs: only what xlt wrote, only where nobody works, and never what others start from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.errors import RunError, UserError, did_you_mean
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs

OWN = (
    "run.json",
    "spec.yaml",
    "status.json",
    "environment.jsonl",
    "fingerprints.json",
    "metrics.jsonl",
    "timing.jsonl",
    "memory.json",
    "output.log",
    "error.txt",
    "lock",
    "holder.json",
    "trackers.json",
    "tensorboard",
    "stages",
    "evaluations",
    "analysis",
)
"""What a run's directory holds; anything else in it is a user's, and stays."""

_REMOVED = ".xlt-removed-"


def named(root: Path, wanted: Sequence[str]) -> list[Run]:
    """Runs by their whole names or their paths: the beginning of a name removes nothing.

    Raises:
        RunError: there is no such run, or it is a link.
    """
    runs = {run.name: run for run in all_runs(root)}
    chosen: list[Run] = []
    for given in wanted:
        run = runs.get(given)
        if run is None and (Path(given) / "run.json").is_file():
            run = Run(Path(given))
        if run is None:
            longer = [name for name in runs if name.startswith(given)]
            hint = f"give the whole name: {', '.join(longer)}" if longer else ""
            hint = hint or did_you_mean(given, runs)
            raise RunError(f"there is no run '{given}'", str(root), hint)
        if run.path.is_symlink():
            what = "is a link to a run in another place"
            raise RunError(f"'{run.name}' {what}", str(run.path), "remove the link itself")
        if run.path.resolve() not in [other.path.resolve() for other in chosen]:
            chosen.append(run)
    return chosen


@dataclass(frozen=True)
class Start:
    """What a run started from: the paths that its encoder names."""

    run: Run
    place: Path
    paths: tuple[Path, ...]


def starts(runs: Sequence[Run]) -> list[Start]:
    """What each of several runs started from, as far as its record can be read."""
    return [Start(run, run.path.resolve(), tuple(_encoder(run))) for run in runs]


def needed_by(run: Run, others: Sequence[Start]) -> list[str]:
    """The names of other runs whose encoder is a model in this run's directory."""
    place = run.path.resolve()
    return [
        other.run.name
        for other in others
        if other.place != place and any(path.is_relative_to(place) for path in other.paths)
    ]


def remove(run: Run) -> list[str]:
    """Removes a run; returns what stays of its directory, as it is not xlt's.

    The record is moved away first: from then on there is no run, whatever comes in between.

    Raises:
        RunError: a process works on it.
    """
    with run.locked():
        root = run.path.absolute().parent
        aside = root / f"{_REMOVED}{os.getpid()}" / run.path.absolute().name
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        entries = sorted(os.listdir(run.path), key=lambda name: name != "run.json")
        for name in entries:
            if name in OWN:
                (run.path / name).rename(aside / name)
    shutil.rmtree(aside.parent, ignore_errors=True)
    left = sorted(os.listdir(run.path))
    if not left:
        run.path.rmdir()
    return left


def remove_leftovers(root: Path) -> None:
    """Deletes what removals that were killed had moved away."""
    for path in root.glob(f"{_REMOVED}*"):
        if path.is_dir() and not path.is_symlink() and not _is_alive(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _is_alive(name: str) -> bool:
    number = name.removeprefix(_REMOVED)
    if not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _encoder(run: Run) -> Iterator[Path]:
    """The paths that a run's encoder names, as far as its record can be read."""
    try:
        record = atomic.read_json(run.path / "run.json")
        encoder = record.get("spec", {}).get("encoder", {})
    except (UserError, OSError, AttributeError):
        return
    for text in _texts(encoder):
        if "/" in text or os.sep in text:
            yield Path(text).expanduser().resolve()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
