"""Model inputs as token ids, and templates that combine texts into an input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True)  # not frozen: one is made for each input
class Layout:
    """One model input: token ids with special tokens, and a description of each position.

    All lists except `input_ids` are shared with other inputs and must not be changed.

    Attributes:
        starts: the position of each text's first token.
        text_ids: the index of the text that a position belongs to; special tokens belong to the
            text before them (the first ones to the first text).
    """

    input_ids: list[int]
    token_type_ids: list[int]
    special_mask: list[bool]
    text_ids: list[int]
    starts: tuple[int, ...]


class Template(Protocol):
    """The positions of a tokenizer's special tokens, for one text and for two."""

    def shortest(self, texts: int) -> int:
        """The smallest input length that leaves one token for each of one or two texts."""
        ...

    def room(self, texts: int, max_length: int) -> int:
        """The number of tokens of an input that are available for one or two texts."""
        ...

    def lay_out(self, pieces: tuple[tuple[int, ...], ...], max_length: int) -> Layout:
        """Combines the token ids of one or two texts with special tokens, truncated to
        `max_length` on the side that the tokenizer's `truncation_side` names."""
        ...
