"""The report of a search: best first, with what must be said of the trials and of the choice."""

from __future__ import annotations

from typing import Any

from xlt_cli.api.reports import Report, Table, Text
from xlt_cli.reports import search
from xlt_cli.reports.search import Searched, TrialRun, Tried

RATE = "stages.0.learning_rate"


def tried(number: int, state: str, *values: float, **about: Any) -> Tried:
    fallen = about.pop("fallen", False)
    runs = [
        TrialRun(
            f"x-s{seed}-{number}", f"/runs/x-s{seed}-{number}", seed, "done", value, "", fallen
        )
        for seed, value in enumerate(values, start=1)
    ]
    value = about.pop("value", sum(values) / len(values) if values else None)
    return Tried(number, state, {RATE: 10.0**-number / 3}, value, runs, **about)


def searched(*trials: Tried, oracle: str = "") -> Searched:
    space = {RATE: {"low": 1e-5, "high": 1.0, "log": True, "step": None, "choices": None}}
    about = ("base", "pawsx dev en accuracy", "accuracy", False, oracle, "tpe", space)
    return Searched(*about, 9, trials)


TRIALS = (
    tried(1, "failed", why="no memory"),
    tried(2, "done", 0.5, 0.6),
    tried(3, "stopped early", value=0.99, steps=2),
    tried(4, "done", 0.8, 0.9),
    tried(5, "begun"),
    tried(6, "done", 0.9, 0.9, fallen=True),
)


def pieces(report: Report) -> tuple[list[list[Any]], str]:
    """The rows of the table, and the texts."""
    (table,) = (piece for piece in report.pieces if isinstance(piece, Table))
    texts = [piece.text for piece in report.pieces if isinstance(piece, Text)]
    return [list(row.cells) for row in table.rows], "\n".join(texts)


def test_the_best_trial_comes_first_and_those_without_a_figure_last() -> None:
    found = searched(*TRIALS)
    rows, said = pieces(search.report([found]))
    assert [(row[0], row[-1]) for row in rows] == [
        ("4", "done"),
        ("2", "done"),
        ("6", "done"),
        ("3", "stopped early, after 2 evaluations on dev"),
        ("5", "begun"),
        ("1", "failed"),
    ]
    assert [row[1] for row in rows][:2] == ["3.333e-05", "0.003333"]
    assert found.best is not None
    assert found.best.trial == 4
    for line in ("trial 1 failed: no memory", "3 of 9 trials are still to be drawn",
                 "  x-s1-4  seed 1", "gives one answer to every row"):  # fmt: skip
        assert line in said


def test_an_oracle_is_marked_and_says_why() -> None:
    report = search.report([searched(*TRIALS, oracle="oracle: the figure is of de")])
    (table,) = (piece for piece in report.pieces if isinstance(piece, Table))
    assert "score (oracle)" in [column.name for column in table.columns]
    assert "oracle: the figure is of de" in pieces(report)[1]
    assert report.records is not None
    assert {dict(zip([c.name for c in report.records.columns], row.cells, strict=True))["oracle"]
            for row in report.records.rows} == {True}  # fmt: skip


def test_what_is_known_beforehand_is_listed() -> None:
    ((_, said),) = [([], piece.text) for piece in search.planned_report([searched(*TRIALS)]).pieces
                    if isinstance(piece, Text)]  # fmt: skip
    assert "stages.0.learning_rate: 1e-05 to 1, logarithmic" in said
    assert "trial 2 stages.0.learning_rate=0.003333 seed=2 done -> x-s2-2" in said
    assert "6 of 9 trials drawn, 3 to be drawn" in said
