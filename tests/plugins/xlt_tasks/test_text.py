"""Text without labels, from files of every form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api import DataError
from xlt_tasks.parallel_text import ParallelText
from xlt_tasks.text import Text


def texts(task: Any, split: str, language: str) -> list[tuple[str, ...]]:
    return [example.texts for example in task.load(split, language).examples]


def test_lines_of_a_text_file_are_whole(write: Any, task: Any, tmp_path: Path) -> None:
    write("train-sw.txt", 'Habari "yako"?\tNzuri.', "", "text", "Karibu")
    own = task(Text, path=tmp_path)
    assert own.languages("train") == ("sw",)
    assert texts(own, "train", "sw") == [('Habari "yako"?\tNzuri.',), ("text",), ("Karibu",)]
    example = own.load("train", "sw").examples[0]
    assert (example.id, example.languages) == ("train-1", ("sw",))


@pytest.mark.parametrize(
    ("name", "lines", "params"),
    [
        ("train-en.tsv", ["one", "two"], {}),
        ("train-en.tsv", ["one\tx", "two\ty"], {}),
        ("train-en.tsv", ["label\ttext", "x\tone", "y\ttwo"], {}),
        ("train-en.tsv", ["x\tone", "y\ttwo"], {"columns": ["2"]}),
        ("train-en.csv", ["id,body", "1,one", "2,two"], {"columns": ["body"]}),
        ("train-en.jsonl", ['{"text": "one", "n": 1}', '{"text": "two"}'], {}),
        ("train-en.jsonl", ['{"sentence": "one"}', '{"sentence": "two"}'], {}),
        ("wiki_en.txt", ["one", "two"], {"files": {"train": "wiki_{language}.txt"}}),
        ("all.tsv", ["one\ten", "drei\tde", "two\ten"],
         {"files": {"train": "all.tsv"}, "columns": ["1"], "language_column": "2"}),
    ],
)  # fmt: skip
def test_other_files(
    write: Any, task: Any, tmp_path: Path, name: str, lines: list[str], params: dict[str, Any]
) -> None:
    write(name, *lines)
    assert texts(task(Text, path=tmp_path, **params), "train", "en") == [("one",), ("two",)]


def test_each_text_of_another_tasks_rows_is_a_row_once(
    write: Any, task: Any, tmp_path: Path
) -> None:
    write("train-en.tsv", "A man sleeps.\tHe rests.\tentailment", "A man sleeps.\tHe runs.\tno")
    own = task(Text, path=tmp_path, columns=["1", "2"])
    rows = own.load("train", "en")
    assert [e.texts[0] for e in rows.examples] == ["A man sleeps.", "He rests.", "He runs."]
    assert [e.id for e in rows.examples] == ["train-1-1", "train-1-2", "train-2-2"]
    assert rows.notes == ("1 row left out: their text came before",)


def test_aligned_text_keeps_every_item(write: Any, task: Any, tmp_path: Path) -> None:
    write("train-en.txt", "Yes.", "", "Yes.", "No.")
    write("train-de.txt", "Ja.", "Doch.", "Jawohl.", "Nein.")
    assert not task(Text, path=tmp_path).aligned
    own = task(Text, path=tmp_path, aligned=True)
    assert own.aligned
    ids = {x: [e.id for e in own.load("train", x).examples] for x in ("en", "de")}
    assert ids == {
        "en": ["train-1", "train-3", "train-4"],
        "de": ["train-1", "train-2", "train-3", "train-4"],
    }


def test_rows_kept_for_dev_are_not_trained_on(write: Any, task: Any, tmp_path: Path) -> None:
    write("train-en.txt", *(f"line {i}" for i in range(10)))
    own = task(Text, path=tmp_path, dev_rows=3)
    assert own.languages("dev") == ("en",)
    train, dev = (own.load(split, "en").examples for split in ("train", "dev"))
    assert [e.texts[0] for e in dev] == ["line 7", "line 8", "line 9"]
    assert [e.texts[0] for e in train] == [f"line {i}" for i in range(7)]
    assert [e.id for e in dev] == ["dev-8", "dev-9", "dev-10"]
    with pytest.raises(DataError, match="dev_rows is 10, and there are 10 rows"):
        task(Text, path=tmp_path, dev_rows=10).load("train", "en")
    write("dev-en.txt", "other")  # a split of its own counts, and nothing is kept
    assert texts(own, "dev", "en") == [("other",)]
    assert len(own.load("train", "en").examples) == 10


def test_without_a_dev_split_the_way_out_is_said(write: Any, task: Any, tmp_path: Path) -> None:
    write("train-en.txt", "line")
    own = task(Text, path=tmp_path)
    assert own.languages("dev") == ()
    assert own.missing("dev").startswith("`dev_rows: N` keeps the last N training rows for it")


def test_pairs_in_columns(write: Any, task: Any, tmp_path: Path) -> None:
    write("en-hau.tsv", "Hello\tSannu", "Bye\t ", "Hello\tSannu")
    write("en-yor.tsv", "Hello\tẸ n lẹ")
    own = task(ParallelText, path=tmp_path)
    assert own.languages("train") == ("hau", "yor")
    rows = own.load("train", "hau")
    assert [(e.texts, e.languages) for e in rows.examples] == [(("Hello", "Sannu"), ("en", "hau"))]
    assert rows.notes == (
        "1 row left out: their text came before",
        "1 row left out: they have no text",
    )
    write("train-en-zul.tsv", "Hello\tSawubona")
    assert own.languages("train") == ("zul",)  # files that say their split go first


@pytest.mark.parametrize("suffix", [".txt", ".tsv"])
def test_pairs_in_aligned_files(write: Any, task: Any, tmp_path: Path, suffix: str) -> None:
    write(f"train-es{suffix}", "Hola", "Adiós")
    write(f"train-gn{suffix}", "Mba'éichapa", "Jajotopata")
    write(f"train-ay{suffix}", "Kamisaraki")
    own = task(ParallelText, path=tmp_path, layout="files", first="spa")
    assert own.languages("train") == ("ay", "gn")
    assert texts(own, "train", "gn") == [("Hola", "Mba'éichapa"), ("Adiós", "Jajotopata")]
    with pytest.raises(DataError, match="the files have 2 and 1 rows"):
        own.load("train", "ay")


def test_blank_lines_of_aligned_files_are_lines(write: Any, task: Any, tmp_path: Path) -> None:
    write("train-en.txt", "one", "", "three")
    write("train-de.txt", "eins", "zwei", "drei")
    own = task(ParallelText, path=tmp_path, layout="files")
    assert texts(own, "train", "de") == [("one", "eins"), ("three", "drei")]


def test_named_columns_and_too_few_of_them(write: Any, task: Any, tmp_path: Path) -> None:
    write("en-de.jsonl", '{"a": "one", "b": "eins"}')
    assert texts(task(ParallelText, path=tmp_path, columns=["a", "b"]), "train", "de") == [
        ("one", "eins")
    ]
    with pytest.raises(ValueError, match="needs 2 of `columns`"):
        task(ParallelText, path=tmp_path, columns=["a"])


def test_real_parallel_text(real_data: Path, task: Any) -> None:
    own = task(ParallelText, path=Path("parallel"))
    assert own.languages("train") == ("hau", "ibo", "luo", "tsn", "yor", "zul")
    examples = own.load("train", "yor").examples
    assert 990 <= len(examples) <= 1000
    assert {e.languages for e in examples} == {("en", "yor")}
    spanish = task(ParallelText, path=Path("parallel"), first="es")
    assert spanish.languages("train") == ("aym", "gn", "nah")
