"""What names a trained stage: everything that decides which rows it was trained on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.data.rows import RowStore
from xlt_cli.data.training_rows import training_rows
from xlt_cli.launch.stage_keys import stage_keys
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse


def write(file: Path, texts: Sequence[str]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{text}\t{'ab'[i % 2]}\n" for i, text in enumerate(texts)), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for language in ("en", "sw", "ur"):
        write(
            tmp_path / "parallel" / f"train-{language}.tsv",
            [f"row {n} {language}" for n in "123456"],
        )
    write(tmp_path / "parallel" / "test-en.tsv", ["a test", "another"])
    write(tmp_path / "other" / "test-ur.tsv", ["row 3 ur", "unrelated"])
    return tmp_path


def key(folder: Path, excluded: bool = True, aligned: bool = True) -> tuple[str, int]:
    """The key of a stage that trains on English and Swahili, and how many rows it leaves out."""

    def task(name: str) -> dict[str, Any]:
        about = {"name": "text-classification", "path": str(folder / name), "labels": ["a", "b"]}
        return {**about, "aligned": aligned}

    stage: dict[str, Any] = {"task": task("parallel"), "languages": ["en", "sw"], "dev": None}
    if excluded:
        stage["exclude"] = [{"task": task("other")}]
    spec = {"encoder": "e5-small-q4", "stages": [stage], "evaluations": []}
    text = json.dumps(spec)
    experiment, rows = resolve(Source(parse(text, Path("spec.yaml")), text)), RowStore()
    chosen = training_rows(experiment.stages[0], rows, 1)
    (found,) = stage_keys(experiment, rows, 1, "fp32")
    return found, chosen.excluded


def test_a_language_in_which_excluded_rows_are_found_is_part_of_the_key(folder: Path) -> None:
    """Row 3 is left out because its Urdu translation is in the other task."""
    before = key(folder)
    write(folder / "parallel" / "train-ur.tsv", ["x", "x2", "x3", "x4", "x5", "x6"])
    after = key(folder)
    assert (before[1], after[1]) == (2, 0)
    assert before[0] != after[0]


def test_excluded_rows_are_part_of_the_key(folder: Path) -> None:
    before = key(folder)
    write(folder / "other" / "test-ur.tsv", ["row 4 ur", "unrelated"])
    assert key(folder)[0] != before[0]


@pytest.mark.parametrize(("excluded", "aligned"), [(False, True), (True, False)])
def test_rows_that_decide_nothing_are_not(folder: Path, excluded: bool, aligned: bool) -> None:
    before = key(folder, excluded, aligned)
    write(folder / "parallel" / "train-ur.tsv", ["x", "x2", "x3", "x4", "x5", "x6"])
    write(folder / "parallel" / "test-en.tsv", ["other tests", "than before"])
    assert key(folder, excluded, aligned) == before
