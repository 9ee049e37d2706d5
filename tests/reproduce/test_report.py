"""A reproduction's report where runs are missing, or collapsed."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.console.progress import Reporter
from xlt_cli.formats import csv as csv_format
from xlt_cli.formats import terminal
from xlt_cli.launch.jobs import Outcome
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports import reproduction as pieces
from xlt_cli.reports.gains import COLUMNS, records
from xlt_cli.reports.reproduction import WIDTH
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.reports.validity import note
from xlt_cli.reproduce import definition
from xlt_cli.reproduce.records import Record, of_run
from xlt_cli.reproduce.report import report
from xlt_cli.reproduce.trials import Choice, Trial, plan
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Answers


def plain(values: dict[str, Any]) -> str:
    """`report.txt`."""
    return terminal.text(pieces.report(values), WIDTH)


def csv_text(tasks: list[dict[str, Any]]) -> str:
    return csv_format.records(records(tasks))


def test_where_every_run_failed_there_is_still_a_report(tmp_path: Path) -> None:
    shipped, choice = definition.read("robust-xlt"), Choice()
    trials = plan(shipped, choice)
    outcomes = [Outcome(t.job, Run(tmp_path), [], "the data are missing") for t in trials]
    records = [of_run(*ran) for ran in zip(trials, outcomes, strict=True)]
    found = report(shipped, choice, records, Reporter(quiet=True))
    assert found["tasks"] == []
    assert len(found["missing"]) == found["planned"] == 8
    assert csv_text(found["tasks"]) == ",".join(COLUMNS) + "\n"
    text = plain(found)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "8 of 8 runs are missing" in text
    assert "xnli RS-DA seed 1: the data are missing" in text
    assert text.count("not measured") == 3 * len(found["claims"])


def a_record(trial: Trial, collapsed: bool, old: bool) -> Record:
    """A run that is right in 70% (ERM) or 95% of 200 rows, or answers `1` to all of them.

    Args:
        old: with figures of a version that said nothing of collapsed runs.
    """
    rng = random.Random(f"{trial.method} {trial.job.seed}")
    share = 0.7 if trial.method == "ERM" else 0.95
    cells = {}
    for language in ("en", "de", "zh"):
        rows = []
        for i in range(200):
            gold = str(i % 2)
            answer = gold if rng.random() < share else str(1 - int(gold))
            rows.append(Prediction(f"test-{i}", gold, "1" if collapsed else answer))
        cells[language, language] = rows
    problem = SequenceClassification(("0", "1"))
    figures = {pair: counted(problem, rows) for pair, rows in cells.items()}
    found: dict[str, Any] = summarise(problem, "accuracy", figures, ["en"], True).as_dict()
    found["notes"] = [note(warning) for warning in found["warnings"]]
    if old:
        found["notes"] = []
        del found["collapsed"], found["warnings"]
    about = {"task": "pawsx", "split": "test", "limit": None, "demonstration": False}
    return Record(
        *(trial.task, trial.method, trial.job.seed, f"{trial.method}-{trial.job.seed}", ""),
        trial.job.spec.evaluations[0],
        [{**about, **found}],
        partial(dict, {pair: Answers.of(rows) for pair, rows in cells.items()}),
    )


def collapsed_report(fallen: set[tuple[str, int]], old: bool = False) -> dict[str, Any]:
    shipped, choice = definition.read("robust-xlt"), Choice(seeds=4, tasks=["pawsx"])
    trials = plan(shipped, choice)
    records = [a_record(t, (t.method, t.job.seed) in fallen, old) for t in trials]
    return report(shipped, choice, records, Reporter(quiet=True))


@pytest.mark.parametrize("old", [False, True])
def test_a_collapsed_run_is_marked_in_figures_gains_and_claims(old: bool) -> None:
    found = collapsed_report({("adversarial", 2)}, old)
    (task,) = found["tasks"]
    assert task["methods"]["adversarial"]["collapsed_seeds"] == [2]
    (said,) = (note for note in found["notes"] if note.startswith("†"))
    without = task["methods"]["adversarial"]["without_collapsed"]["figures"]
    means = [100 * without[f"average:{name}"]["value"] for name in ("source", "zero_shot", "all")]
    assert said == (
        "† pawsx adversarial: 1 of 4 runs collapsed (seed 2: one answer to every row); means "
        "without: trained on {:.1f}, zero-shot {:.1f}, all languages {:.1f}".format(*means)
    )
    assert len(found["rule"]) == 4
    (first, *_) = found["claims"]
    words = {method: verdict["verdict"] for method, verdict in first["verdicts"].items()}
    assert words == {"adversarial": "undecided", "RS-RP": "confirmed", "RS-DA": "confirmed"}
    text = plain(found)
    figure = task["methods"]["adversarial"]["figures"]["average:all"]["value"]
    assert f"{100 * figure:.1f}†" in text
    assert csv_text(found["tasks"]).splitlines()[0].endswith(",collapsed")


def test_a_collapsed_baseline_is_in_every_claim() -> None:
    found = collapsed_report({("ERM", 3)})
    verdicts = [verdict for claim in found["claims"] for verdict in claim["verdicts"].values()]
    measured = [verdict for verdict in verdicts if verdict["remark"] != "not measured"]
    assert measured
    assert all("ERM seed 3" in verdict["remark"] for verdict in measured)


def test_a_report_without_collapsed_runs_has_no_word_of_them() -> None:
    found = collapsed_report(set())
    assert len(found["rule"]) == 3
    assert "collapsed" not in plain(found) + csv_text(found["tasks"]) + str(found)
