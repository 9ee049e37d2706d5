from __future__ import annotations

import os
from pathlib import Path

import pytest

from xlt_tasks.sources.folder import Folder, locate, scan
from xlt_tasks.sources.table import SINGLE


def test_languages_are_what_the_file_names_say(write, tmp_path: Path):
    names = ["ace_Latn", "english", "pt-br", "toba_batak", "zh-Hant", "en"]
    for name in names:
        write(f"dev-{name}.tsv", "t\tl")
    write("train-en.jsonl", "{}")
    write("test-de.parquet", "")
    folder = Folder(tmp_path)
    assert folder.languages("dev") == tuple(sorted(names))
    assert folder.languages("train") == ("en",)
    assert folder.languages("test") == ("de",)


def test_neighbours_are_no_languages(write, tmp_path: Path):
    for name in [
        "train-en.source.txt", "dev.ids.txt", "ns-rows.tsv", "test.reasoning.tsv", "dev-en.tsv~",
        "nli-dev-fa.tsv", "dev.xnli-lines.txt", ".dev-en.tsv", "dev-.tsv", "val-en.tsv", "README",
    ]:  # fmt: skip
        write(name, "x")
    (tmp_path / "dev-fr.tsv").mkdir()
    assert scan(tmp_path) == {}


def test_read(write, tmp_path: Path):
    path = write("dev-en.tsv", "t\tl")
    source, tables = Folder(tmp_path).read("dev", "en", SINGLE)
    assert source == str(path)
    assert [table.path for table in tables] == [path]


def test_a_missing_language(write, tmp_path: Path, failure):
    write("dev-deu_Latn.tsv", "t\tl")
    write("dev-eng_Latn.tsv", "t\tl")
    error = failure(Folder(tmp_path).file, "dev", "eng_latn")
    assert error.what == "there is no dev file for the language 'eng_latn'"
    assert error.where == str(tmp_path / "dev-eng_latn.tsv")
    assert error.hint == (
        "languages of this split: did you mean 'eng_Latn'? known: deu_Latn, eng_Latn"
    )


def test_a_missing_split(write, tmp_path: Path, failure):
    write("dev-en.tsv", "t\tl")
    write("test-en.tsv", "t\tl")
    error = failure(Folder(tmp_path).file, "train", "en")
    assert error.what == "the folder has no train files"
    assert error.where == str(tmp_path / "train-en.tsv")
    assert error.hint == "it has files for dev and test"


def test_a_folder_without_data(tmp_path: Path, failure):
    error = failure(Folder(tmp_path).file, "dev", "en")
    assert error.what == "the folder has no dev files"
    assert "{train,dev,test}-LANGUAGE.tsv" in error.hint


def test_two_formats_of_the_same_data(write, tmp_path: Path, failure):
    write("dev-en.tsv", "t\tl")
    write("dev-en.jsonl", "{}")
    error = failure(Folder(tmp_path).file, "dev", "en")
    assert error.what == "two files for the same data: dev-en.jsonl and dev-en.tsv"
    assert error.where == str(tmp_path)


def test_locate_the_files_or_a_folder_of_the_tasks_name(write, tmp_path: Path):
    write("xnli/dev-en.tsv", "t\tl")
    assert locate(tmp_path, "xnli").path == tmp_path / "xnli"
    assert locate(tmp_path / "xnli", "xnli").path == tmp_path / "xnli"
    assert locate(tmp_path).path == tmp_path
    write("dev-en.tsv", "t\tl")
    assert locate(tmp_path, "xnli").path == tmp_path


def test_a_relative_path_is_also_looked_up_in_the_data_folder(
    write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write("data/indonli/dev-id.tsv", "t\tl")
    write("here/own/dev-id.tsv", "t\tl")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "data"))
    assert locate(Path("indonli")).path == tmp_path / "data" / "indonli"
    assert locate(Path("own")).path == Path("own")


def test_a_folder_that_is_not_there(tmp_path: Path, failure):
    error = failure(locate, tmp_path / "gone")
    assert (error.what, error.where) == ("there is no such folder", str(tmp_path / "gone"))
    assert "{train,dev,test}-LANGUAGE.tsv" in error.hint


def test_a_file_for_a_folder(write, failure):
    path = write("dev-en.tsv", "t\tl")
    error = failure(locate, path)
    assert (error.what, error.where) == ("this is a file, not a folder", str(path))


def test_a_data_folder_that_is_not_there(tmp_path: Path, failure, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "gone"))
    error = failure(locate, Path("xnli"))
    assert (error.what, error.where) == ("XLT_DATA_DIR is not a folder", str(tmp_path / "gone"))
    assert locate(tmp_path).path == tmp_path, "a path that is there needs no XLT_DATA_DIR"


def test_no_permission(tmp_path: Path, failure, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)  # chmod does not stop root
    error = failure(Folder(tmp_path).languages, "dev")
    assert (error.what, error.where) == ("there is no permission to read it", str(tmp_path))
