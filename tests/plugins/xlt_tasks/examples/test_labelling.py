from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli.api import TokenExample
from xlt_tasks.examples.labelling import build_sentences
from xlt_tasks.sources.table import Record, Table

TAGS = ("O", "B-PER", "I-PER")


def table(*sentences: tuple[object, object], unit: str = "word") -> Table:
    records = tuple(Record(10 * i, (words,), tags) for i, (words, tags) in enumerate(sentences, 1))
    return Table(Path("x.tsv"), records, unit=unit)


def test_sentences():
    tables = [table((["A", "\u00a0"], ["B-PER", "O"])), table((["c"], [2]))]
    examples, notes = build_sentences(tables, "dev", "af", TAGS, {"2": "I-PER"})
    assert examples == (
        TokenExample("dev-1", ("A", "\u00a0"), ("B-PER", "O"), ("af",)),
        TokenExample("dev-2", ("c",), ("I-PER",), ("af",)),
    )
    assert notes == ("read by `tag_map`: '2' as 'I-PER' (1)",)


def test_sentences_are_left_out_by_a_map_and_ids_stay():
    tables = [table((["a", "b"], ["O", "?"]), (["c"], ["B-DATE"]))]
    examples, notes = build_sentences(tables, "dev", "af", TAGS, {"?": "drop", "B-DATE": "O"})
    assert examples == (TokenExample("dev-2", ("c",), ("O",), ("af",)),)
    assert "sentences with a tag left out by `tag_map`: '?' (1)" in notes


def test_all_unknown_tags_are_listed_at_once(failure):
    tables = [table((["a", "b"], ["B-DATE", "O"]), (["c", "d"], ["B-DATE", "B-GPE"]))]
    error = failure(build_sentences, tables, "dev", "af", TAGS)
    assert error.what == "2 labels are not labels of the task: 'B-DATE' (2), 'B-GPE' (1)"
    assert error.where == "x.tsv:10"


@pytest.mark.parametrize(
    ("words", "tags", "what", "where"),
    [
        (["a", "b"], ["O", "B-LOC"], "the label 'B-LOC' is not one of the task's", "x.tsv:21"),
        (["a", "b"], ["O", ""], "there is no label", "x.tsv:21"),
        (["a", ""], ["O", "O"], "the word is empty", "x.tsv:21"),
        (["a", 5], ["O", "O"], "the word is 5", "x.tsv:21"),
        (["a"], ["O", "O"], "1 words but 2 tags", "x.tsv:20"),
        ([], [], "the sentence has no words", "x.tsv:20"),
        ("ab", ["O", "O"], "words and tags must be lists", "x.tsv:20"),
        (["a"], None, "words and tags must be lists", "x.tsv:20"),
    ],
)
def test_what_is_wrong_with_a_sentence(failure, words: object, tags: object, what: str, where: str):
    tables = [table((["a"], ["O"]), (words, tags))]
    error = failure(build_sentences, tables, "dev", "af", TAGS)
    assert (error.what, error.where) == (what, where)


def test_the_place_of_a_word_in_a_file_without_lines(failure):
    tables = [table((["a", "b"], ["O", 3]), unit="row")]
    error = failure(build_sentences, tables, "dev", "af", TAGS)
    assert error.where == "x.tsv: row 10, word 2"
