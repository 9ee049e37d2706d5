"""Answers of archives of format 1 are read as they were; they are packed here as they were then."""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.reproduce.packed import BYTE, Layout
from xlt_cli.runs.predictions import Answer, Answers

Rows = dict[str, tuple[Answer, Answer]]

LABEL = st.sampled_from(["a", "b", "c", "d", "e", "ä", ""])
SEQUENCE = st.tuples(LABEL, LABEL | st.none())
TAGS = st.lists(st.tuples(LABEL, LABEL), max_size=4).map(
    lambda words: (tuple(gold for gold, _ in words), tuple(given for _, given in words))
)


def cells_of(row: st.SearchStrategy[tuple[Answer, Answer]]) -> st.SearchStrategy[list[Rows]]:
    """Rows by id; cells may lack what others have."""
    ids = st.sampled_from([f"test-{i}" for i in range(9)])
    return st.lists(st.dictionaries(ids, row, max_size=9), max_size=4)


def answers(cells: list[Rows]) -> dict[tuple[str, str], Answers]:
    return {
        (str(index), "en"): Answers(
            list(rows), [gold for gold, _ in rows.values()], [given for _, given in rows.values()]
        )
        for index, rows in enumerate(cells)
    }


def labels_of(answer: Answer) -> tuple[str | None, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def alphabet_of(cells: Iterable[Answers]) -> list[str | None]:
    told = (answer for cell in cells for answer in (*cell.golds, *cell.predicted))
    labels = {label for answer in told for label in labels_of(answer)}
    return sorted(labels, key=lambda label: (label is None, label or ""))


def pack(
    layout: Layout, answers: Mapping[tuple[str, str], Answers], alphabet: Sequence[str | None]
) -> bytes:
    told = [label for p in layout.asked for a in answers[p].predicted for label in labels_of(a)]
    asked = [label for gold in layout.golds for label in labels_of(gold)]
    place, base = {label: i for i, label in enumerate(alphabet)}, max(len(alphabet), 2)
    codes = [(place[a] - place[g]) % len(alphabet) for a, g in zip(told, asked, strict=True)]
    ordered = [codes[i] for i in layout.order.tolist()]
    share = 1
    while base ** (share + 1) <= BYTE:
        share += 1
    parts = [ordered[i : i + share] for i in range(0, len(ordered), share)]
    packed = bytes(sum(digit * base**n for n, digit in enumerate(part)) for part in parts)
    return lzma.compress(packed, preset=9)


@settings(deadline=None, max_examples=10)
@given(cells_of(SEQUENCE) | cells_of(TAGS))
def test_answers_round_trip(cells: list[Rows]) -> None:
    told = answers(cells)
    alphabet = alphabet_of(told.values())
    asked = {pair: Answers(cell.ids, cell.golds, []) for pair, cell in told.items()}
    packed = pack(Layout(told), told, alphabet)
    assert Layout(asked).unpack(packed, alphabet) == told


def test_the_order_in_which_a_run_tells_its_cells_does_not_matter() -> None:
    told = answers([{"1": ("a", "b")}, {"1": ("a", "a"), "2": ("b", "a")}])
    layout, alphabet = Layout(told), alphabet_of(told.values())
    turned = dict(reversed(list(told.items())))
    assert pack(layout, turned, alphabet) == pack(layout, told, alphabet)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 7, 15, 16, 17, 255, 256])
def test_alphabets_of_every_size(size: int) -> None:
    labels = [f"{i:03}" for i in range(size)]
    rows: Rows = {f"{g}-{a}": (labels[g], labels[a]) for g in range(size) for a in (0, size - 1)}
    told = answers([rows])
    assert alphabet_of(told.values()) == labels
    layout = Layout(told)
    assert layout.unpack(pack(layout, told, labels), labels) == told


def test_five_answers_of_three_labels_share_a_byte() -> None:
    told = answers([{str(i): ("a", "abc"[i % 3]) for i in range(10)}])
    content = lzma.decompress(pack(Layout(told), told, ["a", "b", "c"]))
    digits = [i % 3 for i in range(10)]
    assert list(content) == [
        sum(digit * 3**place for place, digit in enumerate(digits[start : start + 5]))
        for start in (0, 5)
    ]


def test_it_is_nearly_as_small_as_it_can_be() -> None:
    # 225 cells, 8 of 10 right, errors independent: the worst there is for this accuracy.
    items, cells = 500, 225
    rng = np.random.default_rng(0)
    errors = np.where(rng.random((cells, items)) < 0.8, 0, rng.integers(1, 3, (cells, items)))
    golds: list[Answer] = ["abc"[i % 3] for i in range(items)]
    told = {
        (str(cell), ""): Answers(
            [str(i) for i in range(items)],
            golds,
            ["abc"[(i + int(error)) % 3] for i, error in enumerate(row)],
        )
        for cell, row in enumerate(errors)
    }
    entropy = -(0.8 * np.log2(0.8) + 0.2 * np.log2(0.1)) * items * cells / 8
    assert len(pack(Layout(told), told, ["a", "b", "c"])) < 1.1 * entropy


def test_words_that_the_model_never_saw_stay_so() -> None:
    answers = Answers(["a", "b"], [("N", "V"), ("V",)], [("N", None), (None,)])
    cells = {("en", "en"): answers}
    alphabet = alphabet_of([answers])
    layout = Layout(cells)
    assert layout.unpack(pack(layout, cells, alphabet), alphabet) == cells
