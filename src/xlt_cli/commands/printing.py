"""Printing of the reports of commands on stdout, in the selected format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlt_cli.api.reports import Report
    from xlt_cli.commands.options import Format
    from xlt_cli.launch.jobs import Outcome
    from xlt_cli.reports.sweep import Ran


def print_report(report: Report, output: Format, place: str = "") -> None:
    """Prints a report; on a terminal, also where it was written."""
    from xlt_cli import formats
    from xlt_cli.api.reports import Report, Text
    from xlt_cli.commands.options import Format

    if place and output is Format.terminal:
        report = Report([report, Text(place, "muted", whole=True)])
    formats.show(report, output)


def print_outcomes(outcomes: Sequence[Outcome], output: Format) -> None:
    """Prints the results of runs: a table per run and evaluation, and one over several runs."""
    from xlt_cli import formats
    from xlt_cli.reports import sweep

    formats.show(sweep.report([_ran(outcome) for outcome in outcomes]), output)


def _ran(outcome: Outcome) -> Ran:
    from xlt_cli.reports.sweep import Ran

    job = outcome.job
    return Ran(
        job.label,
        job.seed,
        outcome.run.path,
        outcome.results,
        outcome.error,
        outcome.dev,
        search=not job.spec.evaluations,
    )
