"""Where a tokenizer puts its special tokens, learnt by asking it.

With the template known, texts are tokenized once, and pairs (also of two languages) are put
together from token ids. Layouts equal the tokenizer's own, truncation "longest_first" included, on
the side that the tokenizer's configuration names (`truncation_side`).

Segment ids are those that `tokenizer(a, b)` returns by default, and zeros where it returns none.
Earlier versions asked every tokenizer for them (`forced`); the classes of RemBERT, ALBERT, BigBird
and Funnel number the segments then, though models that transformers opens are not given them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from xlt_cli.api.layouts import Layout
from xlt_cli.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PROBE = ("one", "two")

Segments = Literal["default", "forced"]
"""Which segment ids inputs have: those of `tokenizer(a, b)`, or those that it gives if asked."""


_Around = tuple[list[int], list[bool], list[int], tuple[int, ...]]


@dataclass(frozen=True)
class _Frame:
    """Special tokens before, between and after `len(types)` texts, with their segment ids."""

    gaps: tuple[tuple[int, ...], ...]
    gap_types: tuple[tuple[int, ...], ...]
    types: tuple[int, ...]

    @functools.cached_property
    def specials(self) -> int:
        return sum(len(gap) for gap in self.gaps)

    def around(self, lengths: tuple[int, ...]) -> _Around:
        """All of a layout but its ids, for texts of these lengths."""
        types = list(self.gap_types[0])
        special, text_ids = [True] * len(types), [0] * len(types)
        starts = []
        for text, length in enumerate(lengths):
            starts.append(len(types))
            gap = self.gap_types[text + 1]
            types += [self.types[text]] * length + list(gap)
            special += [False] * length + [True] * len(gap)
            text_ids += [text] * (length + len(gap))
        return types, special, text_ids, tuple(starts)


class Template:
    """The frames of a tokenizer for one text and for two.

    Attributes:
        differs: whether forced segment ids are others than those that the tokenizer gives.

    Raises:
        UserError: if the tokenizer cannot be asked (it hides the texts it was given).
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, segments: Segments = "default") -> None:
        self.pad_id = tokenizer.pad_token_id
        if self.pad_id is None:
            raise UserError("the encoder's tokenizer has no padding token")
        self._fast = bool(tokenizer.is_fast)
        self._keeps_ends = tokenizer.truncation_side == "left"
        frames = {
            rule: {n: _frame(tokenizer, _PROBE[:n], rule) for n in (1, 2)}
            for rule in get_args(Segments)
        }
        self.differs = frames["default"] != frames["forced"]
        self._frames = frames[segments]
        # Inputs of the same lengths differ in nothing but their ids; millions share these lists.
        self._around: dict[tuple[int, ...], _Around] = {}

    def shortest(self, texts: int) -> int:
        """The fewest tokens that leave one to each of one or two texts."""
        return self._frames[texts].specials + texts

    def room(self, texts: int, max_length: int) -> int:
        """Tokens of an input that are left for one or two texts."""
        return max(max_length - self._frames[texts].specials, 0)

    def lay_out(self, pieces: tuple[tuple[int, ...], ...], max_length: int) -> Layout:
        """Puts token ids of one or two texts into the frame, cut to `max_length` tokens."""
        frame = self._frames[len(pieces)]
        lengths, room = tuple(map(len, pieces)), max_length - frame.specials
        if sum(lengths) > room:
            lengths = tuple(truncated(list(lengths), room, self._fast))
            pieces = tuple(map(self._cut, pieces, lengths))
        around = self._around.get(lengths)
        if around is None:
            around = self._around[lengths] = frame.around(lengths)
        ids = list(frame.gaps[0])
        for piece, gap in zip(pieces, frame.gaps[1:], strict=True):
            ids += piece
            ids += gap
        return Layout(ids, *around)

    def _cut(self, piece: tuple[int, ...], length: int) -> tuple[int, ...]:
        return piece[len(piece) - length :] if self._keeps_ends else piece[:length]


def truncated(lengths: list[int], room: int, fast: bool = True) -> list[int]:
    """The lengths of one or two texts cut to `room` tokens together, the longest first.

    Where both are cut and the room is odd, fast tokenizers give the longer text the odd token
    (the second, if they are equal), slow ones the first text. That is the rule of tokenizers
    0.23.3; 0.23.2 has another, so that its own cut of such a pair differs by a token.
    """
    if sum(lengths) <= room:
        return lengths
    if len(lengths) == 1:
        return [max(room, 0)]
    first, second = lengths
    short = min(first, second)
    if 2 * short <= room:
        return [short, room - short] if first <= second else [room - short, short]
    half, more = room // 2, room - room // 2
    return [half, more] if fast and first <= second else [more, half]


def _frame(
    tokenizer: PreTrainedTokenizerBase, texts: tuple[str, ...], segments: Segments
) -> _Frame:
    asked = {"return_token_type_ids": True} if segments == "forced" else {}
    whole: Any = tokenizer(*texts, **asked)
    ids = list(whole["input_ids"])
    all_types = list(whole.get("token_type_ids") or [0] * len(ids))
    gaps, gap_types, types, end = [], [], [], 0
    for text in texts:
        piece = list(tokenizer(text, add_special_tokens=False)["input_ids"])
        start = next(
            (i for i in range(end, len(ids)) if piece and ids[i : i + len(piece)] == piece), None
        )
        if start is None:
            raise UserError(
                f"the tokenizer {type(tokenizer).__name__} cannot be used: the token ids of a "
                "text are not part of the token ids of a pair"
            )
        gaps.append(tuple(ids[end:start]))
        gap_types.append(tuple(all_types[end:start]))
        types.append(all_types[start])
        end = start + len(piece)
    gaps.append(tuple(ids[end:]))
    gap_types.append(tuple(all_types[end:]))
    return _Frame(tuple(gaps), tuple(gap_types), tuple(types))
