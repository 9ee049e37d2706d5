"""Files of the user's cache that are made again when they are missing: written whole, trimmed.

An entry is written beside its place and renamed, so that no reader sees a part of it. What is in
it is the business of those who read it; they take a torn entry for none.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from xlt_cli.errors import UserError
from xlt_cli.user_cache import CACHE_DIR, entries

CACHE_SIZE = "XLT_CACHE_SIZE"
DEFAULT_LIMIT = 2 * 10**9
ABANDONED = 3600.0
"""Seconds after which a half-written file has no writer any more."""

UNSEEN = 0.02
"""The share of its limit that a process may write into a folder without a look at the others'."""

_UNITS = {"": 10**6, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def size_limit() -> int:
    """Bytes that a folder of entries may take: $XLT_CACHE_SIZE (`500`, `500MB`, `1.5 GB`); 0 turns
    it off.

    Raises:
        UserError: it is no size.
    """
    text = os.environ.get(CACHE_SIZE, "").strip()
    if not text:
        return DEFAULT_LIMIT
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([kmgt]?)b?", text.lower())
    if match is None:
        raise UserError(
            f"'{text}' is no size",
            CACHE_SIZE,
            "a number of MB, or one with a unit: 500MB, 2GB; 0 turns the cache off",
        )
    return int(float(match[1]) * _UNITS[match[2]])


def stored(folder: Path, suffix: str) -> list[Path]:
    """The files of all entries; other files that stand beside them are not ours."""
    return [p for p in entries(folder) if re.fullmatch(f"[0-9a-f]{{64}}\\{suffix}", p.name)]


def abandoned(folder: Path, suffix: str, seconds: float = ABANDONED) -> list[Path]:
    """What writers left half written that were killed `seconds` ago or earlier."""
    before = time.time() - seconds
    return [p for p in folder.glob(f".*{suffix}.partial") if _modified(p) < before]


@dataclass
class EntryFiles:
    """The entries in a folder of at most `limit` bytes.

    Attributes:
        suffix: of the files, with its dot.
        consequence: what follows if nothing can be written, as a message says it.
        warn: is told where it does not work, once by a process.
    """

    folder: Path
    suffix: str
    consequence: str
    limit: int = DEFAULT_LIMIT
    warn: Callable[[str], None] = field(default=lambda message: None, repr=False)

    def path(self, key: str) -> Path:
        """The file of an entry."""
        return self.folder / f"{key}{self.suffix}"

    def read(self, key: str) -> bytes | None:
        """The content of an entry; None where there is none."""
        try:
            return self.path(key).read_bytes()
        except OSError:
            return None

    def used(self, key: str) -> None:
        """Notes that an entry was used: the least recently used one goes first."""
        with contextlib.suppress(OSError):  # a read-only cache serves, too
            os.utime(self.path(key))

    def write(self, key: str, content: bytes) -> bool:
        """Stores an entry, and removes the least recently used ones beyond the limit.

        A cache that cannot be written is no error: it is said once.

        Returns:
            Whether the entry is there.
        """
        if len(content) > self.limit:
            return False
        path = self.path(key)
        # No two writers share a name, not even on two machines with one home.
        partial = path.with_name(f".{key}.{uuid4().hex}{self.suffix}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Not flushed to the disk: what a power cut tears is found out by its hash.
            partial.write_bytes(content)
            partial.replace(path)
            self._trim(path, len(content))
        except OSError as error:
            warn_once(
                self.warn,
                f"{self.consequence}: cannot write to {self.folder} ({error.strerror or error}); "
                f"set {CACHE_DIR} to a folder of your own, or {CACHE_SIZE}=0",
            )
            return False
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
        return True

    def _trim(self, newest: Path, written: int) -> None:
        folder = (self.folder, self.suffix, self.limit)
        _room[folder] = _room.get(folder, 0.0) - written
        if _room[folder] > 0:
            return
        for path in abandoned(self.folder, self.suffix):
            path.unlink(missing_ok=True)
        known = []
        for path in stored(self.folder, self.suffix):
            with contextlib.suppress(FileNotFoundError):  # another process trims, too
                status = path.stat()
                known.append((path == newest, status.st_mtime_ns, path, status.st_size))
        total = sum(size for *_, size in known)
        for is_newest, _, path, size in sorted(known):
            if total <= self.limit or is_newest:
                break
            path.unlink(missing_ok=True)
            total -= size
        _room[folder] = min(self.limit - total, UNSEEN * self.limit)


_room: dict[tuple[Path, str, int], float] = {}
"""Of folders, the bytes that this process may write until it looks at all of their files again."""


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # gone meanwhile
        return time.time()


_said: set[str] = set()


def warn_once(warn: Callable[[str], None], message: str) -> None:
    """A run opens the cache several times; what is wrong with it is said once by a process."""
    if message not in _said:
        _said.add(message)
        warn(message)
