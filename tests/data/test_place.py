"""What a title says of where the data are from."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import BaseModel

from xlt_cli.api import Task
from xlt_cli.data.place import place

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Params(BaseModel):
    path: Path | None = None
    dataset: str | None = None


def task(**params: Any) -> Task:
    return cast(Task, SimpleNamespace(name="xnli", params=Params(**params)))


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of data; the working directory is another."""
    (tmp_path / "data" / "xnli").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.mark.parametrize("given", ["data/xnli", "data/../data/xnli", "data", None])
def test_the_usual_folder_is_not_named_however_it_is_written(base: Path, given: str | None) -> None:
    use = task(path=base / given) if given else task()
    sources = [str(base / "data/xnli" / f"test-{x}.tsv") for x in ("en", "de")]
    assert place(use, sources) == ""


def test_a_link_to_the_usual_folder_is_the_usual_folder(base: Path) -> None:
    (base / "work" / "mine").symlink_to(base / "data" / "xnli")
    assert place(task(path="mine"), ["mine/test-en.tsv"]) == ""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{base}/data/anli/test-en.tsv", "anli/"),
        ("{base}/data/nli/anli/r3/test-en.tsv", "anli/r3/"),
        ("{base}/work/anli/test-en.tsv", "anli/"),
        ("anli/test-en.tsv", "anli/"),
        ("/somewhere/else/xnli/test-en.tsv", "else/xnli/"),
        ("/xnli/test-en.tsv", "xnli/"),
    ],
)
def test_another_folder_is_named_by_the_end_of_its_path(
    base: Path, source: str, expected: str
) -> None:
    assert place(task(path="x"), [source.format(base=base)]) == expected


def test_without_a_folder_of_data_every_folder_is_named(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XLT_DATA_DIR")
    assert place(task(), [str(base / "data/xnli/test-en.tsv")]) == "data/xnli/"


def test_a_repository_is_named_where_the_user_chose_it() -> None:
    assert place(task(), [f"facebook/xnli@{COMMIT}"]) == ""
    for revision in (COMMIT, "main"):
        assert place(task(dataset="org/anli"), [f"org/anli@{revision}"]) == "org/anli"


def test_generated_rows_are_from_nowhere_and_several_places_are_all_named(base: Path) -> None:
    assert place(task(), ["generated (xlt_tasks.mini_pawsx)"]) == ""
    assert place(task(), ["a/test-en.tsv", "b/test-de.tsv", "a/test-fr.tsv"]) == "a/, b/"


def test_several_files_of_a_language_have_their_folder_as_the_source(base: Path) -> None:
    for folder in ("data/xnli/parts", "data/anli", "work/mine"):
        (base / folder).mkdir(parents=True)
    assert place(task(), [str(base / "data/xnli"), str(base / "data/xnli/parts")]) == ""
    assert place(task(path="anli"), [str(base / "data/anli")]) == "anli/"
    assert place(task(path="mine"), ["mine"]) == "mine/"
