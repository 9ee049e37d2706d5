"""The sets of multiple choice: in the authors' forms, on the hub, and with mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
from choice_tools import ROWS, row, write_choices

from xlt_cli.api import DataError, OfflineError, Split, Task
from xlt_tasks.choices.belebele import Belebele
from xlt_tasks.choices.xcopa import Xcopa
from xlt_tasks.choices.xstorycloze import AUTHORS, COLUMNS, XStoryCloze
from xlt_tasks.choices.xwinograd import XWinograd

Made = Callable[..., Task]
SETS: list[Any] = [Belebele, Xcopa, XStoryCloze, XWinograd]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("cls", SETS)
def test_each_choice_and_the_right_one_are_read(cls: Any, tmp_path: Path, task: Made) -> None:
    folder = write_choices(cls, tmp_path)
    made = task(cls, path=tmp_path)
    source = cls.source_language
    rows = made.load("test", source)
    assert rows.source == str(folder / f"test-{source}.jsonl")
    assert [e.right for e in rows.examples] == [n % 2 for n in range(ROWS)]  # type: ignore[attr-defined]
    for number, e in enumerate(rows.examples):
        count = 4 if cls is Belebele else 2
        assert len(e.choices) == count  # type: ignore[attr-defined]
        assert e.choices[0].startswith(f"{source} answer {number}")  # type: ignore[attr-defined]
        assert f"{source} context {number}" in e.context  # type: ignore[attr-defined]
    other = next(code for code in made.languages("test") if code != source)
    assert [e.id for e in made.load("test", other).examples] == [e.id for e in rows.examples]


def test_xcopas_questions_and_ids(tmp_path: Path, task: Made) -> None:
    write_choices(Xcopa, tmp_path)
    first, second = task(Xcopa, path=tmp_path).load("train", "en").examples[:2]
    assert first.question == "What happened as a result?"  # type: ignore[attr-defined]
    assert second.question == "What was the cause of this?"  # type: ignore[attr-defined]
    assert (first.id, second.id) == ("train-0", "train-1")
    assert "What" not in str(first.editable())


def test_xcopas_own_folders(tmp_path: Path, task: Made, write: Any) -> None:
    names: dict[Split, str] = {"dev": "val", "test": "test"}
    for split, name in names.items():
        write(f"data/et/{name}.et.jsonl", json.dumps(row("xcopa", 1, "et")))
        for path in (tmp_path, tmp_path / "data"):
            rows = task(Xcopa, path=path).load(split, "et")
            assert [e.id for e in rows.examples] == [f"{split}-1"]


def test_the_authors_files_of_xstorycloze(tmp_path: Path, task: Made, write: Any) -> None:
    own, theirs = ((*c.inputs[0], *c.targets) for c in (COLUMNS, AUTHORS))
    names = dict(zip(own, theirs, strict=True))
    for part in ("train", "eval"):
        made = row("xstorycloze", 3, "sw")
        fields = {names[name]: str(value) for name, value in made.items()}
        write(
            f"xstorycloze/spring2016.val.sw.tsv.split_20_80_{part}.tsv",
            "\t".join(fields),
            "\t".join(fields.values()),
        )
    read = task(XStoryCloze, path=tmp_path)
    parts: tuple[Split, ...] = ("train", "test")
    for split in parts:
        (example,) = read.load(split, "sw").examples
        assert (example.id, example.right) == (f"{split}-story-3", 1)  # type: ignore[attr-defined]
        assert example.context == (  # type: ignore[attr-defined]
            "sw 3 sentence 1. sw 3 sentence 2. sw 3 sentence 3. sw context 3"
        )
    assert read.languages("dev") == ()


def test_the_authors_folder_of_belebele(tmp_path: Path, task: Made, write: Any) -> None:
    write("data/swh_Latn.jsonl", json.dumps(row("belebele", 2, "swh_Latn")))
    for path in (tmp_path, tmp_path / "data"):
        read = task(Belebele, path=path)
        assert read.languages("test") == ("swh_Latn",)
        (example,) = read.load("test", "swh_Latn").examples
        assert example.id == "test-https://example.org/1-1"


def winograd(language: str, *candidates: tuple[str, bool]) -> str:
    """A row of the authors' file."""
    listed = [[text, [0, 1], text.split(), right] for text, right in candidates]
    sentence = f"{language}: it is large."
    pronoun = json.dumps(["it", [1, 2], ["it"]])
    tokens = json.dumps(sentence.split())
    return "\t".join((language, "test", "?", sentence, tokens, pronoun, json.dumps(listed)))


def test_the_authors_file_of_xwinograd(
    tmp_path: Path, task: Made, write: Any, failure: Any
) -> None:
    two = ("The trophy", False), ("suitcase", True)
    write("dataset.tsv", winograd("en", *two), winograd("jp", *two[::-1]), winograd("en", *two))
    made = task(XWinograd, path=tmp_path)
    assert made.languages("test") == ("en", "ja")
    rows: Any = made.load("test", "en")
    assert [e.id for e in rows.examples] == ["test-1", "test-2"]
    (row,) = made.load("test", "ja").examples
    assert (row.context, row.question) == ("jp: it is large.", "it")
    assert (row.choices, row.right) == (("suitcase", "The trophy"), 0)
    assert row.languages == ("ja", "ja")
    write("dataset.tsv", winograd("en", *two), winograd("en", ("a", True), ("b", True)))
    error = failure(made.load, "test", "en")
    assert error.what == "2 of the candidates are right, expected one"
    assert error.where.endswith("dataset.tsv:2")
    write("dataset.tsv", winograd("en", ("\ud83d", True), ("b", False)))
    assert "half of a surrogate pair" in failure(made.load, "test", "en").what
    write("dataset.tsv", winograd("en", *two).replace('["it", [1', "[null, [1"))
    assert failure(made.load, "test", "en").what == "the pronoun is empty"
    write("dataset.tsv", winograd("en", *two).replace("[[", "["))
    assert "not as in the authors' file" in failure(made.load, "test", "en").what


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A repository in the hub's cache, as if it had been fetched."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)

    def put(repository: str, configs: dict[str, dict[str, str]]) -> Path:
        folder = tmp_path / "hub" / f"datasets--{repository.replace('/', '--')}"
        (folder / "refs").mkdir(parents=True)
        (folder / "refs/main").write_text(COMMIT)
        snapshot = folder / "snapshots" / COMMIT
        snapshot.mkdir(parents=True)
        lines = ["---", "configs:"]
        for config, files in configs.items():
            lines += [f"- config_name: {config}", "  data_files:"]
            for split, path in files.items():
                lines += [f"  - split: {split}", f"    path: {path}"]
        (snapshot / "README.md").write_text("\n".join([*lines, "---", ""]))
        return snapshot

    return put


def test_the_hub(hub: Any, task: Made) -> None:
    configs = {c: {"eval": f"{c}/eval.jsonl", "train": f"{c}/train.jsonl"} for c in ("sw", "en")}
    snapshot = hub("juletxara/xstory_cloze", configs)
    for code in configs:
        for part in ("eval", "train"):
            (snapshot / code).mkdir(exist_ok=True)
            made = json.dumps(row("xstorycloze", 1, code))
            (snapshot / code / f"{part}.jsonl").write_text(made + "\n")
    read = task(XStoryCloze)
    assert read.languages("test") == ("en", "sw")
    rows = read.load("test", "sw")
    assert rows.source == f"juletxara/xstory_cloze@{COMMIT}"
    assert [e.id for e in rows.examples] == ["test-story-1"]
    with pytest.raises(DataError, match="no language 'de'"):
        read.load("test", "de")


def test_translations_in_xcopas_repository_are_no_languages(hub: Any, task: Made) -> None:
    files = {"test": "et/test.jsonl"}
    snapshot = hub("cambridgeltl/xcopa", {"et": files, "translation-et": files})
    (snapshot / "et").mkdir()
    (snapshot / "et/test.jsonl").write_text(json.dumps(row("xcopa", 1, "et")) + "\n")
    assert task(Xcopa).languages("test") == ("et",)


def test_the_hubs_form_of_xwinograd(hub: Any, task: Made) -> None:
    files = {code: {"test": f"{code}.jsonl"} for code in ("fr", "jp")}
    snapshot = hub("Muennighoff/xwinograd", files)
    made = {"sentence": "L'arbre est tombé car _ était vieux.", "option1": "a", "option2": "b"}
    for code in files:
        (snapshot / f"{code}.jsonl").write_text(json.dumps({**made, "answer": "2"}) + "\n")
    assert task(XWinograd).languages("test") == ("fr", "ja")
    assert len(task(XWinograd).load("test", "ja").examples) == 1
    (example,) = task(XWinograd).load("test", "fr").examples
    assert (example.choices, example.right, example.question) == (("a", "b"), 1, "")  # type: ignore[attr-defined]


def test_without_a_folder_and_without_a_network(hub: Any, task: Made) -> None:
    with pytest.raises(OfflineError):
        task(Belebele).load("test", "swh_Latn")


@pytest.mark.parametrize("written", [1, "1", " 1", 1.0, "1.0"])
def test_whole_numbers_may_be_written_as_pandas_does(
    written: Any, tmp_path: Path, task: Made
) -> None:
    row = {"premise": "It rained.", "choice1": "a", "choice2": "b", "question": "effect"}
    text = json.dumps({**row, "label": written, "idx": 0})
    (tmp_path / "test-et.jsonl").write_text(text + "\n", "utf-8")
    (example,) = task(Xcopa, path=tmp_path).load("test", "et").examples
    assert example.right == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label": True}, "the right choice is True"),
        ({"label": 0.5}, "the right choice is 0.5"),
        ({"label": 2}, "the right choice is 2, expected a number from 0 to 1"),
        ({"label": -1}, "the right choice is -1"),
        ({"label": None}, "the right choice is None"),
        ({"label": "x"}, "the right choice is 'x'"),
        ({"choice2": ""}, "choice 2 is empty"),
        ({"choice1": None}, "choice 1 is empty"),
        ({"premise": 3}, "the context is 3, expected a text"),
        ({"question": "why"}, "the question is 'why', expected cause or effect"),
        ({"question": ["cause"]}, "the question is ['cause'], expected cause or effect"),
    ],
)
def test_bad_rows_are_named(
    changes: dict[str, Any], said: str, tmp_path: Path, task: Made, failure: Any
) -> None:
    rows = [row("xcopa", 0, "en"), {**row("xcopa", 1, "en"), **changes}]
    write_choices(Xcopa, tmp_path, rows=rows)
    made = task(Xcopa, path=tmp_path)
    error = failure(lambda: made.load("test", "en"))
    assert said in error.what
    assert "test-en.jsonl:2" in error.where


@pytest.mark.parametrize(
    ("cls", "column", "said"),
    [
        (Belebele, "question", "the question is empty"),
        (Belebele, "link", "the link is empty"),
        (Belebele, "question_number", "the number of the question is empty"),
        (Xcopa, "idx", "the column 'idx' is empty"),
        (XStoryCloze, "input_sentence_2", "sentence 2 is empty"),
        (XStoryCloze, "story_id", "the id is empty"),
        (XWinograd, "pronoun", "the pronoun is empty"),
    ],
)
@pytest.mark.parametrize("nothing", [None, " "])
def test_nothing_is_refused_and_not_read_as_a_word(
    cls: Any, column: str, said: str, nothing: Any, tmp_path: Path, task: Made, failure: Any
) -> None:
    code = cls.source_language
    rows = [row(cls.name, 0, code), {**row(cls.name, 1, code), column: nothing}]
    folder = write_choices(cls, tmp_path, rows=rows)
    error = failure(task(cls, path=tmp_path).load, "test", code)
    assert error.what == said
    assert error.where == f"{folder / f'test-{code}.jsonl'}:2"


@pytest.mark.parametrize("candidates", ["a, b", None, ["a"]])
def test_candidates_are_a_list(candidates: Any, tmp_path: Path, task: Made, failure: Any) -> None:
    write_choices(
        XWinograd, tmp_path, rows=[{**row("xwinograd", 1, "en"), "candidates": candidates}]
    )
    error = failure(lambda: task(XWinograd, path=tmp_path).load("test", "en"))
    assert "expected a list of texts" in error.what


def test_missing_columns_are_named(tmp_path: Path, task: Made, failure: Any) -> None:
    write_choices(Xcopa, tmp_path, rows=[{"premise": "a", "label": 1}])
    error = failure(lambda: task(Xcopa, path=tmp_path).load("test", "en"))
    assert "choice1" in error.what


@pytest.mark.parametrize("cls", SETS)
def test_parameters_that_exclude_each_other(cls: Any, task: Made) -> None:
    with pytest.raises(ValueError, match="no effect with `source: hub`"):
        task(cls, path="x", source="hub")


@pytest.mark.parametrize(
    ("cls", "counts"),
    [
        (Xcopa, {("train", "en"): 400, ("dev", "qu"): 100, ("test", "sw"): 500}),
        (XWinograd, {("test", "en"): 1000, ("test", "fr"): 83, ("test", "zh"): 16}),
    ],
)
def test_real_data(cls: Any, counts: Any, real_data: Path, task: Made) -> None:
    made = task(cls)
    assert set(made.languages("test")) == set(cls.published_languages)
    for (split, language), count in counts.items():
        examples = made.load(split, language).examples
        assert len({e.id for e in examples}) == count


def test_a_question_is_a_text(tmp_path: Path, task: Made, failure: Any) -> None:
    rows = [row("xwinograd", 0, "en"), {**row("xwinograd", 1, "en"), "pronoun": ["it"]}]
    write_choices(XWinograd, tmp_path, rows=rows)
    error = failure(task(XWinograd, path=tmp_path).load, "test", "en")
    assert error.what == "the question is ['it'], expected a text"
    assert error.where.endswith("test-en.jsonl:2")


def test_cells_that_a_row_cannot_be_made_of_are_named(
    tmp_path: Path, task: Made, failure: Any
) -> None:
    class Joined(Xcopa):
        def row(self, cells: Any) -> Any:
            raise TypeError("can only concatenate str")

    write_choices(Xcopa, tmp_path)
    error = failure(lambda: task(Joined, path=tmp_path).load("test", "en"))
    assert error.what == "a cell is not what it should be: can only concatenate str"
    assert error.where.endswith("test-en.jsonl:1")
