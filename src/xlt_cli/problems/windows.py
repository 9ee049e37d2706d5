"""Windows over a sentence that is longer than a model's input, so that every word is seen.

A window holds whole words. The next one goes back by up to half a window, the last one by as much
as fits, and each word is answered in the window in which it has most pieces on its scarcer side.
A word that is longer than a window has one of its own, which holds its first pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """A run of words as one input, and those of them that it answers for; ends are not in it."""

    first: int
    end: int
    answers_from: int
    answers_to: int


def windows(starts: Sequence[int], total: int, room: int) -> list[Window]:
    """The windows of a sentence, in order; together they answer for each word once.

    Args:
        starts: the place of each word's first piece.
        total: pieces of the sentence.
        room: pieces that fit in a window.
    """
    count = len(starts)
    if total <= room or count == 0:
        return [Window(0, count, 0, count)]
    bounds = [*starts, total]
    ranges = _ranges(bounds, room)
    made, done = [], 0
    for place, (first, end) in enumerate(ranges):
        until = end
        if place + 1 < len(ranges):
            following = ranges[place + 1][0]
            # The words that both hold go to this window while more follows here than comes before
            # them there.
            until = next(
                (
                    word
                    for word in range(max(following, done), end)
                    if bounds[end] - bounds[word + 1] < bounds[word] - bounds[following]
                ),
                end,
            )
        if until > done:
            made.append(Window(first, end, done, until))
            done = until
    return made


def _ranges(bounds: Sequence[int], room: int) -> list[tuple[int, int]]:
    """First word and end of each window."""
    count = len(bounds) - 1
    ranges = []
    first = 0
    while True:
        end = first + 1
        while end < count and bounds[end + 1] - bounds[first] <= room:
            end += 1
        ranges.append((first, end))
        if end == count:
            return ranges
        # Back by half a window, as long as the next word fits; at the end by as much as fits.
        ends = bounds[count] - bounds[end] <= room - room // 2
        back = bounds[count] - room if ends else bounds[end] - room // 2
        back = max(back, bounds[end + 1] - room)
        following = first + 1
        while following < end and bounds[following] < back:
            following += 1
        first = following
