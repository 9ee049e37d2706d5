"""A third party's problems, with windows and with a pass for each choice: by entry points alone;
and the span extraction that ships, on the same passages."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from acceptance_tools import Desk, kill

from xlt_cli import registry
from xlt_cli.runs.predictions import Store

Install = Callable[..., Path]
THIRD_PARTY = Path(__file__).parents[1] / "third_party"
TASKS = {"who-is-it": "f1", "which-names": "accuracy", "tydiqa": "f1"}
ALIKE = {"cat": ["dog", "bird"], "sees": ["finds"], "Anna": ["Paris"], "likes": ["follows"]}


@pytest.fixture
def third_party(install: Install, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The distribution's entry points, and its modules, in this process."""
    project = tomllib.loads((THIRD_PARTY / "pyproject.toml").read_text("utf-8"))["project"]
    site = install(project["name"], project["entry-points"], version=project["version"])
    monkeypatch.syspath_prepend(str(THIRD_PARTY))
    return site


def write_questions(folder: Path) -> Path:
    """The passages of `who-is-it` as files."""
    rows = registry.get("task", "who-is-it")()
    folder.mkdir()
    for split, language in (("train", "en"), *(("dev", code) for code in ("en", "de", "fr"))):
        paragraphs = []
        for row in rows.load(split if split == "train" else "test", language).examples:
            answer = " ".join(row.words[row.first : row.last + 1])
            told = {"text": answer, "answer_start": len(" ".join([*row.words[: row.first], ""]))}
            asked = {"id": row.id, "question": row.question, "answers": [told]}
            paragraphs.append({"context": " ".join(row.words), "qas": [asked]})
        path = folder / f"tydiqa.goldp.{language}.{split}.json"
        path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}), "utf-8")
    return folder


def used(desk: Desk, task: str) -> dict[str, Any]:
    """The task, with its parameters."""
    if task != "tydiqa":
        return {"name": task}
    folder = desk.path / "questions"
    if not folder.exists():
        write_questions(folder)
    return {"name": task, "path": str(folder), "stride": 6}


def write(desk: Desk, encoder: Path, task: str) -> Path:
    alike = desk.path / "alike.json"
    alike.write_text(json.dumps(ALIKE), "utf-8")
    synonyms = {"name": "synonyms", "neighbors": str(alike), "keep_clean": False}
    stage = {
        "task": used(desk, task),
        "perturbation": [synonyms, {"name": "adversarial", "steps": 1}],
        "epochs": 4,
        "batch_size": 8,
        "learning_rate": 0.003,
        "checkpoint_every": 4,
        "evaluate_every": 8,
        "accumulate": 2,
    }
    path = desk.path / f"{task}.yaml"
    about = {"encoder": {"name": "hf", "model": str(encoder)}, "max_length": 28, "device": "cpu"}
    path.write_text(yaml.safe_dump({**about, "stages": [stage]}), "utf-8")
    return path


@pytest.mark.parametrize(("task", "metric"), TASKS.items())
def test_killed_they_go_on_to_the_same_end_and_their_answers_are_read_back(
    xlt: Any, desk: Desk, tiny_encoder: Path, third_party: Path, task: str, metric: str
) -> None:
    path = write(desk, tiny_encoder, task)
    done = xlt("train", path, "--runs-dir", desk.path / "whole")
    assert done.exit_code == 0, done.output
    results = desk.results("whole")
    assert set(results["languages"]) == {"en", "de", "fr"}
    assert all(0 <= figures[metric]["value"] <= 1 for figures in results["languages"].values())
    # Killed after a checkpoint, and taken up again in this process.
    desk.environment["PYTHONPATH"] = os.pathsep.join([str(third_party), str(THIRD_PARTY)])
    kill(desk.start_until(4, "train", path))
    again = xlt("train", path, "--runs-dir", desk.path / "runs")
    assert again.exit_code == 0, again.output
    assert "continues from step" in again.output
    for file in ("stages/0/metrics.jsonl", "stages/0/model/model.safetensors"):
        one, other = ((desk.run(runs) / file).read_bytes() for runs in ("runs", "whole"))
        assert one == other, file
    assert desk.results() == results
    params = {name: value for name, value in used(desk, task).items() if name != "name"}
    # What is stored is what was said of each example.
    (folder,) = desk.run().glob("evaluations/*")
    store = Store(folder, weights=results["computed_from"]["weights"])
    stored = {cell: store.read(cell) for cell in store.done()}
    assert len(stored) == 3
    made: Any = registry.get("task", task)
    rows = made(made.Params.model_validate(params)).load("test", "en").examples
    for cell, predictions in stored.items():
        assert [p.id for p in predictions] == [row.id for row in rows], cell
        assert all(type(p.predicted) is type(p.gold) for p in predictions)
        assert store.bare(cell) == predictions
