from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.mark.parametrize("name", ["sw/{}", "panx/sw/{}", "sw-{}", "rahimi/sw/{}"])
def test_the_files_of_its_source_are_read(write, task, tmp_path: Path, name: str):
    for split in ("train", "test"):
        write(name.format(split), "sw:Rais\tO", "sw:12:30\tO", "", "sw:Dar\tB-LOC", "sw:#\tI-LOC")
    write(name.format("extra"), "sw:Rais\tO")
    panx = task(PanX, path=tmp_path)
    assert [panx.languages(split) for split in ("train", "dev", "test")] == [("sw",), (), ("sw",)]
    rows = panx.load("test", "sw")
    assert [(e.tokens, e.tags) for e in rows.examples] == [
        (("Rais", "12:30"), ("O", "O")),
        (("Dar", "#"), ("B-LOC", "I-LOC")),
    ]


def test_words_with_a_colon_are_words_where_others_have_none(write, task, tmp_path: Path):
    write("dev-en.tsv", "re:mix\tO", "album\tO")
    assert task(PanX, path=tmp_path).load("dev", "en").examples[0].tokens == ("re:mix", "album")


def test_files_in_xtremes_layout_come_first(write, task, tmp_path: Path):
    write("dev-en.tsv", "a\tO")
    write("en-dev", "en:b\tO")
    assert task(PanX, path=tmp_path).load("dev", "en").examples[0].tokens == ("a",)
    named = task(PanX, path=tmp_path, files={"dev": "{language}/dev.tsv"})
    assert named.languages("dev") == ()
