"""Whether files are as they were: by device, inode, size and times, and by content where these may
not tell.

A system counts times in steps, within which a file may change without a sign of it. The state of a
file that was written a moment ago is therefore stated with a hash of its content. So is that of a
small file: its state changes where another name of it is removed, too.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

STEP = 50 * 10**6
"""Nanoseconds, more than the steps in which a system counts times."""

COARSE_STEP = 2 * 10**9
"""The same for the coarsest file systems."""

SMALL = 10**6
"""Bytes that are hashed in no time."""

LARGE = 50 * 10**6
"""Bytes that take about as long to hash as a file takes to be older than a step."""

known: dict[str, str] = {}
"""By state: the SHA-256 of large files that this process has hashed when they were settled."""

States = Mapping[str, tuple[str, str, bool]]
"""By path: the state of a file, the SHA-256 of its content where it was young or small, else empty,
and whether it was young."""


def state_of(path: Path | str) -> str:
    """What names the state of a file.

    Raises:
        OSError: it cannot be looked at.
    """
    return _state(os.stat(path))


def age_of(path: Path | str) -> int:
    """Nanoseconds since a file, or what is recorded of it, was changed."""
    return _age(os.stat(path))


def settle(path: Path | str) -> None:
    """Waits until the state of a large file would tell that it has changed."""
    about = os.stat(path)
    age = _age(about)
    if 0 <= age <= STEP and about.st_size >= LARGE:
        time.sleep((STEP - age) / 1e9 + 1e-3)


def hash_and_know(path: Path) -> str:
    """The SHA-256 of a file; that of a large one is known from now on."""
    settle(path)
    about = os.stat(path)
    told = _age(about) > STEP
    sha256 = _hash(path)
    if told and about.st_size >= LARGE:
        known[_state(about)] = sha256
    return sha256


def link(source: Path | str, target: Path | str) -> None:
    """Gives a file a second name, which changes its state and nothing in it.

    Raises:
        OSError: the file system has no hard links, or not here.
    """
    before = os.stat(source)
    os.link(source, target)
    after, sha256 = os.stat(target), known.get(_state(before))
    if sha256 and (before.st_ino, before.st_size, before.st_mtime_ns) == (
        after.st_ino, after.st_size, after.st_mtime_ns
    ):  # fmt: skip
        known[_state(after)] = sha256


@dataclass(frozen=True)
class Compared:
    """What a look at files has shown.

    Attributes:
        same: whether they are as they were stated.
        settled: whether their states alone would have said so from now on.
    """

    same: bool
    settled: bool = False


def stated(paths: Iterable[Path]) -> States:
    """The states of files.

    Raises:
        OSError: one of them cannot be read.
    """
    return {str(path): _stated(path) for path in paths}


def compared(paths: Iterable[Path], before: States) -> Compared:
    """Compares the states of files with those that were stated before."""
    now = {str(path) for path in paths}
    if now != set(before):
        return Compared(same=False)
    settled = True
    try:
        for path, (state, sha256, young) in before.items():
            found = state_of(path)
            if found == state and not young:
                continue
            # Of a state, only the last time, at its end, changes with a file's other names.
            but_for_names = found.rpartition(":")[0] == state.rpartition(":")[0]
            if not (but_for_names and sha256 and _hash(path) == sha256):
                return Compared(same=False)
            settled = False
    except OSError:
        return Compared(same=False)
    return Compared(same=True, settled=settled)


def below(folder: Path | str, leave_out: frozenset[str] = frozenset()) -> Iterator[Path]:
    """All files below a folder, but those of some names."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in leave_out:
                continue
            if entry.is_dir():
                yield from below(entry.path, leave_out)
            else:
                yield Path(entry.path)


def _stated(path: Path) -> tuple[str, str, bool]:
    about = path.stat()
    young = _age(about) <= COARSE_STEP
    return _state(about), _hash(path) if young or about.st_size <= SMALL else "", young


def _state(about: os.stat_result) -> str:
    parts = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
    return ":".join(map(str, parts))


def _age(about: os.stat_result) -> int:
    return time.time_ns() - max(about.st_mtime_ns, about.st_ctime_ns)


def _hash(path: Path | str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
