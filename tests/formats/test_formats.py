"""Each format renders each kind of piece, and nothing in a cell is taken for markup."""

from __future__ import annotations

import csv as reader
import io
import json as parser
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pieces import EVERY

from xlt_cli.api import Column, Figure, Forest, Report, Row, Scalar, Table, Text
from xlt_cli.commands.options import Format
from xlt_cli.formats import FORMATS, csv, json, markdown, show, terminal
from xlt_cli.formats.shapes import table_of


def test_the_formats_of_the_command_line_are_those_that_there_are() -> None:
    assert list(FORMATS) == list(Format)


def test_a_terminal_shows_every_piece() -> None:
    lines = [line.rstrip() for line in terminal.text(EVERY, 60).splitlines()]
    assert lines[1].strip("│ ") == "a warning"
    assert lines[3:8] == [
        "Everything",
        "A *paragraph* with a | in it",
        "runs/a_b",
        "runs/c",
        "",
    ]
    text = "\n".join(lines)
    for shown in (
        "rows: 1,234",
        "│ de       │   40 │ 50.0 [25.0, 75.0]† │",
        "│ sw       │      │               25.0 │",
        "│          │      │                few │",
        "a footer",
        "│   0.1 │ 25.0 │ 75.0 │",
        "note: an inner note",
        "note: a note",
    ):
        assert shown in text
    head, _, *body = [line.split() for line in lines[lines.index("pairs") + 1 :] if line][:4]
    assert (head, body) == (["en", "sw"], [["en", "12.5"], ["de"]])
    assert lines[-2].strip("│ ") == "a warning"


def test_a_forest_draws_intervals_against_the_reference() -> None:
    """From -0.1 to 0.3 in 31 characters, so that 0 is at the ninth."""
    rows = table_of(next(p for p in EVERY.pieces if isinstance(p, Forest))).rows
    bars = [row.cells[2] for row in rows]
    assert bars == ["├───────┼──────●──────────────┤", "        │" + " " * 21 + "●"]


def test_markdown_of_every_piece() -> None:
    text = markdown.text(EVERY)
    assert text.startswith("## Everything\n\n> **Warning:** a warning\n\n")
    assert "A \\*paragraph\\* with a \\| in it\n" in text
    assert "```text\nruns/a_b\nruns/c\n```\n\nrows: 1,234\n" in text
    assert "| de       |   40 | 50.0 [25.0, 75.0]† |\n" in text
    assert "| **sw**   |      |    **25.0<br>few** |\n" in text
    assert "### an inner report\n\n- an inner note\n\n- a note\n" in text


def cells_of(text: str) -> list[list[str]]:
    """The cells of the one table of a document, as a parser of Markdown reads them."""
    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level > 2:
            rows[-1].append("".join(child.content for child in token.children or []))
    return rows


@given(st.text("ab1 |*_`~$<>&[]()\\!#-+.:/é", max_size=12))
def test_a_cell_says_what_it_says_whatever_is_in_it(content: str) -> None:
    table = Table("", [Column("name"), Column("x")], [Row([f"x{content}x", "1"])])
    _, (name, one) = cells_of(markdown.text(Report([table])))
    assert (name, one) == (f"x{content}x", "1")


@pytest.mark.parametrize("text", ["# no heading", "- no list", "1. no list", "> no quote", "+ x"])
def test_a_paragraph_stays_one(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(markdown.text(Report([Text(text)])))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(child.content for child in tokens[1].children or []) == text


def test_csv_has_a_line_for_each_value() -> None:
    lines = list(reader.DictReader(io.StringIO(csv.text(EVERY))))
    values = [(x["piece"], x["row"], x["column"], x["value"], x["low"], x["high"]) for x in lines]
    assert values == [
        ("", "rows", "", "1234", "", ""),
        ("accuracy", "de", "rows", "40", "", ""),
        ("accuracy", "de", "f1", "0.5", "0.25", "0.75"),
        ("accuracy", "sw", "f1", "0.25", "", ""),
        ("accuracy", "sw", "f1", "few", "", ""),
        ("pairs", "en", "sw", "0.125", "0", "1"),
        ("stress", "ERM", "accuracy at 0.0", "0.5", "", ""),
        ("stress", "ERM", "accuracy at 0.1", "0.25", "", ""),
        ("stress", "DA", "accuracy at 0.1", "0.75", "", ""),
        ("gains", "de", "", "0.1", "-0.1", "0.3"),
        ("gains", "sw", "", "0.3", "", ""),
    ]
    assert lines[2]["mark"] == "†"


def test_csv_is_the_records_where_there_are_some() -> None:
    records = Table("", [Column("a"), Column("b", key="c")], [Row(["x,y", None]), Row([True, 0.1])])
    assert csv.text(Report(EVERY.pieces, records=records)) == 'a,c\n"x,y",\nTrue,0.1\n'


def test_json_is_the_values_or_else_the_pieces() -> None:
    assert json.value(Report(EVERY.pieces, values={"a": [1]})) == {"a": [1]}
    content = parser.loads(parser.dumps(json.value(EVERY)))
    kinds = [piece["kind"] for piece in content["pieces"]]
    assert kinds == [
        *("text", "text", "text", "scalar", "table"),
        *("matrix", "line", "forest", "report"),
    ]
    assert content["notes"] == ["a note"]
    row = content["pieces"][4]["rows"][0]
    assert row["cells"][2] == {
        "kind": "figure",
        "value": 0.5,
        "low": 0.25,
        "high": 0.75,
        "mark": "†",
    }


def test_json_takes_numbers_of_numpy() -> None:
    report = Report([Scalar("rows", np.int64(3)), Scalar("share", Figure(np.float32(0.5)))])
    rows, share = parser.loads(parser.dumps(json.value(report)))["pieces"]
    assert (rows["value"], share["value"]["value"]) == (3, 0.5)


def test_json_has_no_number_that_is_none() -> None:
    value = json.value(Report([Scalar("x", Figure(math.nan))]))
    assert parser.loads(parser.dumps(value, allow_nan=False))["pieces"][0]["value"] == {
        "kind": "figure",
        "value": None,
    }


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_prints_an_empty_report(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show(Report([]), name)
    assert "Traceback" not in capsys.readouterr().out
