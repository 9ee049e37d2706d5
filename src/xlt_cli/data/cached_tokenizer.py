"""A tokenizer that asks the cache before it works.

It stands where a problem expects the tokenizer, so that whatever a problem makes of the ids (words
and their tags, pairs of texts) is made anew: what is stored depends on tokenizer and texts alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xlt_cli.data.feature_cache import FORMAT, FeatureCache
from xlt_cli.problems.words import ask_space_before

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CALL = {"add_special_tokens": False, "verbose": False}
"""How problems call the tokenizer; a call with other options goes past the cache."""


@dataclass
class CachedTokenizer:
    """Stands where a problem expects the tokenizer, and asks the cache before it."""

    tokenizer: PreTrainedTokenizerBase
    cache: FeatureCache

    @cached_property
    def key(self) -> str | None:
        return tokenizer_key(self.tokenizer)

    @cached_property
    def space_before(self) -> str:
        """What stands before every word of a sentence but the first."""
        return ask_space_before(self.tokenizer)

    def __call__(self, texts: Any, **options: Any) -> Any:
        """The ids of each text, `{"input_ids": [N lists]}`; any other call is the tokenizer's."""
        if options != CALL or not isinstance(texts, list) or self.key is None:
            return self.tokenizer(texts, **options)
        key = entry_key(self.key, texts)
        ids = self.cache.read(key, len(texts))
        if ids is None:
            ids = self.tokenizer(texts, **options)["input_ids"]
            self.cache.write(key, ids)
        return {"input_ids": ids}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tokenizer, name)


def tokenizer_key(tokenizer: PreTrainedTokenizerBase) -> str | None:
    """A hash of all that decides how texts are cut into ids.

    None where that cannot be known: a tokenizer written in Python, or by a plugin; and where there
    is nothing to know, as it draws at random.
    """
    known = type(tokenizer).__module__.startswith("transformers.")  # its version is in the key
    if not known or not getattr(tokenizer, "is_fast", False):
        return None
    import tokenizers
    import transformers

    backend = tokenizer.backend_tokenizer
    if getattr(backend.model, "dropout", None) or getattr(backend.model, "alpha", None):
        return None
    try:
        state = backend.to_str()
    except Exception:  # the library's own error for parts written in Python, of no narrower class
        return None
    about = [
        type(tokenizer).__qualname__,
        bool(getattr(tokenizer, "split_special_tokens", False)),  # not in the backend's state
        tokenizers.__version__,
        transformers.__version__,
    ]
    return hashlib.sha256(f"{json.dumps(about)}\n{state}".encode()).hexdigest()


def entry_key(tokenizer: str, texts: Sequence[str]) -> str:
    """The name of an entry: a hash of the format, the tokenizer's key and the texts in order."""
    text = json.dumps([FORMAT, tokenizer, CALL, texts], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
