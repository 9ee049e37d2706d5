"""Reports of several runs, as they are printed on stdout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api import Report
from xlt_cli.formats import show
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports import evaluation, sweep
from xlt_cli.reports.selection import Selected
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.reports.sweep import Ran


def result(
    right: int, languages: Sequence[str] = ("en", "de"), constant: bool = False
) -> dict[str, Any]:
    """English is always 9 of 10; the others are `right` of 100.

    Args:
        constant: the model answers `1` to every row, so many of which have that label.
    """
    problem = SequenceClassification(("0", "1"))

    def prediction(i: int, count: int) -> Prediction:
        gold = str(int(i < count)) if constant else str(i % 2)
        answer = "1" if constant else gold if i < count else str(1 - int(gold))
        return Prediction(f"t-{i}", gold, answer)

    cells = {
        (a, b): counted(
            problem,
            [prediction(i, 90 if a == b == "en" and not constant else right) for i in range(100)],
        )
        for a in languages
        for b in languages
    }
    found = summarise(problem, "accuracy", cells, ["en"], True)
    about = {"task": "pawsx", "split": "test", "demonstration": False, "notes": []}
    return {**about, **found.as_dict()}


def outcome(
    label: str, seed: int, *right: int, error: str = "", dev: Selected | None = None
) -> Ran:
    results = [result(n) for n in right]
    path = Path(f"/runs/[bold]/x-s{seed}")
    return Ran(label, seed, path, results, error, dev, search=not results)


def on_dev(
    score: float,
    step: int = 10,
    task: str = "pawsx",
    oracle: bool = False,
    constant: bool | None = False,
) -> Selected:
    languages = ["en", "de"] if oracle else ["en"]
    return Selected(task, "dev", languages, "accuracy", score, step, 20, oracle, constant)


def test_where_lower_is_better_the_lowest_score_comes_first() -> None:
    scores = [replace(on_dev(score), lower_is_better=True) for score in (0.4, 0.2, 0.3)]
    runs = [outcome(str(dev.score), 1, dev=dev) for dev in scores]
    assert [group[0].point for group in sweep.ranked(runs)] == ["0.2", "0.3", "0.4"]


def rows(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The rows of the table that was printed."""
    lines = [row for row in capsys.readouterr().out.splitlines() if row.startswith("│")]
    return [[value.strip() for value in row.strip("│").split("│")] for row in lines]


def comparison(found: Sequence[Ran], capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    show(Report(sweep.comparison(found)))
    return rows(capsys)


def test_headlines_are_figures_of_the_evaluation() -> None:
    found = result(70)
    assert evaluation.headline(found, "trained_on") == pytest.approx(0.9)
    assert evaluation.headline(found, "zero_shot") == pytest.approx(0.7)
    assert evaluation.headline(found, "generalized") == pytest.approx(0.7)


def test_headlines_that_are_not_there_are_none() -> None:
    alone = result(70, ["en"])
    assert evaluation.headline(alone, "zero_shot") is None
    assert evaluation.headline(alone, "generalized") is None
    assert evaluation.headline(result(70, ["de"]), "trained_on") is None


def test_json_is_all_of_stdout_and_can_be_parsed(capsys: pytest.CaptureFixture[str]) -> None:
    show(sweep.report([outcome("base", 1, 70), outcome("base", 2, error="no [room]")]), "json")
    first, second = json.loads(capsys.readouterr().out)
    assert first["evaluations"] == [result(70)]
    assert (first["seed"], first["point"], first["error"]) == (1, "base", "")
    assert (second["evaluations"], second["error"]) == ([], "no [room]")
    show(evaluation.report([result(60)]), "json")
    assert json.loads(capsys.readouterr().out) == [result(60)]


def test_a_run_shows_its_tables_and_its_path_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show(sweep.report([outcome("base", 1, 70)]))
    text = capsys.readouterr().out
    assert "zero-shot average (1)" in text
    assert "run: /runs/[bold]/x-s1\n" in text
    assert "over seeds" not in text


def test_the_comparison_has_mean_and_deviation_over_seeds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [outcome("base", 1, 70), outcome("base", 2, 74), outcome("rate=[x]", 1, 50)]
    assert comparison(found, capsys) == [
        ["base", "pawsx test accuracy", "2", "90.0 (0.0)", "72.0 (2.8)", "1", "72.0 (2.8)"],
        ["rate=[x]", "pawsx test accuracy", "1", "90.0", "50.0", "1", "50.0"],
    ]


def test_the_comparison_counts_failed_runs_apart(capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        outcome("a", 1, 70),
        outcome("a", 2, error="boom"),
        outcome("b", 1, error="boom"),
    ]
    shown = comparison(found, capsys)
    assert shown[0][2:5] == ["1 (1 failed)", "90.0", "70.0"]
    assert shown[1] == ["b", "", "0 (1 failed)", "", "", "", ""]


def test_each_evaluation_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    shown = comparison([outcome("a", 1, 70, 60), outcome("a", 2, 72, 66)], capsys)
    assert [row[4] for row in shown] == ["71.0 (1.4)", "63.0 (4.2)"]


def test_the_comparison_has_the_score_on_dev_where_there_is_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [
        outcome("a", 1, 70, dev=on_dev(0.81)),
        outcome("a", 2, 70, dev=on_dev(0.83)),
        outcome("b", 1, 60),
    ]
    show(Report(sweep.comparison(found)))
    printed = capsys.readouterr().out
    assert "dev en" in printed
    assert "82.0 (1.4)" in printed
    assert [row[3:5] for row in comparison(found, capsys)] == [
        ["82.0 (1.4)", "90.0 (0.0)"],
        ["", "90.0"],
    ]


def test_a_search_is_ranked_by_its_mean_on_dev(capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        outcome("failed", 1, error="boom"),
        outcome("worse", 1, dev=on_dev(0.7)),
        outcome("best", 1, dev=on_dev(0.8)),
        outcome("best", 2, dev=on_dev(0.9, step=20)),
        outcome("other task", 1, dev=on_dev(0.95, task="xnli", oracle=True)),
        outcome("half", 1, dev=on_dev(0.75)),
        outcome("half", 2, error="boom"),
    ]
    show(sweep.report(found))
    assert rows(capsys) == [
        ["best", "pawsx dev en accuracy", "2", "85.0 (7.1)", "10/20, 20/20"],
        ["half", "pawsx dev en accuracy", "1 (1 failed)", "75.0", "10/20"],
        ["worse", "pawsx dev en accuracy", "1", "70.0", "10/20"],
        ["other task", "xnli dev en+de accuracy (oracle)", "1", "95.0", "10/20"],
        ["failed", "", "0 (1 failed)", "", ""],
    ]
    show(sweep.report(found), "json")
    listed = json.loads(capsys.readouterr().out)
    assert [one["point"] for one in listed] == [
        *("best", "best", "half", "half", "worse", "other task", "failed")
    ]
    assert listed[0]["dev"] == {
        "task": "pawsx",
        "split": "dev",
        "languages": ["en"],
        "metric": "accuracy",
        "score": 0.8,
        "step": 10,
        "steps": 20,
        "oracle": False,
        "constant": False,
        "place": "",
    }
    assert listed[-1]["dev"] is None


def test_a_single_run_without_evaluations_shows_its_score_and_its_path(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(sweep.report([outcome("", 1, dev=on_dev(0.7))]))
    printed = capsys.readouterr().out
    assert "70.0" in printed
    assert "run: /runs/[bold]/x-s1\n" in printed


def test_tables_in_a_pipe_are_not_folded(capsys: pytest.CaptureFixture[str]) -> None:
    show(evaluation.report([result(70)]))
    assert "90.0 [82.6, 94.5]" in capsys.readouterr().out


def fallen(label: str, seed: int, right: int) -> Ran:
    """A run that answers `1` to every row, so many of which have that label."""
    return replace(outcome(label, seed, 70), results=[result(right, constant=True)])


def test_a_collapsed_run_is_in_the_mean_marked_and_the_mean_without_it_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [outcome("a", 1, 70), outcome("a", 2, 74), fallen("a", 3, 50), outcome("b", 1, 60)]
    show(Report(sweep.comparison(found)))
    printed = capsys.readouterr().out
    assert comparison(found, capsys) == [
        [
            *("a", "pawsx test accuracy", "3 (1 collapsed)"),
            *("76.7 (23.1)†", "64.7 (12.9)†", "1", "64.7 (12.9)†"),
        ],
        ["b", "pawsx test accuracy", "1", "90.0", "60.0", "1", "60.0"],
    ]
    assert printed.splitlines()[-1].rstrip() == (
        "† a, pawsx test accuracy: 1 of 3 runs collapsed (seed 3: one answer to every row); "
        "without: trained on 90.0 (0.0), zero shot 72.0 (2.8), generalized 72.0 (2.8)"
    )


def test_where_all_runs_of_a_point_collapsed_nothing_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(Report(sweep.comparison([fallen("a", 1, 50), fallen("a", 2, 50)])))
    assert capsys.readouterr().out.splitlines()[-1].rstrip() == (
        "† a, pawsx test accuracy: 2 of 2 runs collapsed (seed 1, 2: one answer to every row)"
    )


def test_a_run_that_collapsed_on_dev_is_marked_in_every_column(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [outcome("a", 1, 70, dev=on_dev(0.9, constant=True)), outcome("b", 1, 70)]
    (first, second) = comparison(found, capsys)
    assert first[2:] == ["1 (1 collapsed)", "90.0†", "90.0†", "70.0†", "1", "70.0†"]
    assert "†" not in "".join(second)


@pytest.mark.parametrize("constant", [True, False, None])
def test_a_collapsed_point_is_ranked_after_the_others_whatever_its_score(
    constant: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """With 90% of one label, one answer to all rows has the highest score."""
    found = [
        outcome("majority", 1, dev=on_dev(0.9, constant=constant)),
        outcome("half", 1, dev=on_dev(0.88)),
        outcome("half", 2, dev=on_dev(0.92, constant=constant)),
        outcome("worse", 1, dev=on_dev(0.6)),
        outcome("better", 1, dev=on_dev(0.8)),
        outcome("other task", 1, dev=on_dev(0.7, task="xnli")),
        outcome("failed", 1, error="boom"),
    ]
    show(sweep.report(found))
    printed = capsys.readouterr().out
    order = [line.strip("│ ").split("│")[0].strip() for line in printed.splitlines() if "│" in line]
    others = ["other task", "failed"]
    if constant:
        assert order == ["better", "worse", "majority", "half", *others]
        assert "│ 1 (1 collapsed) │" in printed
        assert " 90.0† │" in printed
        assert "† half, pawsx dev en accuracy: 1 of 2 runs collapsed (seed 2: one" in printed
        assert "without: score 88.0" in printed
    else:
        assert order == ["majority", "half", "better", "worse", *others]
        assert "†" not in printed
    show(sweep.report(found), "json")
    listed = json.loads(capsys.readouterr().out)
    assert [one["point"] for one in listed if one["collapsed"]] == (
        ["majority", "half"] if constant else []
    )


@pytest.mark.parametrize("constant", [True, False, None])
def test_a_single_run_that_collapsed_on_dev_says_so_beside_its_table(
    constant: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    show(sweep.report([outcome("", 1, 70, dev=on_dev(0.5, constant=constant))]))
    said = "note: † on pawsx dev en accuracy this run gives one answer to every row\n"
    assert (said in capsys.readouterr().out) is bool(constant)
