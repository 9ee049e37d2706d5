from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from xlt_tasks.text_classification import TextClassification


def test_one_text(write, task, tmp_path: Path):
    write("test-toba_batak.tsv", "NS\tgood", "t\tbad")
    own = task(TextClassification, path=tmp_path, labels=["bad", "good"])
    assert (own.labels, own.metric, own.aligned) == (("bad", "good"), "accuracy", False)
    assert own.languages("test") == ("toba_batak",)
    rows = own.load("test", "toba_batak")
    assert [(e.texts, e.label) for e in rows.examples] == [(("NS",), "good"), (("t",), "bad")]
    assert rows.notes == ()


def test_two_texts_and_labels_that_are_numbers(write, task, tmp_path: Path):
    write("test-fa.jsonl", '{"text1": "a", "text2": "b", "label": 1}')
    own = task(TextClassification, path=tmp_path, labels=["0", "1"], texts=2, aligned=True)
    assert own.aligned
    assert not TextClassification.aligned
    example = own.load("test", "fa").examples[0]
    assert (example.texts, example.label) == (("a", "b"), "1")


def test_named_columns(write, task, tmp_path: Path):
    write("test-fa.tsv", "verdict\tclaim", "true\tc")
    own = task(
        TextClassification, path=tmp_path, labels=["false", "true"], columns=["claim", "verdict"]
    )
    assert own.load("test", "fa").examples[0].texts == ("c",)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "labels"),
        ({"labels": ["a"]}, "at least 2"),
        ({"labels": ["a", "a"]}, "given twice"),
        ({"labels": ["a", ""]}, "is empty"),
        ({"labels": ["a", "b"], "texts": 3}, "texts"),
        ({"labels": ["a", "b"], "texts": 2, "columns": ["x", "y"]}, "needs 3"),
    ],
)
def test_parameters_that_make_no_sense(task, params: dict[str, object], message: str):
    with pytest.raises(ValidationError, match=message):
        task(TextClassification, path="x", **params)
