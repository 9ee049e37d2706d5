"""Texts as token ids; each is tokenized once, for sentences recur."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def pieces_of(
    texts: Iterable[str], tokenizer: PreTrainedTokenizerBase
) -> dict[str, tuple[int, ...]]:
    """The token ids of each text, without special tokens."""
    once = list(dict.fromkeys(texts))
    if not once:
        return {}  # tokenizers refuse an empty list
    ids = tokenizer(once, add_special_tokens=False, verbose=False)["input_ids"]
    return {text: tuple(piece) for text, piece in zip(once, ids, strict=True)}
