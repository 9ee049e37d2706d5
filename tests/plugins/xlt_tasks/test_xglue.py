"""XGLUE's own files: names without a suffix, rows of several texts, grades of pages by query."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api import Task
from xlt_tasks.xglue import AnswerMatching, NewsClassification, QueryAdMatching, WebPageRanking

Made = Callable[..., Task]


@pytest.mark.parametrize("folder", ["", "xglue/", "QADSM/", "xglue/xglue_full_dataset/QADSM/"])
def test_files_are_found_where_they_are_unpacked(
    write: Any, task: Made, tmp_path: Path, folder: str
) -> None:
    write(f"{folder}xglue.qadsm.en.train", "q\tt\td\tGood", "q\tt\t\tBad")
    write(f"{folder}xglue.qadsm.de.dev", 'q "1"\tTitel\tText\tBad')
    made = task(QueryAdMatching, path=tmp_path)
    assert [made.languages(split) for split in ("train", "dev", "test")] == [("en",), ("de",), ()]
    rows: Any = made.load("train", "en")
    assert [(e.texts, e.label) for e in rows.examples] == [
        (("q", "t d"), "Good"),
        (("q", "t"), "Bad"),  # the advertisement has no description
    ]
    (row,) = made.load("dev", "de").examples
    assert row.texts == ('q "1"', "Titel Text")


def test_test_files_without_labels_are_refused(
    write: Any, task: Made, tmp_path: Path, failure: Any
) -> None:
    write("xglue.nc.ru.test", "title\tbody")
    write("xglue.qam.fr.test", "question\tpassage\t2")
    assert "labels" in str(failure(task(NewsClassification, path=tmp_path).load, "test", "ru").what)
    error = failure(task(AnswerMatching, path=tmp_path).load, "test", "fr")
    assert error.what == "the label '2' is not one of the task's"
    assert error.where == f"{tmp_path / 'xglue.qam.fr.test'}:1"


def test_rows_of_one_query_are_known_by_their_ids(write: Any, task: Made, tmp_path: Path) -> None:
    lines = ("a\tt\ts\t4", "a\tt\ts\t0", "b\tt\ts\t2", "a\tt\ts\t1")
    write("xglue.wpr.pt.dev", *lines)
    rows: Any = task(WebPageRanking, path=tmp_path).load("dev", "pt")
    assert [e.id for e in rows.examples] == ["dev-1/1", "dev-1/2", "dev-2/3", "dev-3/4"]
    assert [e.label for e in rows.examples] == ["Perfect", "Bad", "Good", "Fair"]
