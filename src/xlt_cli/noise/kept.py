"""Noisy rows, kept on disk so that noise is drawn once for all models.

An entry is what became of the rows of one language under one condition (see `naming`). Its first
line is JSON with a hash of the rest, which is compressed JSON: for each row the fields that are not
what they were, and what was changed. A damaged entry is taken for none and written again; rows that
do not come back as they were from what would be stored are not stored.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from xlt_cli.api import Example
from xlt_cli.data import entry_files
from xlt_cli.data.entry_files import DEFAULT_LIMIT, EntryFiles, size_limit
from xlt_cli.errors import UserError
from xlt_cli.noise.changes import RowChange, TextChange
from xlt_cli.noise.drawing import Noisy
from xlt_cli.noise.naming import FORMAT
from xlt_cli.user_cache import user_cache

FOLDER = "noise"
SUFFIX = ".noise"
LEVEL = 1
"""Of compression: texts of rows that are used again soon."""


def stored() -> list[Path]:
    """The files of all entries."""
    return entry_files.stored(user_cache() / FOLDER, SUFFIX)


@dataclass
class NoiseCache:
    """The entries in a folder of at most `limit` bytes; `warn` is told where it does not work."""

    folder: Path
    limit: int = DEFAULT_LIMIT
    warn: Callable[[str], None] = field(default=lambda message: None, repr=False)

    @classmethod
    def of_user(cls, warn: Callable[[str], None] = lambda message: None) -> NoiseCache | None:
        """The cache in the user's folder; None where it is turned off or has no place.

        Raises:
            UserError: $XLT_CACHE_SIZE is no size.
        """
        limit = size_limit()
        if limit == 0:
            return None
        try:
            return cls(user_cache() / FOLDER, limit, warn)
        except UserError:  # said already where token ids are kept
            return None

    @property
    def _files(self) -> EntryFiles:
        consequence = "noise is drawn anew for each model"
        return EntryFiles(self.folder, SUFFIX, consequence, self.limit, self.warn)

    def has(self, name: str) -> bool:
        """Whether there is an entry of that name, whole or not."""
        return self._files.path(name).is_file()

    def read(self, name: str, rows: Sequence[Example]) -> Noisy | None:
        """What became of rows; None where there is no whole entry of that name."""
        content = self._files.read(name)
        noisy = _parse(content, name, rows) if content is not None else None
        if noisy is not None:
            self._files.used(name)
        return noisy

    def write(self, name: str, rows: Sequence[Example], noisy: Noisy) -> bool:
        """Keeps what became of rows.

        Returns:
            Whether it is kept: what cannot be stored without loss is not.
        """
        content = _content(name, rows, noisy)
        if content is None or _parse(content, name, rows) != noisy:
            return False
        return self._files.write(name, content)


def _content(name: str, rows: Sequence[Example], noisy: Noisy) -> bytes | None:
    try:
        lines = [
            json.dumps([_changed_fields(row, other), changes])
            for row, other, changes in zip(rows, noisy.examples, noisy.changes, strict=True)
        ]
    except (TypeError, ValueError):  # a field that JSON does not hold
        return None
    body = zlib.compress("\n".join(lines).encode("ascii"), LEVEL)
    digest = hashlib.sha256(body).hexdigest()
    header = {"xlt": "noise", "format": FORMAT, "name": name, "rows": len(rows), "sha256": digest}
    return json.dumps(header).encode() + b"\n" + body


def _parse(content: bytes, name: str, rows: Sequence[Example]) -> Noisy | None:
    """The rows in a file's content; None where it is not a whole entry of that name."""
    first, _, body = content.partition(b"\n")
    try:
        header = json.loads(first)
        whole = header["sha256"] == hashlib.sha256(body).hexdigest()
        about = header["format"], header["name"], header["rows"]
        if not whole or about != (FORMAT, name, len(rows)):
            return None
        stored_rows = json.loads(b"[" + zlib.decompress(body).replace(b"\n", b",") + b"]")
        examples = [
            _edited(row, changed) for row, (changed, _) in zip(rows, stored_rows, strict=True)
        ]
        changes = [_change(texts) for _, texts in stored_rows]
    except (ValueError, LookupError, TypeError, zlib.error):
        return None
    return Noisy(examples, changes)


def _changed_fields(row: Example, other: Example) -> dict[str, Any] | None:
    """The fields that are not what they were; None where all are."""
    if other is row:
        return None
    if type(other) is not type(row):
        raise TypeError("another kind of example")
    names = [one.name for one in fields(row)]  # type: ignore[arg-type]
    return {
        name: getattr(other, name) for name in names if getattr(other, name) != getattr(row, name)
    }


def _edited(row: Example, changed: dict[str, Any] | None) -> Example:
    if not changed:
        return row
    return replace(row, **{name: _tuples(value) for name, value in changed.items()})  # type: ignore[type-var]


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _change(texts: list[list[Any]]) -> RowChange:
    return tuple(TextChange(*text) for text in texts)
