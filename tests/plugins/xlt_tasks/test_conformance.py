"""Our own tasks keep to the contract, as the suite for plugin authors tests it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from choice_tools import write_choices
from question_tools import write_questions
from retrieval_tools import write_retrieval
from set_tools import write_set

from xlt_cli import registry
from xlt_cli.api import Rows, Split, Task
from xlt_cli.testing import PluginSuite, TaskSuite
from xlt_tasks.file_tasks import ChoiceTask, FileTask
from xlt_tasks.question_answering.base import QuestionAnswering
from xlt_tasks.retrieval import RetrievalTask

ENTRIES = {entry.name: entry.plugin for entry in registry.entries("task") if entry.plugin}


@pytest.fixture(scope="module")
def data(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny data, and NLI made of its pairs."""
    root = tmp_path_factory.mktemp("tasks")
    shutil.copytree(tiny_data, root, dirs_exist_ok=True)
    labels = {"0": "neutral", "1": "entailment"}
    for language in ("en", "de", "fr"):
        rows = (tiny_data / f"pawsx/train-{language}.tsv").read_text("utf-8").splitlines()
        sentences = "".join(row.partition("\t")[0] + "\n" for row in rows)
        for folder in ("text",) if language == "fr" else ("text", "pairs"):
            (root / folder).mkdir(exist_ok=True)
            (root / folder / f"train-{language}.txt").write_text(sentences, "utf-8")
    (root / "scored").mkdir()
    (root / "xnli").mkdir()
    for file in (tiny_data / "pawsx").iterdir():
        rows = [line.rsplit("\t", 1) for line in file.read_text("utf-8").splitlines()]
        lines = "".join(f"{texts}\t{labels[label]}\n" for texts, label in rows)
        (root / "xnli" / file.name).write_text(lines, "utf-8")
        scored = "".join(f"{texts}\t{1.5 + int(label)}\n" for texts, label in rows)
        (root / "scored" / file.name).write_text(scored, "utf-8")
        (root / "translated").mkdir(exist_ok=True)
        translated = "".join(texts + "\n" for texts, _ in rows)
        (root / "translated" / file.name).write_text(translated, "utf-8")
        (root / "spoken").mkdir(exist_ok=True)
        spoken = "".join(map(_spoken, rows))
        (root / "spoken" / file.name).write_text(spoken, "utf-8")
    return root


def _spoken(row: list[str]) -> str:
    """The first sentence of a pair, with a slot in every second word, and an intent."""
    words = row[0].partition("\t")[0].split(" ")
    tags = ["O" if number % 2 else "B-x" for number in range(len(words))]
    return f"{' '.join(words)}\t{' '.join(tags)}\task\n"


@pytest.mark.parametrize("name", ENTRIES)
class TestTask(TaskSuite):
    @pytest.fixture
    def plugin(self, name: str, data: Path) -> Task:
        given: dict[str, dict[str, Any]] = {
            "panx": {"path": data / "panx"},
            "pawsx": {"path": data / "pawsx"},
            "xnli": {"path": data / "xnli"},
            "text-classification": {
                "path": data / "pawsx",
                "labels": ["0", "1"],
                "texts": 2,
                "aligned": True,
            },
            "text": {"path": data / "text", "dev_rows": 10},
            **{
                name: {"path": data / "translated", "candidate_language": "en"}
                for name in ("text-retrieval", "answer-ranking", "pair-mining")
            },
            "utterances": {"path": data / "spoken", "intents": ["ask"], "slots": ["x"]},
            "text-regression": {"path": data / "scored", "texts": 2, "scale": [0, 5]},
            "parallel-text": {"path": data / "pairs", "layout": "files", "dev_rows": 10},
            "question-answering": {
                "path": data / "sets" / "xquad",
                "files": dict.fromkeys(("train", "dev", "test"), "xquad.{language}"),
            },
            "multiple-choice": {
                "path": data / "sets" / "xcopa",
                "context": "premise",
                "choices": ["choice1", "choice2"],
                "answer": "label",
            },
            "token-labelling": {
                "path": data / "panx",
                "tags": [
                    "O",
                    *(f"{mark}-{kind}" for kind in ("PER", "LOC", "ORG") for mark in "BI"),
                ],
            },
        }
        plugin: Any = ENTRIES[name]
        if name == "question-answering":
            write_questions(ENTRIES["xquad"], data / "sets")
        if name == "multiple-choice":
            write_choices(ENTRIES["xcopa"], data / "sets")
        if issubclass(plugin, ChoiceTask):
            given[name] = {"path": write_choices(plugin, data / "sets")}
        elif issubclass(plugin, RetrievalTask):
            given[name] = {"path": write_retrieval(plugin, data / "sets")}
        elif issubclass(plugin, FileTask):
            given[name] = {"path": write_set(plugin, data / "sets" / name)}
        if issubclass(plugin, QuestionAnswering):
            given[name] = {"path": write_questions(plugin, data / "sets")}
        return plugin(plugin.Params.model_validate(given.get(name, {})))

    def _loaded(self, task: Task) -> Iterator[tuple[Split, str, Rows]]:
        """Loaded by the first test that asks; `test_loads_the_same_rows_each_time` loads again."""
        if task.name not in _rows:
            _rows[task.name] = list(super()._loaded(task))
        yield from _rows[task.name]

    @staticmethod
    def _in_a_new_process(plugin: Task) -> dict[str, list[str]]:
        """Once for each module: its tasks import the same, and are checked in the same way."""
        return PluginSuite._in_a_new_process(_first.setdefault(type(plugin).__module__, plugin))


_first: dict[str, Task] = {}
_rows: dict[str, list[tuple[Split, str, Rows]]] = {}
