"""CoNLL's forms, as published data sets have them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from xlt_tasks.sources import formats
from xlt_tasks.sources.columns import WORDS, Columns
from xlt_tasks.sources.table import Form, Table

TAGS = frozenset({"O", "B-PER", "I-PER", "B-LOC"})
NER = dataclasses.replace(WORDS, values=TAGS)


def sentences(table: Table) -> list[list[tuple[str, str]]]:
    return [list(zip(r.inputs[0], r.target, strict=True)) for r in table.records]


def chosen(word: str, tag: str) -> Columns:
    return Columns(((word,),), (tag,), per_word=True, named=True, values=TAGS)


ANNA = [("Anna", "B-PER"), ("#", "O"), ("lives", "O")]
BONN = [("Bonn", "B-LOC")]


def test_conll_2003(write):
    path = write(
        "x.conll",
        "-DOCSTART- -X- -X- O", "", "Anna NNP B-NP B-PER", "# # B-NP O", "lives VBZ B-VP O", "",
        "-DOCSTART- -X- -X- O", "", "Bonn NNP B-NP B-LOC",
    )  # fmt: skip
    table = formats.read(path, NER)
    assert sentences(table) == [ANNA, BONN]
    assert table.notes == ("x.conll: 4 columns; words from the first, tags from the last",)
    assert table.where(table.records[0], 2) == f"{path}:5"
    assert sentences(formats.read(path, chosen("1", "2")))[1] == [("Bonn", "NNP")]
    assert sentences(formats.read(path, chosen("-4", "-1"))) == [ANNA, BONN]


def test_spaces_in_a_tsv(write):
    assert sentences(formats.read(write("x.tsv", "Bonn B-LOC"), NER)) == [BONN]


def test_words_with_other_spaces_are_one_word(write):
    path = write("x.conll", "a\u3000b\u00a0c B-LOC", "x  O")
    assert sentences(formats.read(path, NER)) == [[("a\u3000b\u00a0c", "B-LOC"), ("x", "O")]]


def test_comments_before_sentences_and_words_that_are_hashes(write):
    path = write(
        "x.conll",
        "# id 5e4c domain=en", "Anna _ _ B-PER", "# _ _ O", "lives _ _ O", "",
        "# id 77 domain=en", "# _ _ O", "#tag _ _ O", "",
        "# a comment that names the tag O", "Bonn _ _ B-LOC",
    )  # fmt: skip
    assert sentences(formats.read(path, NER)) == [ANNA, [("#", "O"), ("#tag", "O")], BONN]


def test_a_hash_with_its_tag_is_a_word_in_every_tsv(write):
    path = write("x.tsv", "#\tO", "#tag\tB-X", "", "# a comment", "Bonn\tB-LOC")
    assert sentences(formats.read(path, NER)) == [[("#", "O"), ("#tag", "B-X")], BONN]


CONLL_U = (
    "# sent_id = 1", "# text = del mar\tO",
    "1-2\tdel\t_\t_\t_\t_\t_\t_\t_\t_", "1\tde\tde\tADP\t_\t_\t3\tcase\t_\t_",
    "2\tel\tel\tDET\t_\t_\t3\tdet\t_\t_", "2.1\t_\t_\tVERB\t_\t_\t_\t_\t_\t_",
    "3\tmar\tmar\tNOUN\t_\t_\t0\troot\t_\t_", "",
)  # fmt: skip


@pytest.mark.parametrize("name", ["x.conllu", "x.tsv", "x.conll"])
def test_conll_u(write, name: str):
    path = write(name, *CONLL_U)
    table = formats.read(path, WORDS)
    assert sentences(table) == [[("de", "ADP"), ("el", "DET"), ("mar", "NOUN")]]
    assert [table.where(table.records[0], i) for i in range(3)] == [
        f"{path}:{n}" for n in (4, 5, 7)
    ]
    lemmas = formats.read(path, Columns((("3",),), ("8",), per_word=True, named=True))
    assert sentences(lemmas) == [[("de", "case"), ("el", "det"), ("mar", "root")]]


def test_conll_u_plus_names_its_columns(write):
    path = write("x.conllup", "# global.columns = ID FORM UD:NER", "# text = x", "1\tBonn\tB-LOC")
    table = formats.read(path.rename(path.with_suffix(".conllu")), chosen("FORM", "UD:NER"))
    assert sentences(table) == [BONN]


@pytest.mark.parametrize("first", ["0", "1"])
def test_a_column_that_numbers_the_words(write, failure, first: str):
    lines = (f"{first}\tAnna\tB-PER", f"{int(first) + 1}\tlives\tO", "", f"{first}\tBonn\tB-LOC")
    path = write("x.conllu", *lines)
    error = failure(formats.read, path, NER)
    assert error.what == "the first column numbers the words of each sentence"
    assert "`columns: [2, 3]`" in error.hint
    table = formats.read(path, chosen("2", "3"))
    assert sentences(table) == [[("Anna", "B-PER"), ("lives", "O")], BONN]


def test_header_lines(write):
    path = write("x.tsv", "Word\tPOS\tNote", "Bonn\tB-LOC\tx")
    assert sentences(formats.read(path, NER)) == [BONN]
    path = write("x.tsv", "wort\tart", "Bonn\tB-LOC")
    assert sentences(formats.read(path, chosen("wort", "art"))) == [BONN]
    assert sentences(formats.read(path, chosen("1", "2"), Form(header=True))) == [BONN]


def test_a_header_with_two_columns_of_tags(write, failure):
    path = write("x.tsv", "token\tpos\tner", "Bonn\tNNP\tB-LOC")
    error = failure(formats.read, path, NER)
    assert error.what == "more than one column may contain the tags: pos, ner"
    assert error.hint.endswith("`columns: [token, ner]`")
    assert sentences(formats.read(path, chosen("token", "ner"))) == [BONN]


def test_blank_lines_may_hold_spaces_or_tabs(write):
    path = write("x.tsv", *(f"{w}\t{t}" for w, t in ANNA), " \t", "Bonn\tB-LOC", "\t", "")
    assert sentences(formats.read(path, NER)) == [ANNA, BONN]


@pytest.mark.parametrize(
    ("lines", "what", "line"),
    [
        (("a B-PER", "b"), "the file has no labels", ""),
        (("a\tO", "b"), "1 column, expected 2 (word, tag)", ":2"),
        (("-DOCSTART- O", ""), "the file has no words", ""),
        (("# only", "# comments"), "the file has no words", ""),
    ],
)
def test_what_is_wrong(write, failure, lines: Any, what: str, line: str):
    path = write("x.conll", *lines)
    error = failure(formats.read, path, NER)
    assert (error.what, error.where) == (what, f"{path}{line}")


def test_comments_with_a_tab(write):
    """GermEval's lines with the source of each sentence."""
    path = write("x.tsv", "#\thttp://x.y", "1\tAnna\tB-PER", "2\t#\tO", "3\tlives\tO")
    assert sentences(formats.read(path, chosen("2", "3"))) == [ANNA]


def test_words_without_blank_lines(write, failure):
    path = write("x.tsv", *["a\tO"] * 1001)
    error = failure(formats.read, path, NER)
    assert error.what == "all 1,001 words are in one sentence"


@pytest.mark.parametrize(
    ("name", "lines", "columns"),
    [
        ("x.csv", ["Sentence #,Word,Tag", "Sentence: 1,Anna,B-PER", ",lives,O", "2,Bo,B-PER"], NER),
        ("x.tsv", ["sent_id\tword\ttag", "a\tAnna\tB-PER", "b\tBonn\tB-LOC"], NER),
        ("x.tsv", ["1\tAnna\tB-PER", "1\tlives\tO", "2\tBonn\tB-LOC"], chosen("2", "3")),
        ("x.conll", ["0 Anna O", "0 lives O", "1 Bonn O", "1 a O"], chosen("2", "-1")),
    ],
)
def test_sentences_that_only_a_column_numbers(
    write, failure, name: str, lines: list[str], columns: Columns
):
    error = failure(lambda: formats.read(write(name, *lines), columns))
    assert "column 1 seems to number the sentences" in error.what


def test_one_sentence_alone_is_one(write):
    path = write("x.tsv", "1\tAnna\tB-PER\t0", "2\tlives\tO\t1", "3\tBonn\tB-LOC\t1")
    assert len(formats.read(path, chosen("2", "3")).records) == 1


def test_the_line_that_lacks_its_tag_is_named(write, failure):
    path = write("x.conll", "Anna B-PER", "lives", "", "Bonn B-LOC")
    error = failure(lambda: formats.read(path, NER))
    assert error.where == f"{path}:2"
    assert "1 column" in error.what
