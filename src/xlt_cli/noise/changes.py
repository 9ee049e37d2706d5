"""How much of the rows noise has changed: measured, since no perturbation changes all that it may.

Words are what white space separates; in scripts that put none between words, each character
counts as a word. A word counts as changed if it is not in its place: compared one by one where a
text has as many words as before, else by the longest parts that both have in common.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from xlt_cli.api import Encoded, Example

# Thai and Lao, Tibetan, Myanmar, Khmer, kana (and bopomofo), Han.
_UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


class TextChange(NamedTuple):
    """What noise did to a text.

    Attributes:
        changed: its words (or pieces) that are not what they were.
        words: all of them, before.
        is_other: whether the text is another at all, white space included.
    """

    changed: int
    words: int
    is_other: bool


RowChange = tuple[TextChange, ...]
"""What noise did to the texts of a row."""


@dataclass(frozen=True)
class Changed:
    """What noise did to the rows of a cell.

    Attributes:
        rows: rows with a text that is another.
        of_rows: all rows.
        words: words that are not what they were.
        of_words: all words.
        counted: what was counted as words: `pieces` of the vocabulary for noise on segmentation.
    """

    rows: int
    of_rows: int
    words: int
    of_words: int
    counted: str = "words"

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def words_of(text: str) -> list[str]:
    """The words of a text, as they are counted here."""
    return _WORD.findall(text)


def in_texts(clean: Example, noisy: Example) -> RowChange:
    """What noise did to the texts of an example."""
    pairs = zip(clean.editable(), noisy.editable(), strict=False)
    return tuple(
        _compared(words_of(one.content), words_of(other.content), one.content != other.content)
        if one.words is None
        else _compared(one.words, other.words or (), one.words != other.words)
        for one, other in pairs
    )


def in_pieces(clean: Encoded, noisy: Encoded) -> RowChange:
    """What noise did to the pieces that texts are cut into."""
    pairs = zip(clean.pieces, noisy.pieces, strict=False)
    return tuple(_compared(one, other, one != other) for one, other in pairs)


def of_pair(first: RowChange, second: RowChange) -> RowChange:
    """What it did to the first text of one row and to the second of another."""
    return (*first[:1], *second[1:])


def total(rows: Iterable[RowChange], counted: str = "words") -> Changed:
    """What it did to all rows of a cell."""
    every = list(rows)
    return Changed(
        sum(any(text.is_other for text in row) for row in every),
        len(every),
        sum(text.changed for row in every for text in row),
        sum(text.words for row in every for text in row),
        counted,
    )


def _compared(before: Sequence[Hashable], after: Sequence[Hashable], is_other: bool) -> TextChange:
    if not is_other:
        return TextChange(0, len(before), False)
    if len(before) == len(after):
        changed = sum(one != other for one, other in zip(before, after, strict=True))
    else:
        blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        changed = len(before) - sum(block.size for block in blocks)
    return TextChange(changed, len(before), True)
