"""Lexicons are read once; a broken one is refused with its place."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from xlt_cli.api import DataError
from xlt_perturbations.lexicon import (
    default_path,
    given_path,
    read_dictionary,
    read_neighbors,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lexicon"


def test_neighbours_are_kept_in_order_without_the_word_itself(file: Path) -> None:
    file.write_text('{"a": ["b", "a", "c", "b"], "d": []}', "utf-8")
    found = read_neighbors(file)
    assert found.entries == {"a": ("b", "c"), "d": ()}
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert read_neighbors(file) is found, "a file is read once"


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ('{"a": ["b"],\n "c" ["d"]}', "this is not JSON: Expecting ':' delimiter", ":2"),
        ("", "this is not JSON: Expecting value", ":1"),
        ('["a"]', "expected a JSON object of words", ""),
        ('{"a": "bc"}', "the neighbours of 'a' are not a list of words", ""),
        ('{"a": [1]}', "the neighbours of 'a' are not a list of words", ""),
        ('{"a": ["two words"]}', "the neighbours of 'a' are not a list of words", ""),
        ('{"a": [""]}', "the neighbours of 'a' are not a list of words", ""),
    ],
)
def test_broken_neighbours_are_refused(file: Path, text: str, what: str, line: str) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(DataError) as caught:
        read_neighbors(file)
    assert (caught.value.what, caught.value.where) == (what, f"{file}{line}")


def test_a_dictionary_has_a_line_for_each_translation(file: Path) -> None:
    file.write_bytes("\ufeffthe\tder\nThe\tdie\r\nthe\tder\n\nstate\tzwei\x85 Wörter\n".encode())
    assert read_dictionary(file).entries == {"the": ("der", "die"), "state": ("zwei\x85 Wörter",)}


@pytest.mark.parametrize("line", ["the", "the\tder\tdie", "the\t", "\tder", "the der"])
def test_broken_lines_of_a_dictionary_are_refused(file: Path, line: str) -> None:
    file.write_text(f"a\tein\n\n{line}\n", "utf-8")
    with pytest.raises(DataError) as caught:
        read_dictionary(file)
    assert caught.value.what == f"expected a word, a tab and its translation, not {line!r}"
    assert caught.value.where == f"{file}:3"


def test_an_empty_dictionary_is_refused(file: Path) -> None:
    file.write_text("\n")
    with pytest.raises(DataError, match="the dictionary is empty"):
        read_dictionary(file)


def test_files_that_cannot_be_read_are_refused(file: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_dictionary(file)
    assert caught.value.what == "cannot read the file: No such file or directory"
    file.write_bytes(b"a\tb\n\xff\tc\n")
    with pytest.raises(DataError) as caught:
        read_dictionary(file)
    assert (caught.value.what, caught.value.where) == ("the file is not UTF-8", f"{file}:2")


def test_paths_are_looked_up_in_the_data_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XLT_DATA_DIR", raising=False)
    assert default_path("x.json") is None
    assert given_path(Path("x.json")) == Path("x.json")
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "data"))
    assert default_path("x.json") == tmp_path / "data" / "lexicons" / "x.json"
    assert given_path(Path("x.json")) == tmp_path / "data" / "x.json"
    (tmp_path / "x.json").touch()
    assert given_path(Path("x.json")) == Path("x.json")
