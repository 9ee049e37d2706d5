"""CSV and JSON hold the same figures."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from xlt_cli.formats import csv as csv_format
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports import evaluation
from xlt_cli.reports.summary import Counted, counted, summarise


@pytest.fixture
def results() -> dict[str, Any]:
    problem = SequenceClassification(("0", "1"))

    def rows(right: int) -> Counted:
        golds = [str(i % 2) for i in range(30)]
        answers = [g if i < right else str(1 - int(g)) for i, g in enumerate(golds)]
        pairs = enumerate(zip(golds, answers, strict=True))
        return counted(problem, [Prediction(f"t-{i}", *pair) for i, pair in pairs])

    cells = {("en", "en"): rows(27), ("de", "de"): rows(20), ("en", "de"): rows(11)}
    found = summarise(problem, "accuracy", cells, ["en"], True)
    return {"task": "pawsx", "split": "test", **found.as_dict(), "notes": ['"quoted", Zürich']}


def csv_text(results: list[dict[str, Any]]) -> str:
    return csv_format.records(evaluation.records(results))


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_figure_of_the_json_is_a_line_of_the_csv(results: dict[str, Any]) -> None:
    stored = json.loads(json.dumps(results))
    assert stored == results
    expected = {}
    for setting, cells, averages in (
        ("standard", stored["languages"], stored["averages"]),
        ("generalized", stored["pairs"], stored["pair_averages"]),
    ):
        named = cells | {f"average:{name}": figures for name, figures in averages.items()}
        if setting == "standard":
            named["transfer_gap"] = stored["transfer_gap"]
        for cell, figures in named.items():
            for metric in ("accuracy", "macro_f1"):
                expected[setting, cell, metric] = figures[metric]
    lines = read(csv_text([results]))
    found = {
        (line["setting"], line["cell"], line["metric"]): {
            name: float(line[name]) for name in ("value", "low", "high")
        }
        for line in lines
    }
    assert found == expected
    assert len(lines) == len(expected)


def test_csv_says_rows_and_training_of_each_language(results: dict[str, Any]) -> None:
    lines = {
        line["cell"]: line for line in read(csv_text([results])) if line["setting"] == "standard"
    }
    assert (lines["en"]["n"], lines["en"]["trained_on"]) == ("30", "True")
    assert (lines["de"]["n"], lines["de"]["trained_on"]) == ("30", "False")
    assert lines["average:zero_shot"]["n"] == ""
    cells = {name: figures["cells"] for name, figures in results["averages"].items()}
    assert {name: lines[f"average:{name}"]["cells"] for name in cells} == {
        name: str(count) for name, count in cells.items()
    }
    assert lines["de"]["cells"] == ""


def test_csv_of_several_evaluations_has_one_header(results: dict[str, Any]) -> None:
    one = csv_text([results])
    both = csv_text([results, results | {"split": "dev"}])
    assert both.splitlines()[0] == ",".join(evaluation.COLUMNS) == one.splitlines()[0]
    assert {line["split"] for line in read(both)} == {"test", "dev"}
    assert len(read(both)) == 2 * len(read(one))


def test_csv_without_pairs_and_gap(results: dict[str, Any]) -> None:
    alone = results | {"pairs": {}, "pair_averages": {}, "transfer_gap": None}
    assert {line["setting"] for line in read(csv_text([alone]))} == {"standard"}
    assert "transfer_gap" not in csv_text([alone])


def test_csv_warns_of_a_figure_and_of_the_averages_that_it_is_in(results: dict[str, Any]) -> None:
    assert {line["warning"] for line in read(csv_text([results]))} == {""}
    constant = {"kind": "constant_answers", "cells": ["de"], "answer": "1"}
    lines = read(csv_text([results | {"warnings": [constant]}]))
    warned = {line["cell"] for line in lines if line["warning"] == "constant_answers"}
    assert warned == {"de", "average:all", "average:zero_shot", "transfer_gap"}
    pair = {line["setting"] for line in lines if line["cell"] == "average:all" and line["warning"]}
    assert pair == {"standard"}
    collapsed = {"kind": "collapsed", "cells": []}
    lines = read(csv_text([results | {"warnings": [collapsed, constant]}]))
    assert {line["warning"] for line in lines} == {"collapsed", "collapsed;constant_answers"}


def test_csv_names_the_data_of_each_cell_behind_the_older_columns(results: dict[str, Any]) -> None:
    assert evaluation.COLUMNS[:10] == (
        *("task", "split", "setting", "cell", "trained_on"),
        *("n", "metric", "value", "low", "high"),
    )
    data = {
        "en": {"source": "/data/test-en.tsv", "sha256": "aa", "rows": 30},
        "de": {"source": "hub/set@abc", "sha256": "bb", "rows": 30},
    }
    lines = {line["cell"]: line for line in read(csv_text([results | {"data": data}]))}
    named = {c: (line["source"], line["data_sha256"]) for c, line in lines.items()}
    assert named["en"] == ("/data/test-en.tsv", "aa")
    assert named["en+de"] == ("/data/test-en.tsv + hub/set@abc", "aa+bb")
    assert named["average:zero_shot"] == ("", "")
