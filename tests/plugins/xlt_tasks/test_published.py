from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from xlt_cli.api import UserError
from xlt_tasks.choices.xcopa import Xcopa
from xlt_tasks.panx import PanX
from xlt_tasks.parts_of_speech import MasakhaPos
from xlt_tasks.similarity import SickRelatedness
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.hub import Hub
from xlt_tasks.xnli import Xnli


def test_the_hub_without_any_folder(task):
    source = task(Xnli, revision="v1").source
    assert isinstance(source, Hub)
    assert (source.repository.name, source.revision) == ("facebook/xnli", "v1")
    assert len(task(Xnli).languages("test")) == 15


def test_the_data_folder_is_asked_for_when_data_are(write, task, tmp_path: Path, monkeypatch):
    xnli = task(Xnli)
    write("data/xnli/dev-hr.tsv", "p\th\tneutral")
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "data"))
    assert xnli.languages("dev") == ("hr",)
    assert len(xnli.load("dev", "hr").examples) == 1
    monkeypatch.delenv("XLT_DATA_DIR")
    assert len(xnli.languages("dev")) == 15


def test_a_data_folder_without_the_task(task, tmp_path: Path, monkeypatch, failure):
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    assert isinstance(task(Xnli).source, Hub)
    error = failure(task(Xnli, source="folder").languages, "dev")
    assert (error.what, error.where) == ("XLT_DATA_DIR has no folder 'xnli'", str(tmp_path))


def test_no_folder_where_one_is_wanted(task, failure):
    error = failure(task(Xnli, source="folder").load, "dev", "en")
    assert error.what == "no folder is given for the task 'xnli'"
    assert error.hint == (
        "set the task's `path`, or set XLT_DATA_DIR to a folder that contains 'xnli'"
    )


def test_a_path_comes_before_the_data_folder(write, task, tmp_path: Path, monkeypatch):
    write("data/xnli/dev-en.tsv", "p\th\tneutral")
    write("mine/dev-de.tsv", "p\th\tneutral")
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "data"))
    source = task(Xnli, path=tmp_path / "mine").source
    assert isinstance(source, FileSet)
    assert source.languages("dev") == ("de",)


def test_a_path_that_is_not_there_is_no_reason_to_go_to_the_hub(task, tmp_path: Path, failure):
    error = failure(task(Xnli, path=tmp_path / "gone").load, "dev", "en")
    assert error.what == "there is no such folder"


@pytest.mark.parametrize(
    "params",
    [{"source": "hub", "path": "x"}, {"source": "disk"}, {"revision": ""}, {"pth": "x"}],
)
def test_parameters_that_make_no_sense(task, params: dict[str, str]):
    with pytest.raises(ValidationError):
        task(Xnli, **params)


def test_labels_of_other_files_are_mapped(write, task, tmp_path: Path):
    write("test-en.tsv", "p\th\te", "p\th\t-", "p\th\tneutral")
    xnli = task(Xnli, path=tmp_path, label_map={"e": "entailment", "-": "drop"})
    rows = xnli.load("test", "en")
    assert [(e.id, e.label) for e in rows.examples] == [
        ("test-1", "entailment"),
        ("test-3", "neutral"),
    ]
    assert "rows left out by `label_map`: '-' (1)" in rows.notes


def test_a_map_to_a_label_that_the_task_lacks(task):
    with pytest.raises(UserError, match="maps to 'entailed', which is not one of the labels"):
        task(Xnli, label_map={"e": "entailed"})


def test_other_names_of_a_published_tasks_files(write, task, tmp_path: Path):
    write("xnli/xnli.valid.en.tsv", "p\th\tneutral")
    xnli = task(Xnli, path=tmp_path, files="xnli.{split}.{language}.tsv")
    assert xnli.languages("dev") == ("en",)
    assert len(xnli.load("dev", "en").examples) == 1


@pytest.mark.parametrize(
    ("of", "name", "line", "advised"),
    [
        (Xnli, "xnli/test-en.tsv", "p\th", True),
        (PanX, "panx/test-en.tsv", "word", True),
        (Xcopa, "xcopa/test-en.jsonl", '{"premise": "a", "choice1": "b", "choice2": "c", '
         '"question": "cause", "idx": 1}', True),
        (SickRelatedness, "sick/relatedness-test-en.tsv", "p\th", False),
        (MasakhaPos, "masakhapos/test-en.tsv", "word", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_path", [False, True])
def test_the_hub_is_advised_for_labels_where_the_task_can_take_them_from_there(
    write, task, tmp_path: Path, monkeypatch, failure, of, name: str, line: str, advised: bool,
    as_path: bool,
):  # fmt: skip
    folder = write(name, line, line).parent
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    made = task(of, path=folder) if as_path else task(of)
    error = failure(made.load, "test", "en")
    assert error.what == "the file has no labels"
    assert ("`source: hub`" in error.hint) == advised
