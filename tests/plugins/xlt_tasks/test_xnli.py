from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli.problems import SequenceClassification
from xlt_tasks.xnli import Xnli


def test_what_it_is(task):
    xnli = task(Xnli)
    assert xnli.labels == ("entailment", "neutral", "contradiction")
    assert (xnli.problem, xnli.metric, xnli.aligned) == (SequenceClassification, "accuracy", True)
    assert xnli.metric in xnli.problem(xnli.labels).metric_names


def test_load(write, task, tmp_path: Path):
    path = write("dev-pcm.tsv", "NS\th\tneutral", "p\th\tentailment")
    rows = task(Xnli, path=tmp_path).load("dev", "pcm")
    assert rows.source == str(path)
    assert [(e.id, e.languages) for e in rows.examples] == [("dev-2", ("pcm", "pcm"))]
    assert rows.notes == ("1 row left out: a sentence was not translated (NS)",)
    rows = task(Xnli, path=tmp_path, untranslated="keep").load("dev", "pcm")
    assert [e.id for e in rows.examples] == ["dev-1", "dev-2"]
    assert rows.notes == ("1 row kept: a sentence was not translated (NS)",)


@pytest.mark.parametrize(
    ("line", "what", "hint"),
    [
        ("p\th", "2 columns, expected 3 (premise, hypothesis, label)", "one tab"),
        ("p\t\tneutral", "text 2 is empty", "write NS"),
        ("p\th\tentailed", "the label 'entailed' is not one of the task's", "'entailment'?"),
        ("p\th\t-1", "there is no label ('-1')", "add the label"),
        ("p\th\t", "there is no label", "add the label"),
    ],
)
def test_what_can_be_wrong_with_a_line(
    write, task, tmp_path: Path, failure, line: str, what: str, hint: str
):
    path = write("test-en.tsv", "p\th\tneutral", line)
    error = failure(task(Xnli, path=tmp_path).load, "test", "en")
    assert (error.what, error.where) == (what, f"{path}:2")
    assert hint in error.hint


def test_the_files_of_all_languages_are_read_by_their_column(write, task, tmp_path: Path):
    header = "language\tgold_label\tsentence1_parse\tsentence1\tsentence2\tpairID\tlabel1"
    rows = [
        f"{code}\tneutral\t\t{code} p{n}\th\t{n}\tneutral" for code in ["ar", "de"] for n in "12"
    ]
    for split in ("dev", "test"):
        path = write(f"xnli.{split}.tsv", header, *rows)
        write(f"xnli.{split}.jsonl", "{}")
    xnli = task(Xnli, path=tmp_path)
    assert (xnli.languages("dev"), xnli.languages("train")) == (("ar", "de"), ())
    read = xnli.load("test", "de")
    assert read.source == str(path)
    assert [(e.id, e.texts[0], e.label) for e in read.examples] == [
        ("test-1", "de p1", "neutral"),
        ("test-2", "de p2", "neutral"),
    ]


def test_the_hint_on_names_without_a_language_says_that_a_column_may_have_it(
    write, task, tmp_path: Path, failure
):
    write("corpus.train.tsv", "language\tpremise\thypothesis\tlabel", "de\tp\th\tneutral")
    error = failure(task(Xnli, path=tmp_path).load, "train", "de")
    assert (
        '`files: "corpus.{split}.tsv"` with `language: CODE` (or `language_column: COLUMN` where a '
        "column says it) would match them" in error.hint
    )
