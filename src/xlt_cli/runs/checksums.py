"""Whether files still hold what was written: SHA-256, taken once for each state of a file.

A file's inode, size and times name its state. Digests are kept in the user's cache, not beside the
files: those may stand in a place that cannot be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from xlt_cli.errors import UserError
from xlt_cli.runs import atomic
from xlt_cli.runs.file_states import COARSE_STEP, STEP, age_of, known, settle, state_of
from xlt_cli.user_cache import user_cache

FOLDER = "checksums"
"""In the user's cache."""

_MOST = 20_000
"""Digests that are kept; the oldest go."""

_own: dict[str, str] = {}
"""What this process has taken."""


def damage(directory: Path) -> str:
    """What is wrong with a directory that has a manifest; empty if nothing is.

    A manifest of an earlier version has no checksums: sizes are all that is checked then.
    """
    if not directory.is_dir():
        return "it does not exist"
    files = atomic.manifest(directory)
    if not files:
        return "its list of files is missing or damaged"
    for name, (size, _) in files.items():
        try:
            there = (directory / name).stat().st_size
        except OSError:
            return f"{name} is missing"
        if there != size:
            return f"{name} has {there:,} bytes instead of {size:,}"
    expected = {directory / name: sha256 for name, (_, sha256) in files.items() if sha256}
    for path, sha256 in digests(expected).items():
        if sha256 != expected[path]:
            return f"the content of {path.relative_to(directory)} is not what was written"
    return ""


def lacks_files(directory: Path) -> bool:
    """Whether a directory, or a file that its manifest lists, does not exist."""
    if not directory.is_dir():
        return True
    return not all((directory / name).exists() for name in atomic.manifest(directory) or ())


def digests(paths: Iterable[Path]) -> dict[Path, str]:
    """The SHA-256 of files, in hexadecimal digits; from the cache where they have not changed."""
    states = {path: state_of(path) for path in paths}
    kept = {**known, **_own}
    if not all(state in kept for state in states.values()):
        kept = {**_read(), **kept}
    taken: dict[Path, str] = {}
    new: dict[str, str] = {}
    for path, state in states.items():
        if state in kept:
            taken[path] = _own[state] = kept[state]
            continue
        settle(path)
        age = age_of(path)
        with path.open("rb") as file:
            taken[path] = hashlib.file_digest(file, "sha256").hexdigest()
        if age > STEP:  # a younger file may change without a sign of it
            _own[state] = taken[path]
        if age > COARSE_STEP:
            new[state] = taken[path]
    if new:
        _write(new)
    return taken


def _file() -> Path:
    return user_cache() / FOLDER / "known.json"


def _read() -> dict[str, str]:
    try:
        kept = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError, UserError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _write(new: dict[str, str]) -> None:
    """Adds to the cache; of two processes that do so at once, one's additions may be lost."""
    kept = list({**_read(), **new}.items())[-_MOST:]
    with contextlib.suppress(OSError, UserError):
        atomic.write_bytes(_file(), atomic.json_bytes(dict(kept)))
