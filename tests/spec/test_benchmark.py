"""Definitions of benchmarks: those that ship are right, and faults have a file and a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli import registry
from xlt_cli.errors import UserError
from xlt_cli.spec.benchmark import load, names

GOOD = """title: MINE
reference: nobody
groups:
  - name: sentences
    tasks:
      - {name: NLI, task: xnli, metrics: [accuracy], languages: [en, de], rows: 5010}
"""


@pytest.mark.parametrize("name", names())
def test_those_that_ship_name_languages_that_their_tasks_have(name: str) -> None:
    for _, task in load(name).tasks:
        if task.task is not None:
            published = registry.get("task", task.task).published_languages
            assert not published or {*task.languages} <= {*published}, task.name


def test_rows_are_those_of_all_languages(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, "utf-8")
    ((group, task),) = load(str(path)).tasks
    assert (group, task.published_rows()) == ("sentences", 10020)
    path.write_text(GOOD.replace("rows: 5010", "rows: {en: 1, de: 2}"), "utf-8")
    assert load(str(path)).tasks[0][1].published_rows() == 3
    path.write_text(GOOD.replace(", rows: 5010", ""), "utf-8")
    assert load(str(path)).tasks[0][1].published_rows() is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("task: xnli", "task: xnly", "unknown task 'xnly'"),
        ("metrics: [accuracy]", "metrics: []", "metrics"),
        ("[en, de]", "[en, en]", "has en twice"),
        ("rows: 5010", "rows: {en: 5}", "differ in de"),
        ("rows: 5010", "rows: 0", "rows"),
        ("rows: 5010", "row: 5010", "row"),
        ("name: NLI, ", "", "name"),
    ],
)
def test_faults_are_refused_with_file_and_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new), "utf-8")
    with pytest.raises(UserError) as raised:
        load(str(path))
    assert said in str(raised.value)
    assert f"{path}:6" in str(raised.value)


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD + GOOD[GOOD.index("      - ") :], "utf-8")
    with pytest.raises(UserError, match="there are two tasks 'NLI'"):
        load(str(path))


def test_an_unknown_benchmark_has_a_hint() -> None:
    with pytest.raises(UserError) as raised:
        load("xtreme")
    assert "there is no benchmark 'xtreme'" in str(raised.value)
    assert "xtreme-r" in str(raised.value.hint)
