"""Token ids of whole row sets, kept on disk so that texts are tokenized once for all runs.

An entry is the answer of one tokenizer to one list of texts, named by a hash of both (see
`cached_tokenizer`). Labels, templates and lengths come after it: one entry serves them all.

A file is a line of JSON and then little-endian 32-bit integers: the number of ids of each text,
and the ids of all texts. It is written beside its place and renamed. A hash in the first line
tells a torn file, which is taken for none and written again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from xlt_cli.errors import UserError
from xlt_cli.user_cache import CACHE_DIR, entries, user_cache

FORMAT = 1
FOLDER = "features"
CACHE_SIZE = "XLT_CACHE_SIZE"
DEFAULT_LIMIT = 2 * 10**9
SUFFIX = ".ids"
ABANDONED = 3600.0
"""Seconds after which a half-written file has no writer any more."""

_UNITS = {"": 10**6, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def size_limit() -> int:
    """Bytes that the cache may take: $XLT_CACHE_SIZE (`500`, `500MB`, `1.5 GB`); 0 turns it off.

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


def stored() -> list[Path]:
    """The files of all entries; other files that stand beside them are not ours."""
    return _own(user_cache() / FOLDER)


def abandoned(folder: Path, seconds: float = ABANDONED) -> list[Path]:
    """What writers left half written that were killed `seconds` ago or earlier."""
    before = time.time() - seconds
    return [p for p in folder.glob(f".*{SUFFIX}.partial") if _modified(p) < before]


@dataclass
class FeatureCache:
    """The entries in a folder of at most `limit` bytes; `warn` is told where it does not work."""

    folder: Path
    limit: int = DEFAULT_LIMIT
    warn: Callable[[str], None] = field(default=lambda message: None, repr=False)

    @classmethod
    def of_user(cls, warn: Callable[[str], None]) -> FeatureCache | None:
        """The cache in the user's folder; None where it is turned off or has no place.

        Raises:
            UserError: $XLT_CACHE_SIZE is no size.
        """
        limit = size_limit()
        if limit == 0:
            return None
        try:
            return cls(user_cache() / FOLDER, limit, warn)
        except UserError as error:
            _warn_once(warn, error.what)
            return None

    def read(self, key: str, count: int) -> list[list[int]] | None:
        """The ids of each of `count` texts; None where there is no whole entry of that name."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        ids = _parse(content, key, count)
        if ids is not None:
            # The time of the last use decides what goes first; a read-only cache serves, too.
            with contextlib.suppress(OSError):
                os.utime(path)
        return ids

    def write(self, key: str, ids: Sequence[Sequence[int]]) -> None:
        """Stores an entry, and removes the least recently used ones beyond the limit.

        A cache that cannot be written is no error: it is said once.
        """
        content = _content(key, ids)
        if len(content) > self.limit:
            return
        path = self._path(key)
        # No two writers share a name, not even on two machines with one home.
        partial = path.with_name(f".{key}.{uuid4().hex}{SUFFIX}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Not flushed to the disk: what a power cut tears is found out by its hash.
            partial.write_bytes(content)
            partial.replace(path)
            self._trim(path)
        except OSError as error:
            _warn_once(
                self.warn,
                f"texts are tokenized anew in each run: cannot write to {self.folder} "
                f"({error.strerror or error}); set {CACHE_DIR} to a folder of your own, "
                f"or {CACHE_SIZE}=0",
            )
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)

    def _trim(self, newest: Path) -> None:
        for path in abandoned(self.folder):
            path.unlink(missing_ok=True)
        entries = []
        for path in _own(self.folder):
            with contextlib.suppress(FileNotFoundError):  # another process trims, too
                status = path.stat()
                entries.append((path == newest, status.st_mtime_ns, path, status.st_size))
        total = sum(size for *_, size in entries)
        for is_newest, _, path, size in sorted(entries):
            if total <= self.limit or is_newest:
                break
            path.unlink(missing_ok=True)
            total -= size

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{SUFFIX}"


def _content(key: str, ids: Sequence[Sequence[int]]) -> bytes:
    import numpy as np

    lengths = np.array([len(piece) for piece in ids], dtype="<i4")
    flat = np.array([i for piece in ids for i in piece], dtype="<i4")
    body = lengths.tobytes() + flat.tobytes()
    digest = hashlib.sha256(body).hexdigest()
    header = {"xlt": "features", "format": FORMAT, "key": key, "texts": len(ids), "sha256": digest}
    return json.dumps(header).encode() + b"\n" + body


def _parse(content: bytes, key: str, count: int) -> list[list[int]] | None:
    """The ids in a file's content; None where it is not a whole entry of that name."""
    import numpy as np

    first, _, body = content.partition(b"\n")
    try:
        header = json.loads(first)
        whole = header["sha256"] == hashlib.sha256(body).hexdigest()
        if not whole or (header["format"], header["key"], header["texts"]) != (FORMAT, key, count):
            return None
    except (ValueError, LookupError, TypeError):
        return None
    lengths = np.frombuffer(body, dtype="<i4", count=count)
    flat = np.frombuffer(body, dtype="<i4", offset=4 * count).tolist()
    ends = lengths.cumsum(dtype="int64").tolist()
    return [flat[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True)]


def _own(folder: Path) -> list[Path]:
    return [p for p in entries(folder) if re.fullmatch(f"[0-9a-f]{{64}}\\{SUFFIX}", p.name)]


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # gone meanwhile
        return time.time()


_said: set[str] = set()


def _warn_once(warn: Callable[[str], None], message: str) -> None:
    """A run opens the cache several times; what is wrong with it is said once by a process."""
    if message not in _said:
        _said.add(message)
        warn(message)
