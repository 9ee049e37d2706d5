"""Answers that are read as codes are those that were stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.problems import Prediction
from xlt_cli.runs import coded
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.coded import Coded, CodedAnswers, decode
from xlt_cli.runs.prediction_table import encode
from xlt_cli.runs.predictions import Store

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
WORDS = st.lists(st.none() | TEXT, max_size=3).map(tuple)
NUMBERS = st.floats(allow_nan=False)
Rows = list[tuple[str, object, object]]


def content(ids: Sequence[str], golds: Sequence[str], told: Sequence[str]) -> bytes:
    """A file of one cell."""
    rows = zip(ids, golds, told, strict=True)
    return encode([("en", "de", Prediction(*row, (0.5, 0.5))) for row in rows])


def rows_of(answer: st.SearchStrategy[object]) -> st.SearchStrategy[Rows]:
    return st.lists(st.tuples(TEXT, answer, st.none() | answer), max_size=8)


def listed(answers: CodedAnswers) -> tuple[list[str], list[object], list[object]]:
    return answers.ids, answers.golds.listed(), answers.predicted.listed()


@given(rows_of(TEXT) | rows_of(WORDS) | rows_of(NUMBERS))
def test_what_is_stored_is_read_as_codes(rows: Rows) -> None:
    answers = decode(encode([("en", "de", Prediction(*row)) for row in rows]))
    assert listed(answers) == tuple(map(list, zip(*rows, strict=True))) or not rows
    for column in (answers.golds, answers.predicted):
        assert column == Coded.of(column.listed())  # distinct ones, as they first occur


def test_cells_of_the_same_rows_share_them() -> None:
    first = decode(content("abcd", "xyxy", "xxyy"))
    other = decode(content("abcd", "xyxy", "yyyx"))
    assert other.ids is first.ids
    assert other.golds is first.golds
    assert other.predicted.listed() == list("yyyx")


@pytest.mark.parametrize(
    "other",
    [("abce", "xyxy", "xxyy"), ("abcd", "xyyx", "xxyy"), ("abcd", "zyzy", "xxyy"), ("a", "x", "x")],
)
def test_what_was_read_before_is_not_taken_for_other_rows(other: tuple[str, str, str]) -> None:
    for ids, golds, told in (("abcd", "xyxy", "xxyy"), other, ("abcd", "xyxy", "xxyy")):
        assert listed(decode(content(ids, golds, told))) == (list(ids), list(golds), list(told))


@pytest.mark.parametrize(
    ("kept", "rows", "left"), [(2, 100, ["ab", "gh"]), (9, 5, ["ab", "gh"]), (9, 1, [])]
)
def test_only_some_rows_are_kept(
    monkeypatch: pytest.MonkeyPatch, kept: int, rows: int, left: list[str]
) -> None:
    monkeypatch.setattr(coded, "KEPT", kept)
    monkeypatch.setattr(coded, "ROWS_KEPT", rows)
    for ids in ("ab", "cd", "ef", "ab", "gh"):
        assert decode(content(ids, "xy", "yx")).ids == list(ids)
    assert ["".join(ids) for ids, _ in coded._kept.values()] == left


def test_answers_of_too_many_texts_for_a_dictionary_are_read() -> None:
    golds = [f"{number:06d}" * 20 for number in range(12_000)]  # 1.4 MB, above Parquet's limit
    answers = decode(content([f"{n}" for n in range(12_000)], golds, golds[::-1]))
    assert answers.golds.listed() == golds
    assert answers.predicted.listed() == golds[::-1]


@pytest.mark.parametrize("broken", [b"", b"PAR1", content("ab", "xy", "yx")[:-9]])
def test_what_is_no_table_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(broken)


def test_pages_that_cannot_be_read_are_refused() -> None:
    whole = content("abcd" * 50, "xyxy" * 50, "xxyy" * 50)
    broken = whole[:4] + bytes(len(whole) // 4) + whole[4 + len(whole) // 4 :]
    with pytest.raises(ValueError, match=r"."):
        decode(broken)


def test_a_store_has_answers_as_codes(tmp_path: Path) -> None:
    store, cell = Store(tmp_path), Cell(("en", "de"))
    store.write(cell, [Prediction("1", "a", None), Prediction("2", "b", "a")])
    assert listed(store.coded(cell)) == (["1", "2"], ["a", "b"], [None, "a"])
