"""How a sentence's words are cut into pieces: each as in running text.

Many tokenizers (WordPiece, SentencePiece as XLM-R has it) give a word the same pieces alone and
in a sentence, and get words one by one. Others (byte-level BPE as in ModernBERT, Gemma's BPE,
bytes) count the space before a word as part of it; they get every word but a sentence's first with
that space. Which of the two a tokenizer is, is found out by asking it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ALONE, SPACED = "", " "

_PROBES = (("one", "two"), ("River", "Thames", "2020", ",", "a", "b"))


def space_before(tokenizer: Any) -> str:
    """What stands before every word but the first when words are given to this tokenizer."""
    known = getattr(tokenizer, "space_before", None)
    return known if isinstance(known, str) else ask_space_before(tokenizer)


def ask_space_before(tokenizer: PreTrainedTokenizerBase) -> str:
    """The same, asked of the tokenizer itself.

    A tokenizer for which neither holds (one that draws at random, or looks at neighbours) is given
    words alone.
    """
    for space in (ALONE, SPACED):
        if all(_together(tokenizer, words, space) for words in _PROBES):
            return space
    return ALONE


def in_sentence(words: Sequence[str], space: str) -> list[str]:
    """The texts that the tokenizer is given for the words of a sentence."""
    # A word of nothing but white space has no place in running text.
    return [space + w if i and w.strip() else w for i, w in enumerate(words)]


def _together(tokenizer: PreTrainedTokenizerBase, words: Sequence[str], space: str) -> bool:
    """Whether the words' pieces, one after another, are the sentence's."""
    parts = [_ids(tokenizer, text) for text in in_sentence(words, space)]
    return [i for part in parts for i in part] == _ids(tokenizer, " ".join(words))


def _ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
