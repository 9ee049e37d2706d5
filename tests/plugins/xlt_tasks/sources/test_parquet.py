from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Features, List, Value

from xlt_tasks.sources.columns import PAIR, SINGLE, WORDS
from xlt_tasks.sources.parquet import read


def save(path: Path, columns: dict[str, Any], features: Features | None = None) -> Path:
    schema = features.arrow_schema if features else None
    pq.write_table(pa.table(columns, schema=schema), path)
    return path


def test_rows(tmp_path: Path):
    columns = {"premise": ["p", "q"], "hypothesis": ["h", None], "label": [2, 0]}
    table = read(save(tmp_path / "x.parquet", columns), PAIR)
    assert [(*r.inputs, r.target) for r in table.records] == [("p", "h", 2), ("q", None, 0)]
    assert table.where(table.records[1]) == f"{table.path}: row 2"
    assert table.class_names is None


def test_the_names_of_classes(tmp_path: Path):
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    path = save(tmp_path / "x.parquet", {"text": ["a"], "label": [1]}, features)
    assert read(path, SINGLE).class_names == ("no", "yes")


def test_the_names_of_tags(tmp_path: Path):
    tags = List(ClassLabel(names=["O", "B-PER"]))
    features = Features({"tokens": List(Value("string")), "ner_tags": tags})
    path = save(tmp_path / "x.parquet", {"tokens": [["a"]], "ner_tags": [[1]]}, features)
    table = read(path, WORDS)
    assert table.class_names == ("O", "B-PER")
    assert table.where(table.records[0], 0) == f"{path}: row 1, word 1"


def test_a_folder_that_looks_like_a_partition_adds_no_column(tmp_path: Path):
    folder = tmp_path / "text=other"
    folder.mkdir()
    table = read(save(folder / "x.parquet", {"text": ["a"], "label": ["b"]}), SINGLE)
    assert table.records[0].inputs == ("a",)


def test_a_missing_column(tmp_path: Path, failure):
    path = save(tmp_path / "x.parquet", {"title": ["a"], "label": [0]})
    error = failure(read, path, SINGLE)
    assert error.what == "the columns text, label are required; the file has: title, label"
    assert error.where == str(path)


def test_no_labels(tmp_path: Path, failure):
    path = save(tmp_path / "x.parquet", {"text": ["a"], "id": [0]})
    assert failure(read, path, SINGLE).what == "the file has no labels"


def test_no_rows(tmp_path: Path, failure):
    path = save(tmp_path / "x.parquet", {"text": pa.array([], pa.string()), "label": []})
    assert failure(read, path, SINGLE).what == "the file is empty"


@pytest.mark.parametrize("cut", [0, 3, 200, -20])
def test_a_broken_file(tmp_path: Path, failure, cut: int):
    path = save(tmp_path / "x.parquet", {"text": ["a" * 500], "label": [0]})
    path.write_bytes(path.read_bytes()[:cut])
    error = failure(read, path, SINGLE)
    assert error.what.startswith("not a readable parquet file: ")
    assert "\n" not in error.what
    assert error.where == str(path)


def test_numbers_of_32_bits_are_the_decimals_that_they_were_made_of(tmp_path: Path):
    columns = {"text": ["a", "b", "c"], "label": pa.array([3.8, None, 5.0], pa.float32())}
    table = read(save(tmp_path / "x.parquet", columns), SINGLE)
    assert [record.target for record in table.records] == [3.8, None, 5.0]
