"""Token ids of passages, and the characters that each token stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.problems.words import space_before

# Thai to Tibetan, Burmese, Khmer, kana and Chinese characters: scripts written without spaces.
_SPACELESS = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_UNIT = re.compile(rf"[{_SPACELESS}]|[^\s{_SPACELESS}]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as token ids.

    Attributes:
        offsets: the first character of each token, and the one after its last; surrounding white
            space is left out, so that both are the same for a token of white space.
    """

    text: str
    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]

    def tokens_of(self, begin: int, end: int) -> tuple[int, int] | None:
        """The first and the last token of these characters; None if they have no tokens."""
        touched = [i for i, (a, b) in enumerate(self.offsets) if a < end and b > begin and a < b]
        return (touched[0], touched[-1]) if touched else None


def passages(texts: Sequence[str], tokenizer: Any) -> dict[str, Passage]:
    """The passages by their texts; each text is tokenized once.

    A tokenizer that does not tell the characters of its tokens (one in Python, or noise on the
    segmentation) is given words one by one, and single characters of scripts without spaces.
    """
    texts = list(dict.fromkeys(texts))
    if not texts:
        return {}
    if not getattr(tokenizer, "is_fast", False):
        return {text: _by_units(text, tokenizer) for text in texts}
    made = tokenizer(texts, add_special_tokens=False, verbose=False, return_offsets_mapping=True)
    return {
        text: Passage(text, tuple(ids), tuple(_trimmed(text, *pair) for pair in offsets))
        for text, ids, offsets in zip(texts, made["input_ids"], made["offset_mapping"], strict=True)
    }


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    while begin < end and text[begin].isspace():
        begin += 1
    while begin < end and text[end - 1].isspace():
        end -= 1
    return begin, end


def _by_units(text: str, tokenizer: Any) -> Passage:
    space = space_before(tokenizer)
    units = list(_UNIT.finditer(text))
    spaced = [
        space + unit[0] if unit.start() and text[unit.start() - 1].isspace() else unit[0]
        for unit in units
    ]
    known = list(dict.fromkeys(spaced))
    made = tokenizer(known, add_special_tokens=False, verbose=False)["input_ids"] if known else []
    pieces = dict(zip(known, made, strict=True))
    ids: list[int] = []
    offsets: list[tuple[int, int]] = []
    for unit, given in zip(units, spaced, strict=True):
        ids += pieces[given]
        offsets += [unit.span()] * len(pieces[given])
    return Passage(text, tuple(ids), tuple(offsets))
