"""Losses and dev scores: a file for each stage, so that a stage is trained again by itself.

Version 1 had one file for all stages, `metrics.jsonl` in the run's directory. It is never written;
a stage that is continued takes its own lines from there.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from xlt_cli.errors import DamagedFile
from xlt_cli.runs import atomic

FILE = "metrics.jsonl"


def read(run: Path) -> list[dict[str, Any]]:
    """The records of all stages, in order.

    Raises:
        DamagedFile: those of a finished stage are not what it wrote.
    """
    shared = atomic.read_lines(run / FILE)
    own = {int(path.parent.name): path for path in run.glob(f"stages/*/{FILE}")}
    stages = sorted({*own, *(record["stage"] for record in shared)})
    records: list[dict[str, Any]] = []
    for stage in stages:
        if stage in own:
            _check(own[stage])
            records += atomic.read_lines(own[stage])
        else:
            records += [record for record in shared if record["stage"] == stage]
    return records


def digest(stage: Path) -> str:
    """The SHA-256 of a stage's records, which its result keeps."""
    return hashlib.sha256((stage / FILE).read_bytes()).hexdigest()


def _check(path: Path) -> None:
    result = atomic.read_json(path.parent / "result.json") or {}
    if "metrics" in result and result["metrics"] != digest(path.parent):
        raise DamagedFile(
            "the record of losses and dev scores is not what was written",
            str(path),
            "restore it from a copy, or move the run's directory away and run again",
        )


def from_shared(stage: Path, size: int | None = None) -> bytes:
    """A stage's lines of the file that version 1 had, of its first `size` bytes."""
    try:
        content = (stage.parent.parent / FILE).read_bytes()[:size]
    except FileNotFoundError:
        return b""
    lines = content.splitlines(keepends=True)
    return b"".join(line for line in lines if _is_of(line, int(stage.name)))


def prepare(stage: Path, size: int) -> None:
    """Makes a stage's file ready to be gone on with after `size` bytes."""
    path = stage / FILE
    if size and not path.exists():
        atomic.write_bytes(path, from_shared(stage))
    atomic.truncate(path, size)


def _is_of(line: bytes, stage: int) -> bool:
    try:
        return line.endswith(b"\n") and bool(json.loads(line)["stage"] == stage)
    except (ValueError, KeyError, TypeError):
        return False
