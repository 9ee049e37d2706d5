from __future__ import annotations

import re
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


def test_numbers_are_not_mapped_by_the_order_of_the_labels(write, task, tmp_path: Path, failure):
    """A file that calls entailment 2, and says so nowhere."""
    write("test-en.jsonl", '{"text": "a", "label": 2}', '{"text": "b", "label": 0}')
    labels = ["entailment", "neutral", "contradiction"]
    error = failure(task(TextClassification, path=tmp_path, labels=labels).load, "test", "en")
    assert error.what == "2 labels are not labels of the task: '2' (1), '0' (1)"
    assert "the file does not define what its numbers stand for" in error.hint
    stated = {0: "contradiction", 1: "neutral", 2: "entailment"}
    own = task(TextClassification, path=tmp_path, labels=labels, label_map=stated)
    rows = own.load("test", "en")
    assert [e.label for e in rows.examples] == ["entailment", "contradiction"]


def test_a_map_drops_rows_and_keeps_their_numbers(write, task, tmp_path: Path):
    write("test-en.tsv", "a\t-", "b\tneg", "c\tpos")
    stated = {"neg": "bad", "pos": "good", "-": "drop"}
    own = task(TextClassification, path=tmp_path, labels=["bad", "good"], label_map=stated)
    rows = own.load("test", "en")
    assert [(e.id, e.label) for e in rows.examples] == [("test-2", "bad"), ("test-3", "good")]
    assert rows.notes[0] == "rows left out by `label_map`: '-' (1)"


def test_keys_that_yaml_reads_as_truth_values(write, task, tmp_path: Path):
    write("test-en.jsonl", '{"text": "a", "label": true}', '{"text": "b", "label": false}')
    own = task(
        TextClassification,
        path=tmp_path,
        labels=["no", "yes"],
        label_map={True: "yes", False: "no"},
    )
    assert [e.label for e in own.load("test", "en").examples] == ["yes", "no"]


def test_one_file_with_a_column_for_the_language(write, task, tmp_path: Path):
    write("validation.csv", "lang,text,label", "de,a,x", "sw,b,y", "de,c,y")
    own = task(TextClassification, path=tmp_path, labels=["x", "y"], language_column="lang")
    assert own.languages("dev") == ("de", "sw")
    examples = own.load("dev", "de").examples
    assert [(e.id, e.texts, e.languages) for e in examples] == [
        ("dev-1", ("a",), ("de",)),
        ("dev-2", ("c",), ("de",)),
    ]


def test_files_of_one_language(write, task, tmp_path: Path):
    write("train.tsv", "a\tx")
    write("eval.tsv", "b\ty")
    params = {"labels": ["x", "y"], "language": "en", "splits": {"dev": "eval"}}
    own = task(TextClassification, path=tmp_path, **params)
    assert [own.languages(split) for split in ("train", "dev", "test")] == [("en",), ("en",), ()]
    assert own.load("dev", "en").examples[0].texts == ("b",)


def test_a_pattern_for_each_split(write, task, tmp_path: Path):
    write("english.tsv", "a\tx")
    write("eval/sw.tsv", "b\ty")
    files = {"train": "english.tsv", "test": "eval/{language}.tsv"}
    own = task(TextClassification, path=tmp_path, labels=["x", "y"], files=files, language="en")
    assert (own.languages("train"), own.languages("dev")) == (("en",), ())
    assert own.languages("test") == ("sw",)
    assert own.load("test", "sw").examples[0].texts == ("b",)


def test_quoting_is_said_with_the_results(write, task, tmp_path: Path):
    write("test-en.tsv", '"a ""b"" c"\tx', "d\ty")
    own = task(TextClassification, path=tmp_path, labels=["x", "y"])
    rows = own.load("test", "en")
    assert rows.examples[0].texts == ('a "b" c',)
    assert rows.notes == (
        "test-en.tsv: quoted as in CSV; the quotation marks around 1 field were removed",
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"label_map": {"e": "entailment"}},
            "maps to 'entailment', which is not one of the labels",
        ),
        ({"files": "{lang}/{split}.tsv"}, "{lang}"),
        ({"files": "{language}.tsv"}, "no {split}"),
        ({"files": "{language}/{split}.tsv", "language_column": "lang"}, "in one way"),
        ({"language": "en", "language_column": "lang"}, "not both"),
        ({"quoting": "maybe"}, "quoting"),
        ({"splits": {"eval": "x"}}, "splits"),
    ],
)
def test_file_parameters_that_make_no_sense(task, params: dict[str, object], message: str):
    with pytest.raises(ValidationError, match=re.escape(message)):
        task(TextClassification, path="x", labels=["a", "b"], **params)


def test_a_header_that_is_not_known(write, task, tmp_path: Path, failure):
    path = write("test-en.csv", "review,sentiment", "a,good", "b,bad")
    params = {"path": tmp_path, "labels": ["bad", "good"]}
    error = failure(task(TextClassification, **params).load, "test", "en")
    assert error.what == "the label 'sentiment' is not one of the task's"
    assert error.where == f"{path}:1"
    assert "`columns: [review, sentiment]`" in error.hint
    own = task(TextClassification, columns=["review", "sentiment"], **params)
    assert [e.label for e in own.load("test", "en").examples] == ["good", "bad"]


def test_the_first_of_many_unknown_labels_is_no_header(write, task, tmp_path: Path, failure):
    write("test-en.tsv", "a\te", "b\tn", "c\te")
    own = task(TextClassification, path=tmp_path, labels=["bad", "good"])
    hint = failure(own.load, "test", "en").hint
    assert "header" not in hint
    assert "`label_map: {'e': LABEL, ...}`" in hint
