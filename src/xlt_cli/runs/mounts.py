"""Whether the locks of a file system are seen by all machines that use it."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")

OF_ONE_MACHINE = {
    *("aufs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs"),
    *("overlay", "ramfs", "rootfs", "tmpfs", "xfs", "zfs"),
}
"""File systems that one machine uses at a time: whoever sees a file sees its locks."""

WITH_LOCKS = {"ceph", "gfs2", "gpfs", "ocfs2"}
"""File systems of several machines, all of which see a lock."""


def locks_reach(path: Path, mounts: str | None = None) -> bool:
    """Whether a lock (flock) on a file is seen by each machine that sees the file.

    NFS passes locks on to its server unless it is mounted with `nolock` or `local_lock`; Lustre
    does with `flock`. What is not known does not count. Systems other than Linux are not asked:
    their locks count.

    Args:
        mounts: the content of /proc/self/mountinfo; None to read it.
    """
    if mounts is None:
        try:
            mounts = MOUNTS.read_text("utf-8", "replace")
        except OSError:
            return True
    kind, options = _mount_of(path.absolute().resolve(), mounts)
    if kind in ("nfs", "nfs4"):
        return "nolock" not in options and not any(
            option.startswith("local_lock=") and option != "local_lock=none" for option in options
        )
    if kind == "lustre":
        return "flock" in options
    return kind in OF_ONE_MACHINE | WITH_LOCKS


def _mount_of(path: Path, mounts: str) -> tuple[str, set[str]]:
    """The kind and the options of the file system that a path is on."""
    kind, options, longest = "", set[str](), -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if len(fields) < 6 or len(rest) < 3:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[4]))
        # Of two mounts at one place, the later one hides the other.
        if len(point.parts) >= longest and path.is_relative_to(point):
            kind, longest = rest[0], len(point.parts)
            options = {*fields[5].split(","), *rest[2].split(",")}
    return kind, options
