"""Stored predictions come back as they were."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.errors import DamagedFile
from xlt_cli.problems import Prediction
from xlt_cli.runs import atomic
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Answers, Store
from xlt_cli.spec import Evaluation

ODD = (
    st.text(st.characters(codec="utf-8"), max_size=6)
    | st.sampled_from(['", "probabilities": ', '", "radius": ', '}, {"id": ', '"}, {"id": "'])
    | st.sampled_from(
        ["\u2028", "\u2029", "\x85", "a\nb", "a\r\nb", '"', "\\", "\x00", "\x1c", "\ufeff", "😀"]
    )
)
LABELS = ODD | st.lists(ODD, max_size=4).map(tuple)
PREDICTIONS = st.builds(
    Prediction,
    id=ODD,
    gold=LABELS,
    predicted=LABELS,
    probabilities=st.lists(st.floats(0, 1).map(lambda p: round(p, 6)), max_size=3).map(tuple),
)
ROWS = [Prediction("test-1", "0", "1", (0.25, 0.75)), Prediction("test-2", ("O",), ("B-PER",))]


def evaluation(**values: Any) -> Evaluation:
    return Evaluation.model_validate(values)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path, evaluation(task="xnli"))


@settings(deadline=None)
@given(st.lists(PREDICTIONS, max_size=6))
def test_predictions_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Prediction]
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    store.write(Cell(("en", "de")), rows)
    assert store.read(Cell(("en", "de"))) == rows
    assert store.answers(Cell(("en", "de"))) == Answers.of(rows)
    assert store.done() == [Cell(("en", "de"))]


def test_the_same_predictions_are_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = []
    for time in (0.0, 2e9):
        monkeypatch.setattr("time.time", lambda time=time: time)
        store = Store(tmp_path / str(time))
        store.write(Cell(("en", "en")), ROWS)
        contents.append((store.path / "predictions" / "en.parquet").read_bytes())
    assert contents[0] == contents[1]


def test_a_line_is_what_a_script_expects(store: Store) -> None:
    store.write(Cell(("en", "de")), ROWS)
    frame = pandas.read_parquet(store.path / "predictions" / "en+de.parquet")
    assert frame["id"].tolist() == [row.id for row in ROWS]
    assert set(frame["first"]) == {"en"}
    assert set(frame["second"]) == {"de"}


def test_lines_of_an_earlier_version_are_read_until_they_are_replaced(store: Store) -> None:
    cell = Cell(("en", "de"))
    lines = [
        {"id": "test-1", "gold": "0", "predicted": "1", "probabilities": [0.25, 0.75]},
        {"id": "test-2", "gold": ["O"], "predicted": ["B-PER"]},
    ]
    content = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    old = store.path / "predictions" / "en+de.jsonl.gz"
    old.parent.mkdir(parents=True)
    old.write_bytes(content)
    line = {"first": "en", "second": "de", "sha256": hashlib.sha256(content).hexdigest()}
    (store.path / "cells.jsonl").write_text(json.dumps({**line, "weights": ""}) + "\n", "utf-8")
    assert store.done() == [cell]
    assert store.read(cell) == [
        Prediction("test-1", "0", "1", (0.25, 0.75)),
        Prediction("test-2", ("O",), ("B-PER",)),
    ]
    assert store.answers(cell) == Answers.of(store.read(cell))
    store.write(cell, ROWS[:1])
    assert not old.exists()
    assert store.read(cell) == ROWS[:1]


def test_a_cell_is_done_when_its_line_is_there_and_its_file_is_whole(store: Store) -> None:
    for pair in (Cell(("fr", "fr")), Cell(("en", "en")), Cell(("de", "de")), Cell(("es", "es"))):
        store.write(pair, ROWS)
    assert store.done() == [
        Cell(("de", "de")),
        Cell(("en", "en")),
        Cell(("es", "es")),
        Cell(("fr", "fr")),
    ]
    folder = store.path / "predictions"
    (folder / "fr.parquet").unlink()
    os.truncate(folder / "de.parquet", 20)
    (folder / "es.parquet").write_bytes((folder / "en.parquet").read_bytes() + b"more")
    assert store.done() == [Cell(("en", "en"))]
    for pair in (Cell(("fr", "fr")), Cell(("de", "de")), Cell(("es", "es"))):
        store.write(pair, ROWS[:1])
    assert len(store.done()) == 4


@pytest.mark.parametrize("damage", ["gone", "changed", "cut"])
def test_cells_are_not_taken_for_all_where_one_is_lost(store: Store, damage: str) -> None:
    for language in ("de", "en"):
        store.write(Cell((language, language)), ROWS)
    assert len(store.whole()) == 2
    file = store.file(Cell(("de", "de")))
    content = file.read_bytes()
    file.unlink() if damage == "gone" else file.write_bytes(
        content[:-1] if damage == "cut" else content[:-1] + b"?"
    )
    with pytest.raises(DamagedFile, match="predictions of de are missing or damaged"):
        store.whole()


def test_a_cell_whose_line_was_not_written_is_not_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(Cell(("en", "en")), ROWS)
    with monkeypatch.context() as patch:
        patch.setattr(atomic, "append_line", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.write(Cell(("de", "de")), ROWS)
        with pytest.raises(KeyboardInterrupt):
            store.write(Cell(("en", "en")), ROWS[:1])
    assert store.done() == []
    store.write(Cell(("en", "en")), ROWS[:1])
    assert store.done() == [Cell(("en", "en"))]
    assert store.read(Cell(("en", "en"))) == ROWS[:1]


def test_a_torn_last_line_costs_one_cell(store: Store) -> None:
    for language in ("en", "de"):
        store.write(Cell((language, language)), ROWS)
    cells = store.path / "cells.jsonl"
    os.truncate(cells, cells.stat().st_size - 10)
    assert store.done() == [Cell(("en", "en"))]
    store.write(Cell(("de", "de")), ROWS)
    assert store.done() == [Cell(("de", "de")), Cell(("en", "en"))]


def test_evaluations_of_different_rows_have_different_directories(tmp_path: Path) -> None:
    evaluations = [
        evaluation(task="xnli"),
        evaluation(task="xnli", split="dev"),
        evaluation(task="xnli", limit=10),
        evaluation(task={"name": "xnli", "path": "elsewhere"}),
    ]
    stores = {Store.open(tmp_path, one).path for one in evaluations}
    assert len(stores) == len(evaluations)


def test_languages_and_settings_share_a_directory(tmp_path: Path) -> None:
    one = Store.open(tmp_path, evaluation(task="xnli", languages=["en"]))
    other = Store.open(tmp_path, evaluation(task="xnli", settings=["standard", "generalized"]))
    one.write(Cell(("en", "en")), [Prediction("1", "a", "a")])
    assert one == other
    assert atomic.read_json(one.path / "evaluation.json") == {
        "task": {"name": "xnli"},
        "split": "test",
        "limit": None,
    }


def test_cells_of_another_model_count_as_missing(tmp_path: Path) -> None:
    asked = evaluation(task="xnli")
    first, second = Store.open(tmp_path, asked, "one"), Store.open(tmp_path, asked, "two")
    first.write(Cell(("en", "en")), [Prediction("1", "a", "a")])
    first.write_notes(["labels were taken in order"])
    assert first.done() == [Cell(("en", "en"))]
    assert second.done() == []
    assert (first.notes(), second.notes()) == (["labels were taken in order"], [])
    second.write(Cell(("en", "en")), [Prediction("1", "a", "b")])
    assert (first.done(), second.done()) == ([], [Cell(("en", "en"))])


def test_damaged_lines_are_passed_over(tmp_path: Path) -> None:
    store = Store.open(tmp_path, evaluation(task="xnli"))
    store.write(Cell(("en", "en")), [Prediction("1", "a", "a")])
    cells = store.path / "cells.jsonl"
    cells.write_bytes(b"{broken\n[1]\n" + cells.read_bytes())
    assert store.done() == [Cell(("en", "en"))]
