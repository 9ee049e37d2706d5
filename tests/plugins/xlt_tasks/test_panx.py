from __future__ import annotations

from pathlib import Path

from xlt_cli.problems import TokenLabelling
from xlt_tasks.panx import PanX


def test_what_it_is(task):
    panx = task(PanX)
    assert panx.labels == ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
    assert (panx.problem, panx.metric, panx.aligned) == (TokenLabelling, "f1", False)
    assert panx.metric in panx.problem(panx.labels).metric_names
    assert len(set(panx.languages("test"))) == len(panx.languages("test")) == 48


def test_load(write, task, tmp_path: Path, failure):
    path = write("dev-af.tsv", "Kaap\tB-LOC", "toe\tO", "", "hier\tO")
    panx = task(PanX, path=tmp_path)
    rows = panx.load("dev", "af")
    assert [(e.id, e.tokens, e.tags, e.languages) for e in rows.examples] == [
        ("dev-1", ("Kaap", "toe"), ("B-LOC", "O"), ("af",)),
        ("dev-2", ("hier",), ("O",), ("af",)),
    ]
    write("dev-af.tsv", "Kaap\tB-LOC", "1990\tB-DATE")
    error = failure(panx.load, "dev", "af")
    assert error.what == "the label 'B-DATE' is not one of the task's"
    assert error.where == f"{path}:2"
