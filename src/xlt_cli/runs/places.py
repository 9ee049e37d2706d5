"""What a path that is written to really is: a file, the target of a link, a device, a pipe.

A file is replaced whole. That must not happen to a link, a device or a pipe: `--csv /dev/stdout`
has to reach the standard output, and `--csv latest.csv` the file that the link names.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from pathlib import Path

MOST_LINKS = 40
"""The number of links in a row at which Linux gives up, too."""


def target(path: Path) -> Path:
    """The path that a link, or a chain of links, ends with; the path itself if it is no link.

    Raises:
        OSError: the links go round in a circle.
    """
    for _ in range(MOST_LINKS):
        if not path.is_symlink():
            return path
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def is_stream(path: Path) -> bool:
    """Whether a path is a device, a pipe, a socket or an open file of this process."""
    if _descriptor(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def write_to_stream(path: Path, content: bytes) -> None:
    """Writes to what `is_stream` says is none of the files that are replaced."""
    descriptor = _descriptor(path)
    if descriptor is None:
        # Without O_CREAT: a device that is gone must not become a file.
        with open(os.open(path, os.O_WRONLY), "wb") as file:
            file.write(content)
        return
    # A copy of the open file goes on at its position, so that what was printed before stays.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with open(os.dup(descriptor), "wb") as file:
        file.write(content)


def _descriptor(path: Path) -> int | None:
    """The number of the open file that a path names: 1 for /dev/stdout, N for /dev/fd/N."""
    own = re.compile(rf"/proc/{os.getpid()}(/task/\d+)?/fd|/dev/fd")
    for _ in range(MOST_LINKS):
        if path.name.isdecimal() and own.fullmatch(os.path.realpath(path.parent)):
            return int(path.name)
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None
