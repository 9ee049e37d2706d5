"""Windows show every word once, where it has most context; short sentences have one."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.problems.windows import Window, windows

SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=60)


def split(sizes: list[int], room: int) -> tuple[list[int], list[Window]]:
    bounds = [0, *accumulate(sizes)]
    return bounds, windows(bounds[:-1], bounds[-1], room)


@settings(max_examples=400)
@given(SIZES, st.integers(1, 40))
def test_every_word_is_answered_once_where_its_scarcer_side_is_longest(
    sizes: list[int], room: int
) -> None:
    bounds, found = split(sizes, room)
    answered = [w for window in found for w in range(window.answers_from, window.answers_to)]
    assert answered == list(range(len(sizes)))
    for window in found:
        length = bounds[window.end] - bounds[window.first]
        assert length <= room or window.end == window.first + 1

    def context(window: Window, word: int) -> int:
        return min(bounds[word] - bounds[window.first], bounds[window.end] - bounds[word + 1])

    for window in found:
        for word in range(window.answers_from, window.answers_to):
            best = max(context(w, word) for w in found if w.first <= word < w.end)
            assert context(window, word) == best


@given(SIZES)
def test_what_fits_is_one_window(sizes: list[int]) -> None:
    _, found = split(sizes, sum(sizes))
    assert found == [Window(0, len(sizes), 0, len(sizes))]
    assert windows([], 0, 5) == [Window(0, 0, 0, 0)]


@given(st.integers(20, 300), st.integers(16, 64))
def test_words_inside_a_sentence_have_a_quarter_of_a_window_on_both_sides(
    count: int, room: int
) -> None:
    bounds, found = split([1] * count, room)
    for window in found:
        for word in range(window.answers_from, window.answers_to):
            left = min(word, bounds[word] - bounds[window.first])
            right = bounds[window.end] - bounds[word + 1]
            quarter = room // 4 - 1
            assert left >= min(word, quarter)
            assert right >= min(count - 1 - word, quarter)


def test_a_word_longer_than_a_window_has_one_of_its_own() -> None:
    _, found = split([1, 20, 1], 10)
    assert [(w.first, w.end) for w in found] == [(0, 1), (1, 2), (2, 3)]
