"""Published sets on small files in their form: names of files, ids, slices, rows without a text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from set_tools import ROWS, rows, write_published, write_set

from xlt_cli import registry
from xlt_cli.api import NOT_STATED, SPLITS, DataError, Task, UserError
from xlt_tasks.file_tasks import (
    ChoiceTask,
    FileTask,
    IntentTask,
    Release,
    ScoreTask,
    SlicedTask,
    WordTask,
)
from xlt_tasks.nli.americasnli import AmericasNli
from xlt_tasks.nli.heuristics import HansRegenerated
from xlt_tasks.nli.monotonicity import Med
from xlt_tasks.nli.native import IndoNli, Ocnli
from xlt_tasks.nli.sick import Sick
from xlt_tasks.nli.xnli_slices import TaxiXnli, XnliGenres
from xlt_tasks.nli.xnli_translations import XnliAfricanMt, XnliTranslateTrain
from xlt_tasks.published import PublishedTask
from xlt_tasks.question_answering.base import QuestionAnswering
from xlt_tasks.retrieval.base import RetrievalTask

Made = Callable[..., Task]
SHIPPED = {e.name: e.plugin for e in registry.entries("task") if e.plugin}
SETS = {
    name: plugin
    for name, plugin in SHIPPED.items()
    if issubclass(plugin, FileTask) and not issubclass(plugin, (ChoiceTask, QuestionAnswering))
}
PUBLISHED_TASKS = [
    name for name, plugin in SHIPPED.items() if issubclass(plugin, (FileTask, PublishedTask))
]
PAIR = "premise {0}\thypothesis {0}\t{1}"


def ids(task: Task, split: Any, language: str) -> list[str]:
    return [example.id for example in task.load(split, language).examples]


@pytest.mark.parametrize("name", PUBLISHED_TASKS)
def test_every_published_task_says_what_its_data_are(name: str) -> None:
    task: Any = SHIPPED[name]
    assert task.licence
    assert task.origin or name == "mahaparaphrase"  # its source does not tell
    assert task.family
    assert task.published_languages or name in ("tatoeba", "ud")  # more than a list is kept up for
    assert task.reference
    assert task.origin != "machine-translated" or "by a machine" in task.summary
    assert NOT_STATED in task.licence or "not " not in task.licence


@pytest.mark.parametrize("name", SETS)
def test_labels_are_those_of_the_family_or_are_mapped_to_them(name: str) -> None:
    task: Any = SETS[name]
    if task.family not in ("nli", "paraphrase", "sentiment"):
        return
    alike = [t for t in SHIPPED.values() if t.family == task.family and t in SETS.values()]
    largest: Any = max((tuple(t.labels) for t in alike), key=len)
    if set(task.labels) != set(largest):
        from xlt_cli.problems.collapse import fitting

        assert fitting([task.collapse], largest, task.labels)


def test_a_folder_is_named_itself_or_one_that_holds_it(
    tmp_path: Path, task: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_set(IndoNli, tmp_path)
    assert folder == tmp_path / "indonli"
    rows = task(IndoNli, path=folder).load("dev", "id")
    assert task(IndoNli, path=tmp_path).load("dev", "id") == rows
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    assert task(IndoNli).load("dev", "id") == rows
    assert task(IndoNli, path="indonli").load("dev", "id") == rows
    assert rows.source == str(folder / "dev-id.tsv")


def test_a_missing_folder_is_an_error_with_a_hint(
    tmp_path: Path, task: Made, failure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "XLT_DATA_DIR" in failure(task(IndoNli).check).hint
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    assert "no folder 'indonli'" in failure(task(IndoNli).check).what
    assert "no such folder" in failure(task(IndoNli, path=tmp_path / "x").check).what


def test_files_of_other_tasks_in_the_folder_are_left_alone(tmp_path: Path, task: Made) -> None:
    write_set(Ocnli, tmp_path)
    (tmp_path / "nli_zh" / "diagnostics-zh.tsv").write_text("a\tb\tneutral\tx\n", "utf-8")
    ocnli = task(Ocnli, path=tmp_path)
    assert ocnli.languages("train") == ("zh",)
    other = task(SHIPPED["nli-diagnostics-zh"], path=tmp_path)
    assert other.languages("test") == ("zh",)
    assert other.languages("train") == ()
    write_set(Sick, tmp_path)
    (tmp_path / "sick" / "test-ja.tsv").write_text("a\tb\tneutral\n", "utf-8")
    assert task(Sick, path=tmp_path).languages("test") == ("en", "nl", "pl")
    assert task(SHIPPED["jsick"], path=tmp_path).languages("test") == ("ja",)
    with pytest.raises(DataError, match="no language 'ja'"):
        task(Sick, path=tmp_path).load("test", "ja")


def test_rows_without_a_text_are_left_out_with_a_note(write: Any, tmp_path: Path, task: Made):
    lines = [PAIR.format(1, "neutral"), "NS\tb\tneutral", "\tb\tneutral", PAIR.format(4, "neutral")]
    write("dev-pcm.tsv", *lines)
    rows = task(XnliAfricanMt, path=tmp_path).load("dev", "pcm")
    assert [e.id for e in rows.examples] == ["dev-1", "dev-4"]
    assert rows.notes == ("2 rows left out: a sentence was not translated (NS or empty)",)
    write("dev-id.tsv", *lines)
    rows = task(IndoNli, path=tmp_path).load("dev", "id")
    assert [e.id for e in rows.examples] == ["dev-1", "dev-2", "dev-4"]  # NS is a text here
    assert rows.notes == ("1 row left out: a text is empty",)


def test_an_unknown_label_is_refused_and_not_guessed(write: Any, tmp_path: Path, task: Made):
    write("dev-id.tsv", PAIR.format(1, "neutral"), PAIR.format(2, "1"))
    with pytest.raises(DataError, match="the label '1' is not one of the task's"):
        task(IndoNli, path=tmp_path).load("dev", "id")


def test_quotation_marks_are_text(write: Any, tmp_path: Path, task: Made) -> None:
    write("dev-id.tsv", '"a, ""b"""\t"c"\tneutral', '"d"\t"e"\tneutral')
    rows = task(IndoNli, path=tmp_path).load("dev", "id")
    assert [e.texts for e in rows.examples] == [('"a, ""b"""', '"c"'), ('"d"', '"e"')]


def test_americasnli_has_the_ids_of_the_rows_that_it_translates(
    write: Any, tmp_path: Path, task: Made
) -> None:
    for name in ("dev-gn", "dev-oto", "test-gn", "test-cni", "test-nah"):
        write(f"{name}.tsv", *(PAIR.format(i, "neutral") for i in range(2)))
    americas = task(AmericasNli, path=tmp_path)
    assert ids(americas, "dev", "gn") == ["dev-americas-1", "dev-americas-2"]
    write("dev.xnli-lines.txt", "7", "12")
    assert ids(americas, "dev", "gn") == ["dev-7", "dev-12"]
    assert ids(americas, "dev", "oto") == ["dev-oto-1", "dev-oto-2"]
    assert ids(americas, "test", "gn") == ids(americas, "test", "cni")
    assert ids(americas, "test", "gn") == ["test-americas-1", "test-americas-2"]
    assert ids(americas, "test", "nah") == ["test-nah-1", "test-nah-2"]


def test_a_list_of_ids_of_another_version_is_refused(
    write: Any, tmp_path: Path, task: Made, failure: Any
) -> None:
    write("dev-gn.tsv", *(PAIR.format(i, "neutral") for i in range(3)))
    write("dev.xnli-lines.txt", "7", "12")
    error = failure(task(AmericasNli, path=tmp_path).load, "dev", "gn")
    assert "names 2 rows, and the data have more" in error.what
    assert error.where.endswith("dev.xnli-lines.txt")


def test_a_file_of_slices_that_is_missing_is_named(
    tmp_path: Path, task: Made, failure: Any
) -> None:
    folder = write_set(TaxiXnli, tmp_path)
    (folder / "test.reasoning.tsv").unlink()
    error = failure(task(TaxiXnli, path=tmp_path).load, "test", "en")
    assert error.where.endswith("test.reasoning.tsv")
    assert error.hint


def test_translated_training_rows_have_the_numbers_of_multinlis(
    write: Any, tmp_path: Path, task: Made
) -> None:
    write("train-sw.tsv", PAIR.format(1, "neutral"), PAIR.format(2, "entailment"))
    write("train.mnli-lines.txt", "9001", "7112", "3444")
    assert ids(task(XnliTranslateTrain, path=tmp_path), "train", "sw") == ["mnli-9001", "mnli-7112"]


@pytest.mark.parametrize(
    ("cls", "split", "slice_", "rows"),
    [
        (HansRegenerated, "test", "c", 6),
        (HansRegenerated, "test", ["a"], 6),
        (Med, "test", ["b", "c"], 12),
        (XnliGenres, "dev", "fiction", 6),
        (TaxiXnli, "test", "negation", 2),
        (TaxiXnli, "test", ["causal"], 1),
    ],
)
def test_a_slice_is_read_alone_and_rows_keep_their_ids(
    tmp_path: Path, task: Made, cls: type[FileTask], split: Any, slice_: Any, rows: int
) -> None:
    write_set(cls, tmp_path)
    everything = task(cls, path=tmp_path, slice=None)
    language = everything.languages(split)[0]
    part = task(cls, path=tmp_path, slice=slice_).load(split, language)
    assert len(part.examples) == rows
    assert set(part.examples) <= set(everything.load(split, language).examples)
    assert any(note.startswith(f"only the {rows} row") for note in part.notes)


def test_taxi_xnli_has_annotated_rows_by_default(tmp_path: Path, task: Made) -> None:
    write_set(TaxiXnli, tmp_path)
    assert ids(task(TaxiXnli, path=tmp_path), "test", "en") == ["test-2", "test-3", "test-5"]


def test_null_is_no_slice(tmp_path: Path, task: Made, write: Any) -> None:
    class Kinds(XnliGenres):
        releases = (Release(slice_columns=("kind",)),)

        def slices(self, split: Any, language: str) -> Any:
            return SlicedTask.slices(self, split, language)

    row = {"premise": "a", "hypothesis": "b", "label": "neutral"}
    lines = [json.dumps({**row, "kind": kind}) for kind in (None, "travel")]
    write("dev-en.jsonl", *lines)
    made: Any = task(Kinds, path=tmp_path)
    assert made.slices("dev", "en") == [frozenset(), {"travel"}]


def test_an_unknown_slice_is_refused_with_those_that_there_are(
    tmp_path: Path, task: Made, failure: Any
) -> None:
    write_set(XnliGenres, tmp_path)
    error = failure(task(XnliGenres, path=tmp_path, slice="ficton").load, "dev", "en")
    assert error.hint == "did you mean 'fiction'? known: fiction, travel"


def test_slices_of_another_version_of_the_files_are_refused(
    tmp_path: Path, task: Made, failure: Any
) -> None:
    folder = write_set(XnliGenres, tmp_path)
    (folder / "dev.genre.txt").write_text("fiction\n" * 5, "utf-8")
    error = failure(task(XnliGenres, path=tmp_path, slice="fiction").load, "dev", "en")
    assert "named for 5 rows, and there are 12" in error.what


PUBLISHED = [
    (name, number)
    for name, plugin in SETS.items()
    for number in range(1, len(plugin.releases))
    if not issubclass(plugin, (IntentTask, RetrievalTask, ScoreTask, WordTask))
    and name not in ("xglue-qadsm", "xglue-wpr")
]


@pytest.mark.parametrize(("name", "number"), PUBLISHED)
def test_the_authors_own_files_are_read(tmp_path: Path, task: Made, name: str, number: int) -> None:
    cls: Any = SETS[name]
    release = cls.releases[number]
    path = write_published(cls, tmp_path, release)
    made = task(cls, path=tmp_path)
    (split,) = [split for split in SPLITS if made.languages(split)]
    (language,) = made.languages(split)
    read = made.load(split, language)
    texts = [tuple(row.split("\t")[: cls.texts]) for row in rows(cls, release, language)]
    assert read.source == str(path)
    assert [e.texts for e in read.examples] == texts
    assert [e.label for e in read.examples][: len(cls.labels)] == list(cls.labels)
    assert read.notes == ()
    numbers = range(100, 100 - ROWS, -1) if release.id_column else range(1, ROWS + 1)
    assert [e.id for e in read.examples] == [f"{split}-{n}" for n in numbers]


def test_rows_in_another_order_in_each_language_are_aligned_by_their_ids(
    write: Any, tmp_path: Path, task: Made
) -> None:
    write("acehnese/valid.csv", "id,text,label", '7,"a, b",positive', "3,c,neutral")
    write("english/valid.csv", "id,text,label", "3,see,neutral", "7,ay,positive")
    nusax = task(SHIPPED["nusax-senti"], path=tmp_path)
    assert ids(nusax, "dev", "acehnese") == ["dev-7", "dev-3"]
    assert ids(nusax, "dev", "english") == ["dev-3", "dev-7"]


def test_words_in_the_authors_own_files_are_read(write: Any, tmp_path: Path, task: Made) -> None:
    write("hau/test.txt", "Sarkin O", "Kano B-LOC", "", "ranar B-DATE", "9 I-DATE", ". O", "")
    rows = task(SHIPPED["masakhaner2"], path=tmp_path).load("test", "hau")
    assert [e.tags for e in rows.examples] == [("O", "B-LOC"), ("B-DATE", "I-DATE", "O")]


def test_rows_that_annotators_disagree_on_are_left_out_with_a_note(
    write: Any, tmp_path: Path, task: Made
) -> None:
    row = '{{"sentence1": "a", "sentence2": "b", "label": "{}"}}'
    write("dev.json", row.format("neutral"), row.format("-"), row.format("entailment"))
    rows = task(Ocnli, path=tmp_path).load("dev", "zh")
    assert [e.id for e in rows.examples] == ["dev-1", "dev-3"]
    assert rows.notes == ("rows left out for their label: '-' (1)",)


def test_labels_that_are_not_as_published_can_be_mapped(
    write: Any, tmp_path: Path, task: Made
) -> None:
    write("dev-id.tsv", PAIR.format(1, "0"), PAIR.format(2, "x"), PAIR.format(3, "neutral"))
    labels = {0: "entailment", "x": "drop"}
    rows = task(IndoNli, path=tmp_path, label_map=labels).load("dev", "id")
    assert [e.label for e in rows.examples] == ["entailment", "neutral"]
    assert rows.notes == (
        "rows left out by `label_map`: 'x' (1)",
        "read by `label_map`: '0' as 'entailment' (1)",
    )
    with pytest.raises(UserError, match="maps to 'entails', which is not one of the labels"):
        task(IndoNli, path=tmp_path, label_map={0: "entails"})
    write("test-hau.tsv", "Kano\tB-GPE", "ta\tO", "")
    named = task(SHIPPED["masakhaner"], path=tmp_path, tag_map={"B-GPE": "B-LOC"})
    assert named.load("test", "hau").examples[0].tags == ("B-LOC", "O")
