from __future__ import annotations

import json

import pytest

from xlt_tasks.sources.columns import PAIR, SINGLE, WORDS
from xlt_tasks.sources.jsonl import read


def test_rows(write):
    path = write(
        "x.jsonl",
        json.dumps({"label": 2, "premise": "p\u2028\t", "hypothesis": "h", "id": 1}),
        json.dumps({"sentence1": "q", "sentence2": "i", "gold_label": "neutral"}),
    )
    table = read(path, PAIR)
    assert [(*r.inputs, r.target) for r in table.records] == [
        ("p\u2028\t", "h", 2),
        ("q", "i", "neutral"),
    ]
    assert table.where(table.records[1]) == f"{path}:2"


@pytest.mark.parametrize("name", ["ner_tags", "tags"])
def test_sentences(write, name: str):
    table = read(write("x.jsonl", json.dumps({"tokens": ["a", "b"], name: [0, 1]})), WORDS)
    record = table.records[0]
    assert (record.inputs, record.target) == ((["a", "b"],), [0, 1])
    assert table.where(record, 1) == f"{table.path}:1, word 2"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"text": "a", "label": ', "not valid JSON: Expecting value (column 24)"),
        ("[1, 2]", "a JSON list, expected an object"),
        ("", "a blank line"),
        ('{"text": "\\ud83d", "label": 0}', "an escape sequence is half of a surrogate pair"),
    ],
)
def test_a_broken_line(write, failure, line: str, what: str):
    path = write("x.jsonl", '{"text": "\\ud83d\\ude00", "label": 0}', line, '{"text": "b"}')
    error = failure(read, path, SINGLE)
    assert error.what.startswith(what)
    assert error.where == f"{path}:2"


def test_a_missing_column(write, failure):
    path = write("x.jsonl", '{"text": "a", "label": 0}', '{"title": "a", "label": 0}')
    error = failure(read, path, SINGLE)
    assert error.what == "the columns text, label are required; the file has: title, label"
    assert error.where == f"{path}:2"
    assert error.hint == (
        "rename the columns, or use sentence, or select the existing ones with `columns`"
    )


def test_a_missing_label(write, failure):
    error = failure(read, write("x.jsonl", '{"text": "a", "id": 1}'), SINGLE)
    assert error.what == "the file has no labels"
    assert "its columns are text, id" in error.hint
