"""Tokenizers in the user's cache: a file is read in less than half the time of building one.

The name of a file states what it was made of and the hash of its content. A file of other content
is taken for none, and written again. Nothing depends on the cache: where it cannot be written, the
tokenizer is built each time.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from xlt_cli.api import UserError, user_cache

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FOLDER = "tokenizers"
"""In the user's cache."""

FORMAT = 1
"""Of the tokenizers that are built; raised whenever what is built from the same source changes."""


def key_of(source: str) -> str:
    """What the files of a source's tokenizer begin with, before the hash of the content.

    Args:
        source: a hash of all that the tokenizer is built from.
    """
    import tokenizers

    about = json.dumps([FORMAT, tokenizers.__version__, source])
    return hashlib.sha256(about.encode()).hexdigest()


def kept(key: str) -> Path | None:
    """The whole file of a key; None where there is none."""
    with suppress(OSError, UserError):
        for path in (user_cache() / FOLDER).glob(f"{key}.*.json"):
            with suppress(OSError):  # removed meanwhile
                if path.name == _name(key, path.read_bytes()):
                    return path
    return None


def keep(key: str, backend: Tokenizer) -> Path | None:
    """Writes a tokenizer so that no reader sees half of it; None where that cannot be done."""
    content = backend.to_str().encode()
    with suppress(OSError, UserError):
        folder = user_cache() / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{key}.{uuid4().hex}.json.partial"  # no two writers share a name
        try:
            partial.write_bytes(content)
            return partial.replace(folder / _name(key, content))
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
    return None


def _name(key: str, content: bytes) -> str:
    return f"{key}.{hashlib.sha256(content).hexdigest()}.json"
