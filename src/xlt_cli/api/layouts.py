"""Model inputs as token ids, and what puts texts together into one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Layout:
    """One model input: token ids with special tokens, and what each position is.

    All lists but `input_ids` are shared with other inputs, and not to be changed.

    Attributes:
        starts: the position of each text's first token.
        text_ids: the text that a position belongs to; special tokens go with the text before
            them (the first ones with the first text).
    """

    input_ids: list[int]
    token_type_ids: list[int]
    special_mask: list[bool]
    text_ids: list[int]
    starts: tuple[int, ...]


class Template(Protocol):
    """Where a tokenizer puts its special tokens, for one text and for two."""

    def shortest(self, texts: int) -> int:
        """The fewest tokens that leave one to each of one or two texts."""
        ...

    def room(self, texts: int, max_length: int) -> int:
        """Tokens of an input that are left for one or two texts."""
        ...

    def lay_out(self, pieces: tuple[tuple[int, ...], ...], max_length: int) -> Layout:
        """Puts token ids of one or two texts into the frame, cut to `max_length` tokens."""
        ...
