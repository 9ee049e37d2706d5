from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlt_tasks.sources.columns import PAIR, SENTENCE_PAIR, SINGLE, WORDS, Columns
from xlt_tasks.sources.delimited import read_csv
from xlt_tasks.sources.delimited import read_tsv as read
from xlt_tasks.sources.table import Form, Table

PLAIN = Form(quoting="none")


def rows(table: Table) -> list[tuple[object, ...]]:
    return [(*record.inputs, record.target) for record in table.records]


def test_columns_by_position(write):
    table = read(write("x.tsv", "p\th\tneutral", "q\ti\tentailment\textra\tmore"), PAIR)
    assert rows(table) == [("p", "h", "neutral"), ("q", "i", "entailment")]
    assert [table.where(r) for r in table.records] == [f"{table.path}:1", f"{table.path}:2"]


@pytest.mark.parametrize(
    "header", ["gold_label\tid\tsentence1\tsentence2", "label\tid\tpremise\thypothesis"]
)
def test_columns_by_name(write, header: str):
    table = read(write("x.tsv", header, "neutral\t7\tp\th"), PAIR)
    assert rows(table) == [("p", "h", "neutral")]
    assert table.where(table.records[0]) == f"{table.path}:2"


def test_quotation_marks_are_text(write):
    table = read(write("x.tsv", '"p\th"\t0', '"" x\t"\t1'), SENTENCE_PAIR)
    assert rows(table) == [('"p', 'h"', "0"), ('"" x', '"', "1")]


def test_one_text(write):
    assert rows(read(write("x.tsv", "t\tsports"), SINGLE)) == [("t", "sports")]
    assert rows(read(write("x.tsv", "label\ttext", "sports\tt"), SINGLE)) == [("t", "sports")]


def test_columns_that_the_user_names(write, failure):
    columns = Columns((("question1", "question2"),), ("duplicate",), named=True)
    path = write("x.tsv", "duplicate\tquestion1\tquestion2", "1\ta\tb")
    assert rows(read(path, columns)) == [("a", "b", "1")]
    error = failure(read, write("x.tsv", "a\tb\t1"), columns)
    assert error.what == (
        "the columns question1, question2, duplicate are required; the file has: a, b, 1"
    )
    assert error.where == f"{path}:1"


def test_columns_that_are_counted_from_0_are_told_from_names(write, failure):
    columns = Columns((("0",),), ("1",), named=True)
    error = failure(read, write("x.tsv", "a\t1"), columns)
    assert error.hint.startswith("columns are counted from 1")


def test_too_few_columns(write, failure):
    path = write("x.tsv", "p\th\tneutral", "p\th")
    error = failure(read, path, PAIR)
    assert error.what == "2 columns, expected 3 (premise, hypothesis, label)"
    assert error.where == f"{path}:2"


def test_another_separator(write, failure):
    path = write("x.tsv", "p,h,neutral")
    error = failure(read, path, PAIR)
    assert error.what == "1 column, expected 3 (premise, hypothesis, label)"
    assert "tab" in error.hint


def test_a_blank_line_is_no_row(write, failure):
    path = write("x.tsv", "p\th\tneutral", "", "p\th\tneutral")
    error = failure(read, path, PAIR)
    assert error.what == "a blank line, expected 3 (premise, hypothesis, label)"
    assert error.where == f"{path}:2"


@pytest.mark.parametrize("lines", [("p\th", "q\ti"), ("premise\thypothesis", "p\th")])
def test_a_file_without_labels(write, failure, lines: tuple[str, ...]):
    error = failure(read, write("test-en.tsv", *lines), PAIR)
    assert error.what == "the file has no labels"
    assert "XTREME's own test files" in error.hint
    assert "source: hub" not in error.hint


def test_a_header_alone(write, failure):
    assert failure(read, write("x.tsv", "text\tlabel"), SINGLE).what == (
        "the file has a header and no rows"
    )


def test_sentences_of_words(write):
    table = read(write("x.tsv", "", "A\tB-PER\tx", "b\tO", "", "", "C\tO"), WORDS)
    assert rows(table) == [(["A", "b"], ["B-PER", "O"]), (["C"], ["O"])]
    assert table.where(table.records[0], 1) == f"{table.path}:3"
    assert table.where(table.records[1]) == f"{table.path}:6"


def test_a_word_without_tag(write, failure):
    path = write("x.tsv", "a\tO", "b O", "", "c\tO")
    error = failure(read, path, WORDS)
    assert (error.what, error.where) == ("1 column, expected 2 (word, tag)", f"{path}:2")


def test_words_without_any_tags(write, failure):
    assert failure(read, write("test-en.tsv", "a", "b", "", "c"), WORDS).what == (
        "the file has no labels"
    )


# All of Unicode but what the format itself takes: tabs, line feeds, and \r where a line ends.
FIELD = st.text(st.characters(exclude_characters="\t\n\r", codec="utf-8"), min_size=1) | (
    st.sampled_from(["\u00a0", "a\u2028b", "\x1c\x1d", "\u200b", "\x85", '"', "\ufeffx", "\x00"])
)


@given(st.lists(st.tuples(FIELD, FIELD, st.sampled_from(["0", "1"])), min_size=1))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_is_read(tmp_path: Path, wanted: list[tuple[str, str, str]]):
    path = tmp_path / "dev-en.tsv"
    text = "".join("\t".join(row) + "\n" for row in wanted)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    assert rows(read(path, PAIR, PLAIN)) == wanted
    path.write_bytes(text.replace("\n", "\r\n").encode("utf-8"))
    assert rows(read(path, PAIR, PLAIN)) == [
        (row[0].removeprefix("\ufeff") if i == 0 else row[0], *row[1:])
        for i, row in enumerate(wanted)
    ]


@given(st.lists(st.lists(st.tuples(FIELD, st.just("O")), min_size=1), min_size=1))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_sentences_are_written_are_read(
    tmp_path: Path, wanted: list[list[tuple[str, str]]]
):
    path = tmp_path / "dev-en.tsv"
    text = "".join("".join(f"{word}\t{tag}\n" for word, tag in s) + "\n" for s in wanted)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    assert rows(read(path, WORDS, PLAIN)) == [
        ([w for w, _ in s], [t for _, t in s]) for s in wanted
    ]


@pytest.mark.parametrize(
    "header", ["text\tlabel\tlabel", "text\ttext\tlabel", "Text\tLabel\tlabel"]
)
def test_two_columns_of_one_name_are_refused(write, failure, header: str):
    error = failure(lambda: read(write("x.tsv", header, "a\tb\tc"), SINGLE))
    assert "2 columns have the name" in error.what


def test_two_columns_that_may_hold_the_label_are_refused(write, failure):
    path = write("x.tsv", "text\tgold_label\tlabel", "a\tb\tc")
    assert "label, gold_label" in failure(lambda: read(path, SINGLE)).what
    named = Columns((("text",),), ("gold_label",), named=True)
    assert read(path, named).records[0].target == "b"


def test_a_line_for_spreadsheets_is_named(write, failure):
    path = write("x.csv", "sep=;", "text;label", "a;b")
    error = failure(lambda: read_csv(path, SINGLE))
    assert error.where == f"{path}:1"
    assert "spreadsheets" in error.what
