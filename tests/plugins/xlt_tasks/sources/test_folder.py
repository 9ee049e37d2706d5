from __future__ import annotations

import os
from pathlib import Path

import pytest

from xlt_cli.api import SPLITS
from xlt_tasks.sources.columns import SINGLE
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.folder import Folder, locate
from xlt_tasks.sources.naming import Naming


def data(path: Path) -> FileSet:
    return FileSet(Folder(path))


def test_languages_are_what_the_file_names_say(write, tmp_path: Path):
    names = ["ace_Latn", "english", "pt-br", "toba_batak", "zh-Hant", "en"]
    for name in names:
        write(f"dev-{name}.tsv", "t\tl")
    write("train-en.jsonl", "{}")
    write("test-de.parquet", "")
    folder = data(tmp_path)
    assert folder.languages("dev") == tuple(sorted(names))
    assert folder.languages("train") == ("en",)
    assert folder.languages("test") == ("de",)


def test_neighbours_are_no_languages(write, tmp_path: Path):
    for name in [
        "train-en.source.txt", "dev.ids.txt", "ns-rows.tsv", "test.reasoning.tsv", "dev-en.tsv~",
        "nli-dev-fa.tsv", "dev.xnli-lines.txt", ".dev-en.tsv", "dev-.tsv", "dev-en.xlsx", "README",
    ]:  # fmt: skip
        write(name, "x")
    (tmp_path / "dev-fr.tsv").mkdir()
    assert [data(tmp_path).languages(split) for split in SPLITS] == [(), (), ()]


def test_read(write, tmp_path: Path):
    path = write("dev-en.tsv", "t\tl")
    source, tables = data(tmp_path).read("dev", "en", SINGLE)
    assert source == str(path)
    assert [table.path for table in tables] == [path]


def test_a_missing_language(write, tmp_path: Path, failure):
    write("dev-deu_Latn.tsv", "t\tl")
    write("dev-eng_Latn.tsv", "t\tl")
    error = failure(data(tmp_path).file, "dev", "eng_latn")
    assert error.what == "there is no dev file for the language 'eng_latn'"
    assert error.where == str(tmp_path / "dev-eng_latn.tsv")
    assert error.hint == (
        "languages of this split: did you mean 'eng_Latn'? known: deu_Latn, eng_Latn"
    )


def test_a_missing_split(write, tmp_path: Path, failure):
    write("dev-en.tsv", "t\tl")
    write("test-en.tsv", "t\tl")
    error = failure(data(tmp_path).file, "train", "en")
    assert error.what == "the folder has no train files"
    assert error.where == str(tmp_path / "train-en.tsv")
    assert (
        error.hint == "it has files for dev and test; the folder contains: dev-en.tsv, test-en.tsv"
    )


def test_a_folder_without_data(tmp_path: Path, failure):
    error = failure(data(tmp_path).file, "dev", "en")
    assert error.what == "the folder has no dev files"
    assert "{train,dev,test}-LANGUAGE.tsv" in error.hint


def test_two_formats_of_the_same_data(write, tmp_path: Path, failure):
    write("dev-en.tsv", "t\tl")
    write("dev-en.jsonl", "{}")
    error = failure(data(tmp_path).file, "dev", "en")
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
    error = failure(data(tmp_path).languages, "dev")
    assert (error.what, error.where) == ("permission to read it is missing", str(tmp_path))


def test_a_missing_split_lists_what_is_there(write, tmp_path: Path, failure):
    for name in ["xnli.valid.en.tsv", "xnli.valid.de.tsv", "README.md"]:
        write(name, "t\tl")
    error = failure(data(tmp_path).file, "dev", "en")
    assert error.what == "the folder has no dev files"
    assert '`files: "xnli.{split}.{language}.tsv"` would match them' in error.hint
    assert error.hint.endswith("it contains: README.md, xnli.valid.de.tsv, xnli.valid.en.tsv")


def test_a_missing_split_under_another_name_is_told_how_it_is_stated(
    write, tmp_path: Path, failure
):
    write("train-en.tsv", "t\tl")
    write("testing-en.tsv", "t\tl")
    hint = failure(data(tmp_path).file, "test", "en").hint
    assert hint == (
        "it has files for train; `splits: {test: testing}` states other names of splits; "
        "the folder contains: testing-en.tsv, train-en.tsv"
    )
    (tmp_path / "train-en.tsv").rename(tmp_path / "Training-en.tsv")
    hint = failure(data(tmp_path).file, "test", "en").hint
    suggested = '`files: "{split}-{language}.tsv"` with `splits: {train: Training, test: testing}`'
    assert f"{suggested} would match them" in hint.replace(
        "test: testing, train: Training", "train: Training, test: testing"
    )


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path, failure):
    assert failure(data(tmp_path).file, "dev", "en").hint.endswith("it contains: nothing")


def test_files_in_folders_of_their_language(write, tmp_path: Path):
    write("de/val.tsv", "t\tl")
    write("pt-BR/val.csv", "t,l")
    write("de/notes.md", "x")
    files = FileSet(Folder(tmp_path), Naming(dict.fromkeys(SPLITS, "{language}/{split}")))
    assert files.languages("dev") == ("de", "pt-BR")
    source, tables = files.read("dev", "pt-BR", SINGLE)
    assert source == str(tmp_path / "pt-BR" / "val.csv")
    assert tables[0].records[0].inputs == ("t",)


def test_a_shard_that_is_missing(write, tmp_path: Path, failure):
    write("train-en-00000-of-00002.tsv", "t\tl")
    files = FileSet(Folder(tmp_path), Naming(dict.fromkeys(SPLITS, "{split}-{language}-*")))
    error = failure(files.read, "train", "en", SINGLE)
    assert error.what == "only 1 of the 2 files train-en-... exist"


def test_files_without_a_language(write, tmp_path: Path, failure):
    write("train.tsv", "t\tl")
    naming = Naming(dict.fromkeys(SPLITS, "{split}"))
    error = failure(FileSet(Folder(tmp_path), naming).languages, "train")
    assert error.what == "the names of the files do not contain a language"
    files = FileSet(Folder(tmp_path), naming, language="en")
    assert files.languages("train") == ("en",)
    assert files.languages("dev") == ()
    assert files.read("train", "en", SINGLE)[1][0].records[0].inputs == ("t",)
    assert "language 'de'" in failure(files.read, "train", "de", SINGLE).what


ROWS = ("text\tlabel\tlang", "a\tx\tEnglish", "b\ty\tsw", "c\tz\tEnglish")


def test_a_column_for_the_language(write, tmp_path: Path, failure):
    path = write("dev.tsv", *ROWS)
    naming = Naming(dict.fromkeys(SPLITS, "{split}"))
    files = FileSet(Folder(tmp_path), naming, language_column="lang")
    assert files.languages("dev") == ("English", "sw")
    source, tables = files.read("dev", "English", SINGLE)
    assert source == str(path)
    assert [record.inputs for record in tables[0].records] == [("a",), ("c",)]
    assert tables[0].where(tables[0].records[1]) == f"{path}:4"
    error = failure(files.read, "dev", "de", SINGLE)
    assert error.what == "there are no dev rows in the language 'de'"
    write("dev.tsv", *ROWS, "d\tx\t")
    error = failure(files.languages, "dev")
    assert (error.what, error.where) == ("the column for the language is empty", f"{path}:5")
    error = failure(FileSet(Folder(tmp_path), naming, language_column="xx").languages, "dev")
    assert "the columns xx are required; the file has: text, label, lang" in error.what


def test_any_forms_of_the_codes_in_a_column(write, tmp_path: Path):
    """One language however it is written; another script is another language."""
    forms = ("English", "en", "eng", "zh-Hans", "zho_Hant", "x-mine", "Sranan Tongo")
    write("dev.tsv", "text\tlabel\tlang", *(f"{form}\tx\t{form}" for form in forms))
    naming = Naming(dict.fromkeys(SPLITS, "{split}"))
    files = FileSet(Folder(tmp_path), naming, language_column="lang")
    assert files.languages("dev") == ("English", "Sranan Tongo", "x-mine", "zh-Hans", "zho_Hant")
    for asked in ("English", "eng", "en"):
        records = files.read("dev", asked, SINGLE)[1][0].records
        assert [record.inputs[0] for record in records] == ["English", "en", "eng"]
    records = files.read("dev", "zho_Hans", SINGLE)[1][0].records
    assert [record.inputs[0] for record in records] == ["zh-Hans"]


def test_links_that_lead_nowhere_or_back_are_left_out(tmp_path: Path) -> None:
    place = tmp_path / "data" / "sw"
    place.mkdir(parents=True)
    (place / "train-en.tsv").write_text("a\tpos\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "test-en.tsv").write_text("a\tpos\n")
    for name, target in (
        ("loop", "."), ("up", "../.."), ("itself", "itself"), ("gone", "nowhere"),
        ("other", tmp_path / "more"), ("dev-en.tsv", place / "train-en.tsv"),
    ):  # fmt: skip
        (place / name).symlink_to(target)
    names = ["dev-en.tsv", "other/test-en.tsv", "train-en.tsv", "up/more/test-en.tsv"]
    assert Folder(tmp_path / "data").names() == [f"sw/{name}" for name in names]
