"""Cells of conditions lie beside those of the evaluation itself, which stay where they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xlt_cli.problems import Prediction
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation

CLEAN = [Prediction("1", "a", "a"), Prediction("2", "a", "a")]
NOISY = [Prediction("1", "a", "b"), Prediction("2", "a", "a")]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path, Evaluation.model_validate({"task": "xnli"}), "weights")


def test_each_condition_has_its_own_predictions_of_the_same_languages(store: Store) -> None:
    clean, noisy = Cell(("de", "de")), Cell(("de", "de"), "noise-0123abcd")
    store.write(clean, CLEAN)
    before = (store.path / "cells.jsonl").read_bytes()
    store.write(noisy, NOISY)
    assert store.done() == [clean, noisy]
    assert (store.read(clean), store.read(noisy)) == (CLEAN, NOISY)
    lines = (store.path / "cells.jsonl").read_bytes()
    assert lines.startswith(before)
    assert json.loads(lines[len(before) :])["condition"] == "noise-0123abcd"
    assert (store.path / "conditions/noise-0123abcd/predictions/de.parquet").is_file()


def test_a_damaged_cell_of_one_condition_leaves_the_others(store: Store) -> None:
    cells = [Cell(("de", "en"), condition) for condition in ("", "one-1", "two-2")]
    for cell in cells:
        store.write(cell, CLEAN)
    (store.path / "conditions/one-1/predictions/de+en.parquet").write_bytes(b"damaged")
    assert store.done() == [cells[0], cells[2]]


def test_figures_are_out_of_date_when_a_condition_is_added(store: Store) -> None:
    store.write(Cell(("de", "de")), CLEAN)
    store.write_summary({"languages": {}}, "csv")
    assert store.summarised()
    store.write(Cell(("de", "de"), "one-1"), NOISY)
    assert not store.summarised()
