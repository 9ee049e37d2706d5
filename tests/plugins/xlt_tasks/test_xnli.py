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
