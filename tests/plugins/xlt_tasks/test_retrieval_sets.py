"""Sets of translations are read as they are published, and refused where they cannot be right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from retrieval_tools import ROWS, made, rows, write_retrieval

from xlt_cli.api import DataError
from xlt_cli.problems import Candidate, RetrievalExample
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse
from xlt_tasks.retrieval import AlignedSentences
from xlt_tasks.retrieval.bucc import Bucc
from xlt_tasks.retrieval.sib200 import Sib200Retrieval
from xlt_tasks.retrieval.tatoeba import Tatoeba


def test_tatoeba_reads_the_authors_files(tmp_path: Path) -> None:
    task = made(Tatoeba, write_retrieval(Tatoeba, tmp_path))
    assert task.languages("test") == ("deu", "fra")
    assert task.languages("dev") == ()
    first, *others = rows(task, "test", "deu")
    found = (Candidate("1", "deu sentence 0", "deu"),)
    assert first == RetrievalExample.of("test-1", "eng sentence 0", "en", found, ["1"])
    assert len(others) == ROWS - 1
    reverse = made(Tatoeba, tmp_path, query="language")
    assert rows(reverse, "test", "deu")[1].query == "deu sentence 7"
    assert rows(reverse, "test", "deu")[1].languages == ("deu", "en")


def test_tatoeba_reads_columns_and_refuses_a_sorted_side(tmp_path: Path) -> None:
    (tmp_path / "sw-en.tsv").write_text("moja\tone\nmbili\ttwo\ntatu\tthree\n", "utf-8")
    assert rows(made(Tatoeba, tmp_path), "test", "sw")[2].query == "three"
    lines = "".join(f"neno {number * 7 % 50}\tword {number:03}\n" for number in range(50))
    (tmp_path / "th-en.tsv").write_text(lines, "utf-8")
    with pytest.raises(DataError, match="alphabetical order"):
        rows(made(Tatoeba, tmp_path), "test", "th")


def test_pairs_of_another_set_may_be_sorted_by_their_translations(tmp_path: Path) -> None:
    class Proverbs(AlignedSentences):
        """Sayings and what they mean."""

        name = "proverbs"
        source_language = "swa"
        folder = "proverbs"

    lines = "".join(f"neno {number * 7 % 50}\tword {number:03}\n" for number in range(50))
    (tmp_path / "test-swa.tsv").write_text(lines, "utf-8")
    assert rows(made(Proverbs, tmp_path), "test", "swa")[2].query == "neno 14"


@pytest.mark.parametrize("pair", [("neno", None), (None, "word")])
def test_a_sentence_that_is_null_is_empty(tmp_path: Path, pair: tuple[str | None, ...]) -> None:
    lines = [json.dumps({"1": one, "2": other}) for one, other in (("moja", "one"), pair)]
    (tmp_path / "sw-en.jsonl").write_text("\n".join(lines), "utf-8")
    with pytest.raises(DataError, match="a sentence of the pair is empty") as caught:
        rows(made(Tatoeba, tmp_path), "test", "sw")
    assert caught.value.where.endswith("pair 2")


@pytest.mark.parametrize("fault", ["lines", "language", "empty"])
def test_tatoeba_says_what_is_wrong(tmp_path: Path, fault: str) -> None:
    task = made(Tatoeba, write_retrieval(Tatoeba, tmp_path))
    english = task.params.path / "tatoeba.deu-eng.eng"
    if fault == "lines":
        english.write_text("one line\n", "utf-8")
    elif fault == "empty":
        english.write_text("a\n\nc\nd\ne\nf\n", "utf-8")
    what = {"lines": "6 and 1 lines", "language": "no test file", "empty": "is empty"}[fault]
    with pytest.raises(DataError, match=what):
        rows(task, "test", "swe" if fault == "language" else "deu")


def test_sib200_pairs_each_language_with_the_pivot(tmp_path: Path) -> None:
    folder = write_retrieval(Sib200Retrieval, tmp_path)
    task = made(Sib200Retrieval, folder)
    assert task.languages("train") == ("deu_Latn", "swh_Latn")
    second = rows(task, "train", "swh_Latn")[1]
    assert (second.query, second.candidates[0].text) == ("swh_Latn train 7", "eng_Latn train 7")
    other = made(Sib200Retrieval, folder, pivot="deu_Latn")
    assert rows(other, "test", "swh_Latn")[1].languages == ("swh_Latn", "deu_Latn")
    (folder / "test-swh_Latn.tsv").write_text("only one\tsports\n", "utf-8")
    with pytest.raises(DataError, match="its sentences are not those of 'eng_Latn'"):
        rows(task, "test", "swh_Latn")


def test_bucc_has_each_sentence_once_and_pairs_side_by_side(tmp_path: Path) -> None:
    task = made(Bucc, write_retrieval(Bucc, tmp_path))
    assert task.languages("test") == ("de", "fr")
    assert task.languages("train") == ()
    examples = rows(task, "dev", "de")
    assert [e.id for e in examples[:6]] == [f"de-{n}" for n in range(1, 7)]
    found = [candidate.key for e in examples for candidate in e.candidates]
    assert sorted(found) == [f"en-{n}" for n in range(1, 9)]
    assert {e.id: e.relevant for e in examples if e.relevant} == {
        "de-2": ("en-7",),
        "de-5": ("en-1",),
    }
    assert examples[1].candidates[0].key == "en-7"
    assert [bool(e.query) for e in examples] == [True] * 6 + [False] * 2


def test_a_sentence_of_bucc_may_have_several_translations(tmp_path: Path) -> None:
    folder = write_retrieval(Bucc, tmp_path)
    (folder / "de-en.dev.gold").write_text("de-2\ten-7\nde-5\ten-1\nde-2\ten-3\n", "utf-8")
    examples = rows(made(Bucc, folder), "dev", "de")
    assert examples[1].relevant == ("en-7", "en-3")
    assert [candidate.key for candidate in examples[1].candidates] == ["en-7", "en-3"]
    found = [candidate.key for e in examples for candidate in e.candidates]
    assert sorted(found) == [f"en-{n}" for n in range(1, 9)]


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("de-en.dev.gold", "de-2\ten-99\n", "no sentences of a gold pair"),
        ("de-en.dev.gold", "de-2 en-7\n", "two fields"),
        ("de-en.dev.gold", "de-2\ten-7\t1\n", "two fields"),
        ("de-en.dev.de", "de-1\ta\tb\n", "two fields"),
        ("de-en.dev.de", "de-1\t\n", "two fields"),
        ("de-en.dev.de", "de-1\ta\nde-2\tb\nde-1\tc\n", "the id 'de-1' occurs twice"),
    ],
)
def test_bucc_says_what_is_wrong(tmp_path: Path, file: str, text: str, what: str) -> None:
    folder = write_retrieval(Bucc, tmp_path)
    (folder / file).write_text(text, "utf-8")
    with pytest.raises(DataError, match=what):
        rows(made(Bucc, folder), "dev", "de")


@pytest.mark.parametrize("name", ["bucc", "tatoeba"])
def test_the_pivot_of_a_set_is_no_language_of_it_and_no_fault_of_its_plugin(
    tmp_path: Path, name: str
) -> None:
    task = {"bucc": Bucc, "tatoeba": Tatoeba}[name]
    folder = write_retrieval(task, tmp_path)
    assert made(task, folder).row_languages("en") == ("en",)
    stage = {"task": {"name": name, "path": str(folder)}, "max_steps": 2}
    text = json.dumps({"encoder": "mbert", "stages": [stage]})
    experiment = resolve(Source(parse(text, Path("spec.yaml")), text))
    assert experiment.stages[0].sources[0].languages == ("en",)  # of which there are no rows
