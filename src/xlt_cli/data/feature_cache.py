"""Token ids of whole row sets, kept on disk so that texts are tokenized once for all runs.

An entry is the answer of one tokenizer to one list of texts, named by a hash of both (see
`cached_tokenizer`). Labels, templates and lengths come after it: one entry serves them all.

A file is a line of JSON and then little-endian 32-bit integers: the number of ids of each text,
and the ids of all texts. A hash in the first line tells a torn file, which is taken for none and
written again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xlt_cli.data import entry_files
from xlt_cli.data.entry_files import ABANDONED, DEFAULT_LIMIT, EntryFiles, size_limit
from xlt_cli.errors import UserError
from xlt_cli.user_cache import user_cache

FORMAT = 1
FOLDER = "features"
SUFFIX = ".ids"


def stored() -> list[Path]:
    """The files of all entries."""
    return entry_files.stored(user_cache() / FOLDER, SUFFIX)


def abandoned(folder: Path, seconds: float = ABANDONED) -> list[Path]:
    """What writers left half written that were killed `seconds` ago or earlier."""
    return entry_files.abandoned(folder, SUFFIX, seconds)


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
            entry_files.warn_once(warn, error.what)
            return None

    @property
    def _files(self) -> EntryFiles:
        consequence = "texts are tokenized anew in each run"
        return EntryFiles(self.folder, SUFFIX, consequence, self.limit, self.warn)

    def read(self, key: str, count: int) -> list[list[int]] | None:
        """The ids of each of `count` texts; None where there is no whole entry of that name."""
        content = self._files.read(key)
        ids = _parse(content, key, count) if content is not None else None
        if ids is not None:
            self._files.used(key)
        return ids

    def write(self, key: str, ids: Sequence[Sequence[int]]) -> None:
        """Stores an entry, and removes the least recently used ones beyond the limit.

        A cache that cannot be written is no error: it is said once.
        """
        self._files.write(key, _content(key, ids))


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
