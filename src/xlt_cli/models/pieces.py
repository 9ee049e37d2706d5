"""How finely the tokenizer cuts the texts of a language: pieces per word and per character."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlt_cli.api import Example
from xlt_cli.languages import facts_of
from xlt_cli.models.unknown import share
from xlt_cli.problems import Encoded

WITHOUT_SPACES = (
    *("Hani", "Hans", "Hant", "Hanb", "Jpan", "Hira", "Kana", "Hrkt", "Bopo", "Thai", "Khmr"),
    *("Laoo", "Mymr", "Tibt", "Lana", "Talu", "Tale", "Tavt", "Yiii", "Nshu", "Tang", "Java"),
    *("Bali", "Cham"),
)
"""Scripts (ISO 15924) in which words are not separated by spaces."""


def measured(
    language: str, examples: Sequence[Example], encoded: Sequence[Encoded], unknown_id: int | None
) -> dict[str, float | None]:
    """Pieces per word (fertility), pieces per character, and the share of unknown pieces.

    Each is a ratio of totals over all texts, as they stand in the rows: nothing is cut off, and
    special tokens are not counted. Words are those that the data have, otherwise what stands
    between white space. In scripts that do not separate words, fertility is undefined, unless the
    data have words. Characters are Unicode's code points without white space.

    Args:
        encoded: the examples as token ids, in their order.
    """
    texts = [text for example in examples for text in example.editable()]
    total = sum(len(piece) for example in encoded for piece in example.pieces)
    words = [_words(text) for text in texts]
    characters = sum(len(word) for own in words for word in own)
    spaced = facts_of(language).script not in WITHOUT_SPACES
    by_words = bool(texts) and all(text.words is not None for text in texts)
    count = sum(map(len, words)) if spaced or by_words else 0
    return {
        "fertility": total / count if count else None,
        "pieces_per_character": total / characters if characters else None,
        "unknown": share(encoded, unknown_id),
    }


def _words(text: Any) -> list[str]:
    """The words of the data, without white space in them, or those between white space."""
    if text.words is None:
        return str(text.content).split()
    return ["".join(str(word).split()) for word in text.words]
