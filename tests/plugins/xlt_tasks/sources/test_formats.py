"""The same rows in every format, by the writers that people use."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlt_cli.api import DataError
from xlt_tasks.sources import formats
from xlt_tasks.sources.columns import SINGLE, WORDS, Columns
from xlt_tasks.sources.table import Form, Table

Row = dict[str, Any]
ROWS: list[Row] = [
    {"text": 'She said "yes", twice', "label": "0"},
    {"text": "two\nlines; one\ttab", "label": "1"},
    {"text": "naïve — 你好", "label": "1"},
]


def written(rows: list[Row], **how: Any) -> bytes:
    """A table as `csv.DictWriter` (and pandas) writes it."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n", **how)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode("utf-8")


def arrow(rows: list[Row], write: Callable[[pa.Table, Any], object]) -> bytes:
    stream = io.BytesIO()
    write(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


def stream(table: pa.Table, sink: Any) -> None:
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


FORMATS: dict[str, Callable[[list[Row]], bytes]] = {
    ".csv": written,
    "-semicolons.csv": lambda rows: written(rows, delimiter=";"),
    "-all.csv": lambda rows: written(rows, quoting=csv.QUOTE_ALL),
    ".tsv": lambda rows: written(rows, delimiter="\t"),
    "-all.tsv": lambda rows: written(rows, delimiter="\t", quoting=csv.QUOTE_ALL),
    ".json": lambda rows: json.dumps(rows).encode(),
    "-data.json": lambda rows: json.dumps({"version": "1", "data": rows}, indent=1).encode(),
    "-lines.json": lambda rows: "\n".join(map(json.dumps, rows)).encode(),
    ".jsonl": lambda rows: "\n".join(map(json.dumps, rows)).encode(),
    ".parquet": lambda rows: arrow(rows, pq.write_table),
    ".feather": lambda rows: arrow(rows, pyarrow.feather.write_feather),
    ".arrow": lambda rows: arrow(rows, stream),
}
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def texts(table: Table) -> list[tuple[Any, ...]]:
    return [(*record.inputs, record.target) for record in table.records]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str, compression: str):
    path = tmp_path / f"dev-en{name}{compression}"
    path.write_bytes(COMPRESSIONS[compression](FORMATS[name](ROWS)))
    assert texts(formats.read(path, SINGLE)) == [(r["text"], r["label"]) for r in ROWS]


@pytest.mark.parametrize("name", [".csv", ".tsv", ".json", ".jsonl"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_files_from_windows(tmp_path: Path, name: str, mark: bytes):
    rows = [row for row in ROWS if "\n" not in row["text"]]
    path = tmp_path / f"dev-en{name}"
    path.write_bytes(mark + FORMATS[name](rows).replace(b"\n", b"\r\n"))
    assert texts(formats.read(path, SINGLE)) == [(r["text"], r["label"]) for r in rows]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1).filter(
    lambda text: bool(text.strip())
)


@given(st.lists(st.tuples(TEXT, st.sampled_from(["0", "1"])), min_size=1), st.sampled_from(",;\t"))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_csv_writer_writes_is_read(tmp_path: Path, wanted: Any, delimiter: str):
    rows = [{"text": text, "label": label} for text, label in wanted]
    path = tmp_path / ("dev-en.tsv" if delimiter == "\t" else "dev-en.csv")
    path.write_bytes(written(rows, delimiter=delimiter))
    form = Form(quoting="csv" if delimiter == "\t" else "auto")
    assert texts(formats.read(path, SINGLE, form)) == wanted


def test_without_a_header(tmp_path: Path):
    path = tmp_path / "dev-en.csv"
    path.write_text('"a, b",0\nc,1\n')
    assert texts(formats.read(path, SINGLE)) == [("a, b", "0"), ("c", "1")]
    path.write_text('a, b;0\n"c; d, ""e""";1\n')
    assert texts(formats.read(path, SINGLE)) == [("a, b", "0"), ('c; d, "e"', "1")]


def test_columns_by_number_and_a_header_that_is_said(tmp_path: Path):
    path = tmp_path / "dev-en.csv"
    path.write_text("id,klasse,satz\n7,0,a\n8,1,b\n")
    columns = Columns((("3",),), ("-2",), named=True)
    assert texts(formats.read(path, columns, Form(header=True))) == [("a", "0"), ("b", "1")]
    assert texts(formats.read(path, columns))[0] == ("satz", "klasse")
    columns = Columns((("satz",),), ("klasse",), named=True)
    assert texts(formats.read(path, columns)) == [("a", "0"), ("b", "1")]


def test_two_separators_that_both_fit(tmp_path: Path, failure):
    path = tmp_path / "dev-en.csv"
    path.write_text("a,b;c\n")
    error = failure(formats.read, path, SINGLE)
    assert "more than one of comma, semicolon and tab" in error.what


@pytest.mark.parametrize(
    ("content", "line"), [('text,label\n"a" b,0\n', 2), ('text,label\na,0\n"b,1\nc,0\n', 3)]
)
def test_broken_quoting_names_the_row(tmp_path: Path, failure, content: str, line: int):
    path = tmp_path / "dev-en.csv"
    path.write_text(content)
    error = failure(formats.read, path, SINGLE)
    assert error.what.startswith("the quotation marks of this row do not follow CSV")
    assert error.where == f"{path}:{line}"


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("x.tsv", "a\t0\n".encode("utf-16"), "it is UTF-16, expected UTF-8"),
        ("x.csv", "text,label\na,0\n".encode("utf-16-le"), "it is UTF-16, expected UTF-8"),
        ("x.tsv", gzip.compress(b"a\t0\n", mtime=0), "it is compressed by gzip"),
        ("x.tsv", b"PK\x03\x04...", "it is a zip archive (as .xlsx workbooks are)"),
        ("x.csv", b"PAR1...", "it is a parquet file"),
        ("x.jsonl", b"\n<!DOCTYPE html><html>", "it is a web page and not the data"),
        ("x.tsv", b"version https://git-lfs.github.com/spec/v1\noid", "it is a Git LFS pointer"),
        ("x.tsv.gz", b"a\t0\n", "not a readable .gz file"),
        ("x.tsv.gz", gzip.compress(b"a\t0\n" * 99, mtime=0)[:-9], "not a readable .gz file"),
        ("x.tsv.bz2", b"a\t0\n", "not a readable .bz2 file"),
        ("x.tsv.xz", lzma.compress(b"a\t0\n")[:-9], "not a readable .xz file"),
        ("x.tsv", "ä\t0\n".encode("latin-1"), "byte 0xe4 at offset 0 is not valid UTF-8"),
        ("x.tsv", b"\n\r\n", "the file is empty"),
        (
            "x.json",
            b'{"text": {"0": "a"}, "label": {"0": 1}}',
            "the document is not a list of rows",
        ),
        ("x.json", b"[1]", "a JSON int, expected an object"),
        ("x.json", b"[]", "the file is empty"),
        ("x.json", b'[{"text": ', "not valid JSON"),
        ("x.xlsx", b"", "the file format '.xlsx' is not supported"),
        ("x.conll", b"a O\n", "a .conll file has one word per line"),
        ("x.arrow", b"a\t0\n", "not a readable Arrow file"),
    ],
)
def test_what_is_not_read_says_why(tmp_path: Path, failure, name: str, data: bytes, what: str):
    path = tmp_path / name
    path.write_bytes(data)
    error = failure(formats.read, path, SINGLE)
    assert error.what.startswith(what)
    assert str(path) in error.where
    assert error.hint


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_words_by_a_csv_writer(tmp_path: Path, suffix: str):
    stream = io.StringIO(newline="")
    separator = "," if suffix == ".csv" else "\t"
    writer = csv.writer(stream, lineterminator="\n", delimiter=separator)
    writer.writerows([["token", "tag"], ['"', "O"], [",", "O"], [], ["Bonn", "B-LOC"]])
    path = tmp_path / f"dev-en{suffix}"
    path.write_text(stream.getvalue())
    table = formats.read(path, WORDS)
    assert texts(table) == [(['"', ","], ["O", "O"]), (["Bonn"], ["B-LOC"])]
    assert table.where(table.records[1], 0) == f"{path}:5"


def test_no_format_is_forgotten_by_the_error(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        formats.read(tmp_path / "x.zip", SINGLE)
    assert all(suffix in caught.value.hint for suffix in formats.READERS)


@pytest.mark.parametrize("header", ["Text,Label", "text, label ", "TEXT,id,LABEL"])
def test_the_case_of_a_header_and_spaces_around_names(tmp_path: Path, header: str):
    for suffix, mark in [(".csv", ","), (".tsv", "\t")]:
        path = tmp_path / f"dev-en{suffix}"
        row = "a,7,0" if "id" in header else "a,0"
        path.write_text(f"{header}\n{row}\n".replace(",", mark))
        assert texts(formats.read(path, SINGLE)) == [("a", "0")]


@pytest.mark.parametrize(
    ("name", "mark", "what"),
    [
        ("x.tsv", ",", "commas, expected a tab"),
        ("x.tsv", ";", "semicolons, expected a tab"),
        ("x.csv", "|", "vertical bars, expected a comma"),
    ],
)
def test_columns_that_are_separated_by_something_else(
    tmp_path: Path, failure, name: str, mark: str, what: str
):
    path = tmp_path / name
    path.write_text(f"a{mark}0\nb{mark}1\n")
    error = failure(formats.read, path, SINGLE)
    assert error.what == f"the columns seem to be separated by {what}"
