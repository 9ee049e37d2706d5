"""SHA-256 of files, taken once for each state of a file: a run asks for it several times."""

from __future__ import annotations

import functools
import hashlib
import os
import time
from pathlib import Path

_SETTLED = 2 * 10**9
"""Nanoseconds: a file that was changed more recently may change again without a sign of it."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    about = os.stat(path)
    # All that names the state of a file.
    state = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
    age = time.time_ns() - max(about.st_mtime_ns, about.st_ctime_ns)
    return _taken_once(path, state) if age > _SETTLED else _taken(path)


@functools.lru_cache(maxsize=64)
def _taken_once(path: Path, state: tuple[int, ...]) -> str:
    return _taken(path)


def _taken(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
