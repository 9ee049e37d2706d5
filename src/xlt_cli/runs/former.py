"""Runs and evaluations that an earlier version named otherwise, found by what they are of.

A run's record without a format is of version 1. Its spec is read as one of today, in which fields
that it does not have are at their defaults, and what it is called today is compared. A run of today
is called otherwise than its record says if a plugin's defaults have changed since.
"""

from __future__ import annotations

import contextlib
import functools
import glob
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xlt_cli.errors import UserError
from xlt_cli.runs import atomic
from xlt_cli.spec import Evaluation, ExperimentSpec
from xlt_cli.spec.identity import FORMAT, evaluation_stated, identity

_UNREADABLE = (UserError, ValidationError, KeyError, TypeError, ValueError, AttributeError)
"""What reading a record may raise: it is damaged, or its plugins are gone. Then it is no match."""


def run_of(root: Path, name: str, seed: int, wanted: str, precision: str) -> Path | None:
    """The directory of a run with this identity, whatever hash its name ends with, if there is one.

    Of several, one that has finished, and of those the oldest.

    Args:
        precision: that of a run whose record does not say: no session of it has begun.
    """
    matches = []
    for file in root.glob(f"{glob.escape(f'{name}-s{seed}-')}*/run.json"):
        named = _identity(file.parent.absolute(), file.stat().st_mtime_ns, precision)
        if named == (name, seed, wanted):
            matches.append((not _finished(file.parent), _created(file), file.parent))
    return min(matches)[-1] if matches else None


def name_of(run: Path) -> tuple[str, int, str] | None:
    """Name, seed and today's identity of a run whose record says its precision; None of others."""
    try:
        return _identity(run.absolute(), (run / "run.json").stat().st_mtime_ns, "")
    except OSError:
        return None


def evaluation_of(root: Path, name: str, wanted: Mapping[str, Any]) -> Path | None:
    """The directory under `root` of an evaluation of the same; None if there is none.

    Args:
        name: what its name begins with.
        wanted: what `evaluation_stated` says of it.
    """

    def essence(about: Any) -> Mapping[str, Any]:
        return evaluation_stated(Evaluation.model_validate(about))

    return _first(root.glob(f"{glob.escape(name)}-*/evaluation.json"), wanted, essence)


def evaluation_stated_by(recorded: Any) -> Mapping[str, Any] | None:
    """What the record of an evaluation states today; None if it cannot be read."""
    with contextlib.suppress(*_UNREADABLE):
        return evaluation_stated(Evaluation.model_validate(recorded))
    return None


def records_of(root: Path, kind: str, wanted: Any, essence: Callable[[Any], Any]) -> Path | None:
    """The directory under `root` of records with the same essence, if there is one."""
    files = root.glob(f"{glob.escape(kind)}-{'[0-9a-f]' * 8}/about.json")
    return _first(files, wanted, essence)


def _first(files: Iterable[Path], wanted: Any, essence: Callable[[Any], Any]) -> Path | None:
    for file in sorted(files):
        with contextlib.suppress(*_UNREADABLE):
            if essence(atomic.read_json(file)) == wanted:
                return file.parent
    return None


def recorded_precision(run: Path, spec: Mapping[str, Any]) -> str | None:
    """What a run of version 1 is trained in; None where `auto` was never put to use."""
    if spec.get("precision", "auto") != "auto":
        return str(spec["precision"])
    sessions = atomic.read_lines(run / "environment.jsonl")
    if not sessions:
        return None
    first = sessions[0]  # the run's first session trained
    on_gpu = str(first.get("hardware", {}).get("device", "")).startswith("cuda")
    return str(first.get("precision") or ("bf16" if on_gpu else "fp32"))


def _finished(run: Path) -> bool:
    status = atomic.read_json(run / "status.json")
    return isinstance(status, dict) and status.get("state") == "success"


def _created(record: Path) -> str:
    return str(atomic.read_json(record).get("created", ""))


@functools.lru_cache(maxsize=100_000)
def _identity(run: Path, stamp: int, precision: str) -> tuple[str, int, str] | None:
    """Name, seed and today's identity of a run; kept as long as its record does not change."""
    try:
        record = atomic.read_json(run / "run.json")
        name, seed = record["name"], record["seed"]
        spec = ExperimentSpec.model_validate(record["spec"])
        if record.get("format", 1) == FORMAT:
            return name, seed, identity(spec, seed, record["precision"])
        how = recorded_precision(run, record["spec"]) or precision
        return name, seed, identity(spec, seed, how)
    except _UNREADABLE:
        return None
