"""How much of the machine's memory a process may still take."""

from __future__ import annotations

import contextlib
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),  # version 2
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


def available() -> int:
    """Bytes that are free, in this container if it has a limit.

    Pages that hold files count as free: the system gives them up when they are needed.
    """
    import psutil

    free = psutil.virtual_memory().available
    for limit, used, statistics, cached in _LIMITS:
        with contextlib.suppress(OSError, ValueError, KeyError):
            total = int((_CGROUP / limit).read_text())  # "max" where there is no limit
            lines = (_CGROUP / statistics).read_text().splitlines()
            files = int(dict(line.split() for line in lines)[cached])
            free = min(free, total - int((_CGROUP / used).read_text()) + files)
            break
    return max(0, int(free))
