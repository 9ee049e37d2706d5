"""Archived predictions without probabilities: all else is kept, and records agree with them."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.problems import Prediction
from xlt_cli.runs import answers_only, atomic, predictions
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store

EN, NOISY, MIXED = Cell(("en", "en")), Cell(("en", "en"), "k1"), Cell(("en", "de"))
TEXTS = [
    Prediction("a", "yes", "no", (0.25, 0.75), {"radius": 0.1}),
    Prediction("b", "no", None, (0.5, 0.5)),
]
ANSWERS: dict[str, list[Prediction]] = {
    "texts": TEXTS,
    "words": [Prediction("a", ("B", "O"), ("B", None)), Prediction("b", (), ())],
    "numbers": [Prediction("a", 1.5, 2.25), Prediction("b", 3.0, None)],
    "none": [],
}


def copied(tmp_path: Path) -> Store:
    answers_only.copy(tmp_path / "one", tmp_path / "other")
    return Store(tmp_path / "other", weights="w")


@pytest.mark.parametrize("kind", ANSWERS)
def test_answers_and_further_values_stay(tmp_path: Path, kind: str) -> None:
    rows, store = ANSWERS[kind], Store(tmp_path / "one", weights="w")
    cells = [EN, NOISY, MIXED]
    for cell in cells:
        store.write(cell, rows, {"rows": 1} if cell.condition else None)
    other = copied(tmp_path)
    assert other.done() == store.done() == sorted(cells)
    assert other.changed() == store.changed()
    for cell in cells:
        assert other.read(cell) == [replace(row, probabilities=()) for row in rows]
        assert other.answers(cell) == store.answers(cell)
    assert other.lacks_probabilities()
    assert not store.lacks_probabilities()


def test_a_summary_is_of_the_copied_cells(tmp_path: Path) -> None:
    store = Store(tmp_path / "one", weights="w")
    store.write(EN, TEXTS)
    store.write_summary({"metric": "accuracy"}, "csv")
    results = atomic.read_json(store.path / "results.json")
    made_from = results["computed_from"]
    copied(tmp_path)
    answers_only.correct(made_from, store.path, tmp_path / "other")
    (tmp_path / "other" / "results.csv").write_text("csv")
    atomic.write_json(tmp_path / "other" / "results.json", results)
    found = {name: figures for name, _, figures in predictions.summaries(tmp_path)}
    assert found["other"] is not None


def test_a_summary_of_other_cells_does_not_become_one_of_these(tmp_path: Path) -> None:
    store = Store(tmp_path / "one", weights="w")
    store.write(EN, TEXTS)
    store.write_summary({"metric": "accuracy"}, "csv")
    made_from = atomic.read_json(store.path / "results.json")["computed_from"]
    store.write(MIXED, TEXTS)
    copied(tmp_path)
    before = dict(made_from)
    answers_only.correct(made_from, store.path, tmp_path / "other")
    assert made_from == before


def test_damaged_cells_and_those_of_a_former_model_stay_what_they_were(tmp_path: Path) -> None:
    Store(tmp_path / "one", weights="former").write(EN, TEXTS)
    store = Store(tmp_path / "one", weights="w")
    for cell in (EN, NOISY, MIXED):
        store.write(cell, TEXTS)
    content = bytearray(store.file(NOISY).read_bytes())
    content[10] ^= 1
    store.file(NOISY).write_bytes(content)
    store.file(MIXED).unlink()
    with (store.path / "cells.jsonl").open("a") as lines:
        lines.write('3\n{"first": "xx"}\n')
    other = copied(tmp_path)
    assert other.done() == store.done() == [EN]
    assert Store(other.path, weights="former").done() == []
    assert [str(path.relative_to(other.path)) for path in other.path.rglob("*.parquet")] == [
        "predictions/en.parquet"
    ]


def test_predictions_of_the_first_format(tmp_path: Path) -> None:
    row: dict[str, Any] = {"id": "a", "gold": "yes", "predicted": "no", "probabilities": [0.5, 0.5]}
    store = Store(tmp_path / "one", weights="w")
    path = store.path / "predictions" / "en.jsonl.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(json.dumps(row).encode() + b"\n"))
    line = {"first": "en", "second": "en", "sha256": predictions.checksum(path), "weights": "w"}
    atomic.append_line(store.path / "cells.jsonl", line)
    assert store.done() == [EN]
    other = copied(tmp_path)
    assert other.done() == [EN]
    assert other.read(EN) == [Prediction("a", "yes", "no")]
