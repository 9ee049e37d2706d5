"""Tokenizers that the runs of a process share; see `kept` of `xlt_cli.api`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.api import kept
from xlt_encoders.file_hashes import sha256_of
from xlt_encoders.hub import TOKENIZER_FILES

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def shared_tokenizer(
    kind: str, key: Callable[[], Hashable], make: Callable[[], PreTrainedTokenizerBase]
) -> PreTrainedTokenizerBase:
    """A tokenizer, that of the run before where it is the same and nobody has changed it.

    Args:
        key: states all that it is made from.
    """
    return kept(kind, key, make, state=_state)


def content_of(folder: Path) -> Hashable:
    """The names and hashes of a folder's files that decide its tokenizer."""
    paths = [folder / name for name in ("config.json", *TOKENIZER_FILES)]
    return tuple((path.name, sha256_of(path)) for path in paths if path.is_file())


def _state(tokenizer: PreTrainedTokenizerBase) -> Hashable:
    """All that a tokenizer does depends on; None where that cannot be known (written in Python)."""
    if not getattr(tokenizer, "is_fast", False):
        return None
    backend: Any = tokenizer.backend_tokenizer
    try:
        content = backend.to_str()
    except Exception:  # the library's own error for parts written in Python, of no narrower class
        return None
    own = sorted((name, repr(value)) for name, value in vars(tokenizer).items())
    return hashlib.sha256(f"{own}\n{content}".encode("utf-8", "surrogatepass")).hexdigest()
