"""A reproduction's report where runs are missing."""

from __future__ import annotations

from pathlib import Path

from xlt_cli.analysis.findings import COLUMNS, csv_text
from xlt_cli.console.progress import Reporter
from xlt_cli.console.reproduction import WIDTH, plain
from xlt_cli.runs.directory import Run
from xlt_cli.sweep import reproduction
from xlt_cli.sweep.local import Outcome
from xlt_cli.sweep.records import of_run
from xlt_cli.sweep.reproduced import report
from xlt_cli.sweep.trials import Choice, plan


def test_where_every_run_failed_there_is_still_a_report(tmp_path: Path) -> None:
    shipped, choice = reproduction.read("robust-xlt"), Choice()
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
