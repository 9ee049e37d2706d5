"""Failures of behavioural tests: of each type by its definition, rates, and whole reports."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from analysis_tools import predicted, sometimes_wrong
from scipy.stats import binomtest

from xlt_analyses.checklist.analysis import CheckList as Failures
from xlt_analyses.checklist.failures import Case, cases, mean_rate, rate
from xlt_cli.api import Analysis, Prediction, Split, Task
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation
from xlt_cli.testing import AnalysisSuite
from xlt_cli.testing.analysed import Analysed
from xlt_tasks.checklist.task import CheckList

FILE = {
    "labels": ["0", "1"],
    "slots": {"name": {x: ["Anna", "Peter", "Maria", "Karl"] for x in ("en", "de", "sv")}},
    "phrases": {
        "comes": {"en": "{name} comes.", "de": "{name} kommt.", "sv": "{name} kommer."},
        "not": {"en": "{name} doesn't.", "de": "{name} nicht.", "sv": "{name} inte."},
    },
    "tests": [
        {"name": "same", "capability": "negation", "type": "MFT", "label": "1",
         "texts": ["comes", "comes"]},
        {"name": "negated", "capability": "negation", "type": "DIR", "label": "1",
         "texts": ["comes", "comes"], "changed": ["comes", "not"], "changed_label": "0",
         "expect": {"label": "1", "moves": "down", "tolerance": 0.1}},
        {"name": "renamed", "capability": "names", "type": "INV", "label": "1",
         "texts": ["comes(name=name1)", "comes(name=name1)"],
         "changed": ["comes(name=name2)", "comes(name=name2)"]},
    ],
}  # fmt: skip


class OnDev(CheckList):
    """Where the suite for analyses looks for rows."""

    def languages(self, split: Split) -> tuple[str, ...]:
        return super().languages("test")


class TestFailures(AnalysisSuite):
    @pytest.fixture
    def plugin(self) -> Analysis:
        return Failures(Failures.Params(shown=1))

    @pytest.fixture
    def run(self, file: Path) -> Analysed:
        task: Task = OnDev(OnDev.Params(templates=str(file)))
        return Analysed(task)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tests.yaml"
    path.write_text(yaml.safe_dump(FILE), "utf-8")
    return path


def record(kind: str, answer: Any, changed: bool = False, **more: Any) -> dict[str, Any]:
    end = "/changed" if changed else ""
    about = {"test": "t", "capability": "c", "type": kind, "texts": ["a", "b"], "gold": "1"}
    return {**about, "id": "t/0" + end, "changed": changed, "predicted": answer, **more}


@pytest.mark.parametrize(
    ("kind", "answers", "failed"),
    [
        ("MFT", ["1"], False),
        ("MFT", ["0"], True),
        ("MFT", [None], True),
        ("INV", ["0", "0"], False),  # wrong, and unchanged
        ("INV", ["1", "0"], True),
        ("INV", [None, None], True),
    ],
)
def test_a_case_fails_by_the_definition_of_its_type(
    kind: str, answers: list[Any], failed: bool
) -> None:
    (case,) = cases("en", [record(kind, a, bool(n)) for n, a in enumerate(answers)])
    assert case.failed == failed


@pytest.mark.parametrize(
    ("moves", "before", "after", "failed"),
    [
        ("down", 0.5, 0.4, False),
        ("down", 0.5, 0.59, False),
        ("down", 0.5, 0.61, True),
        ("up", 0.5, 0.9, False),
        ("up", 0.5, 0.41, False),
        ("up", 0.5, 0.39, True),
    ],
)
def test_a_direction_fails_where_the_probability_moves_the_other_way_beyond_the_tolerance(
    moves: str, before: float, after: float, failed: bool
) -> None:
    expect = {"label": "1", "moves": moves, "tolerance": 0.1}
    rows = [
        record("DIR", "1", bool(n), expect=expect, probability=p)
        for n, p in enumerate((before, after))
    ]
    (case,) = cases("en", rows[::-1])
    assert case.failed == failed
    assert case.answered == f"{before:.3f} → {after:.3f}"


def test_a_case_without_its_changed_row_is_left_out() -> None:
    assert cases("en", [record("INV", "1")]) == []
    assert len(cases("en", [record("MFT", "1")])) == 1


def made_up(language: str, failed: list[bool], first: int = 0) -> list[Case]:
    return [
        Case(f"t/{n}", language, (record("MFT", "0" if bad else "1"),))
        for n, bad in enumerate(failed, start=first)
    ]


def test_rates_have_wilsons_interval_and_means_that_of_cases_drawn_in_all_languages() -> None:
    rng = np.random.default_rng(1)
    outcomes = rng.random((2, 40)) < 0.3
    own = rate(made_up("en", outcomes[0].tolist()))
    due = binomtest(int(outcomes[0].sum()), 40).proportion_ci(method="wilson")
    assert (own.interval.low, own.interval.high) == pytest.approx((due.low, due.high))
    both = {x: made_up(x, o.tolist()) for x, o in zip(("en", "de"), outcomes, strict=True)}
    mean = mean_rate(both)
    assert mean.interval.value == pytest.approx(outcomes.mean())
    # The standard error of the mean over the languages of each case.
    error = outcomes.mean(0).std(ddof=1) / np.sqrt(40)
    width = mean.interval.high - mean.interval.low
    assert width == pytest.approx(2 * 1.96 * error, rel=0.15)
    never = mean_rate({x: made_up(x, [False] * 40) for x in ("en", "de")}).interval
    assert never == rate(made_up("en", [False] * 40)).interval
    assert mean_rate({"en": made_up("en", outcomes[0].tolist())}) == own
    # A language with other cases counts as much.
    both["sv"] = made_up("sv", [True] * 10, first=60)
    assert mean_rate(both).interval.value == pytest.approx((2 * outcomes.mean() + 1) / 3)


def stored(root: Path, file: Path, name: str = "erm", **answers: Any) -> Run:
    """A run whose model says 1 with a probability by language, and by test where that is given."""
    run = predicted(root, name, {"name": "mini-pawsx"}, sometimes_wrong(0), ["en"], limit=3)
    task = CheckList(CheckList.Params(templates=str(file)))
    use: Any = {"name": "checklist", "templates": str(file)}
    store = Store.open(run.evaluations, Evaluation(task=use), "weights")
    for language in task.languages("test"):
        store.write(
            Cell((language, language)),
            [
                Prediction(e.id, e.label, "1" if p > 0.5 else "0", (1 - p, p))  # type: ignore[attr-defined]
                for e in task.load("test", language).examples
                for p in [answers[language](e)]
            ],
        )
    return run


def fails_in_german(example: Any) -> float:
    """Everything is a paraphrase, but for what is said of Peter."""
    return 0.2 if "Peter" in example.texts[0] else 0.9


def test_the_report_of_a_run(xlt: Any, tmp_path: Path, file: Path) -> None:
    right = lambda e: 0.9 if e.label == "1" else 0.1  # noqa: E731
    run = stored(tmp_path / "runs", file, en=right, de=fails_in_german, sv=right)
    given = ("checklist", run.name, "--task", "checklist", "--runs-dir", tmp_path / "runs")
    result = xlt("analyze", *given, "--shown", "1")
    assert result.exit_code == 0, result.output
    for text in ("failure rates", "negation", "names", "the same answer", "Peter kommt.", "MFT"):
        assert text in result.stdout
    folder = run.path / "analysis" / "checklist"
    values = json.loads((folder / "results.json").read_text())["runs"][run.name]
    rates = {(one["capability"], one["test"]): one["languages"] for one in values["rates"]}
    assert list(rates) == [
        ("negation", ""), ("negation", "same"), ("negation", "negated"),
        ("names", ""), ("names", "renamed"),
    ]  # fmt: skip
    assert rates["negation", "same"]["de"]["failures"] == 1
    assert rates["negation", "negated"]["de"]["failures"] == 0  # equal probabilities do not rise
    # Of the 12 pairs of names, those in which Peter comes or goes.
    assert rates["names", "renamed"]["de"] | {"low": 0, "high": 0} == {
        "cases": 12, "failures": 6, "value": 0.5, "low": 0, "high": 0,
    }  # fmt: skip
    assert rates["names", ""]["average:others"]["value"] == pytest.approx(0.25)
    assert rates["names", ""]["average:all"]["value"] == pytest.approx(0.5 / 3)
    assert rates["negation", ""]["de"]["cases"] == 8
    assert len(values["failures"]) == 7
    lines = list(csv.DictReader((folder / "results.csv").read_text().splitlines()))
    assert len(lines) == 5 * 5
    (line,) = [x for x in lines if (x["test"], x["language"]) == ("renamed", "de")]
    assert float(line["low"]) < 0.5 < float(line["high"])
    alone = xlt("analyze", *given, "--languages", "de", "--json")
    assert alone.exit_code == 0, alone.output


def test_two_runs_have_tables_of_their_own(xlt: Any, tmp_path: Path, file: Path) -> None:
    always = {x: lambda e: 0.9 for x in ("en", "de", "sv")}
    root = tmp_path / "runs"
    one, other = (stored(root, file, name, **always) for name in ("erm", "robust"))
    given = ("--task", "checklist", "--runs-dir", root)
    both = xlt("analyze", "checklist", f"a={one.name}", f"b={other.name}", *given)
    assert both.exit_code == 0, both.output
    assert "a: failure rates" in both.stdout
    assert "b: failure rates" in both.stdout
    twice = xlt("analyze", "checklist", f"a={one.name}", f"a={other.name}", *given)
    assert twice.exit_code == 2
    assert "two runs have the name 'a'" in twice.output


def test_other_rows_and_answers_without_probabilities_are_refused(
    xlt: Any, tmp_path: Path, file: Path
) -> None:
    root = tmp_path / "runs"
    run = stored(root, file, **{x: lambda e: 0.9 for x in ("en", "de", "sv")})
    refused = xlt("analyze", "checklist", run.name, "--runs-dir", root)
    assert refused.exit_code == 2
    assert "no behavioural tests" in refused.output
    assert "--task checklist" in refused.output
    task = {"name": "checklist", "templates": str(file)}
    store = Store.open(run.evaluations, Evaluation(task=task), "weights")
    rows = CheckList(CheckList.Params(templates=str(file))).load("test", "en").examples
    store.write(Cell(("en", "en")), [Prediction(e.id, e.label, "1") for e in rows])  # type: ignore[attr-defined]
    bare = xlt("analyze", "checklist", run.name, "--task", "checklist", "--runs-dir", root)
    assert bare.exit_code == 2
    assert "needs the probability of '1'" in bare.output
