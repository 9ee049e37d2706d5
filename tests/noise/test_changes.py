"""How much noise changed: rows, words, characters of scripts without spaces, pieces."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.api import Encoded, SequenceExample, TokenExample
from xlt_cli.noise.changes import Changed, TextChange, in_pieces, in_texts, of_pair, total, words_of


def pair(*texts: str) -> SequenceExample:
    return SequenceExample("1", texts, "yes", ("xx",) * len(texts))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The dog, (it) sees.", ["The", "dog,", "(it)", "sees."]),
        ("  ", []),
        ("大狗 sees我。", ["大", "狗", "sees", "我", "。"]),
        ("กรุง เทพ", ["ก", "ร", "ุ", "ง", "เ", "ท", "พ"]),
        ("서울에서 안나", ["서울에서", "안나"]),
        ("नई दिल्ली", ["नई", "दिल्ली"]),
    ],
)
def test_words_are_told_by_spaces_or_are_characters(text: str, words: list[str]) -> None:
    kept = [word for word in words_of(text) if word != "。"]
    assert kept == [word for word in words if word != "。"]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("a b c d", "a b c d", (0, 4, False)),
        ("a b c d", "a x c d", (1, 4, True)),
        ("a b c d", "b a c d", (2, 4, True)),
        ("a b c d", "a c d", (1, 4, True)),
        ("a b c d", "a b x y c d", (0, 4, True)),
        ("a b", "a  b", (0, 2, True)),
        ("a b", "", (2, 2, True)),
        ("大狗看", "大犬看", (1, 3, True)),
        ("", "", (0, 0, False)),
    ],
)
def test_words_that_are_not_in_their_place(
    before: str, after: str, changed: tuple[int, int, bool]
) -> None:
    assert in_texts(pair(before), pair(after)) == (TextChange(*changed),)


def test_tokens_count_as_the_task_has_them() -> None:
    before = TokenExample("1", ("New York", "大狗"), ("O", "O"), ("xx",))
    after = TokenExample("1", ("New York", "大犬"), ("O", "O"), ("xx",))
    assert in_texts(before, after) == (TextChange(1, 2, True),)


@given(st.lists(st.text("abc", min_size=1), max_size=8), st.integers(0, 2**32))
def test_replacing_words_counts_those_that_were_replaced(words: list[str], seed: int) -> None:
    rng = random.Random(seed)
    places = [place for place in range(len(words)) if rng.random() < 0.5]
    after = ["X" if place in places else word for place, word in enumerate(words)]
    (change,) = in_texts(pair(" ".join(words)), pair(" ".join(after)))
    assert (change.changed, change.words) == (len(places), len(words))


@given(st.lists(st.integers(0, 9), max_size=8), st.lists(st.integers(0, 9), max_size=8))
def test_never_more_is_changed_than_there_is(before: list[int], after: list[int]) -> None:
    one = Encoded("1", (tuple(before),), ("xx",), "yes")
    other = Encoded("1", (tuple(after),), ("xx",), "yes")
    (change,) = in_pieces(one, other)
    assert 0 <= change.changed <= change.words == len(before)
    assert change.is_other == (before != after)


def test_a_cell_sums_its_rows_up_and_a_pair_has_a_text_of_each() -> None:
    first = (TextChange(1, 4, True), TextChange(0, 3, False))
    second = (TextChange(0, 5, False), TextChange(0, 2, True))
    assert total([first, second, second[:1]]) == Changed(2, 3, 1, 19)
    assert of_pair(first, second) == (TextChange(1, 4, True), TextChange(0, 2, True))
    assert of_pair(second, first) == (TextChange(0, 5, False), TextChange(0, 3, False))
    assert total([]).as_dict()["of_rows"] == 0
