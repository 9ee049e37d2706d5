"""The user's cache: one folder for files that can be downloaded or computed again.

This module imports nothing slow, because fast commands and plugins use it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from xlt_cli.errors import UserError

CACHE_DIR = "XLT_CACHE_DIR"
MARK = ".written"


def user_cache() -> Path:
    """$XLT_CACHE_DIR, $XDG_CACHE_HOME/xlt or ~/.cache/xlt; it may not exist.

    Raises:
        UserError: there is no home directory.
    """
    given, base = os.environ.get(CACHE_DIR), os.environ.get("XDG_CACHE_HOME")
    folder = Path(given) if given else Path(base or "~/.cache") / "xlt"
    try:
        return folder.expanduser()
    except RuntimeError as error:  # a container's user may have none
        raise UserError(
            f"there is no place for the cache: {error}",
            str(folder),
            f"set {CACHE_DIR} to a folder of your own",
        ) from error


def entries(folder: Path) -> list[Path]:
    """The files of a folder of the cache, without hidden ones, which are locks or incomplete."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if not p.name.startswith(".") and p.is_file())


def written(folder: Path) -> list[Path]:
    """The files of a folder that xlt wrote and that have not been changed; users may add their own.

    Each has a hidden file beside it, `.NAME.written`, with the hash of its content.
    """
    return [path for path in entries(folder) if _is_own(path)]


def mark_of(path: Path) -> Path:
    """The hidden file that says that xlt wrote `path`."""
    return path.with_name(f".{path.name}{MARK}")


def _is_own(path: Path) -> bool:
    try:
        return (
            not path.is_symlink()
            and mark_of(path).read_text("ascii").strip()
            == hashlib.sha256(path.read_bytes()).hexdigest()
        )
    except (OSError, ValueError):
        return False


def total_size(paths: Iterable[Path]) -> int:
    """The size of all files in bytes; files that another process has just removed count as 0."""
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total
