"""`xlt table`: stored figures with any dimensions as rows and columns."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import AsJson, FormatOption, RunsDir, format_of
from xlt_cli.commands.systems import ArchivedRuns, compared
from xlt_cli.commands.words import conditions, words


class Spread(StrEnum):
    """What stands beside means over seeds."""

    deviation = "deviation"
    interval = "interval"


def table(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[[NAME=]RUNS]...|SPEC",
            help="Runs: names or paths, perhaps with *; NAME= names their method. Or a spec: the "
            "points of its sweep are the methods.",
            autocompletion=completion.runs,
        ),
    ] = None,
    rows: Annotated[
        str,
        typer.Option(
            "--rows",
            metavar="DIMENSIONS",
            help="One or several with commas: method, encoder, stage, seed, run, task, split, "
            "labels, limit, condition, metric, evaluation, language, group, family, script, "
            "resource.",
        ),
    ] = "method",
    columns: Annotated[
        str, typer.Option("--columns", metavar="DIMENSIONS", help="As for --rows.")
    ] = "task",
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="DIMENSION=VALUES",
            help="Take these values only, e.g. language=de,sw; repeatable.",
        ),
    ] = None,
    spread: Annotated[
        Spread,
        typer.Option(
            "--spread", help="Beside means: standard deviation, or 95% interval over seeds."
        ),
    ] = Spread.deviation,
    best: Annotated[
        str,
        typer.Option(
            "--best", metavar="DIMENSION", help="The best of these is bold; the rest being equal."
        ),
    ] = "method",
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="METHOD",
            help="Mark what differs from this method significantly, paired by seed and row.",
        ),
    ] = None,
    archived: ArchivedRuns = None,
    runs_dir: RunsDir = None,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Make a table of stored figures: any dimensions as rows and columns, means over seeds.

    Languages are averaged unless they are rows or columns. Only stored results are read.
    """
    from xlt_cli.commands.printing import print_report
    from xlt_cli.interface.tabulate import tabulate

    output = format_of(format_, as_json)
    with compared(runs, archived, runs_dir, "xlt table") as (given, root):
        found = tabulate(
            given,
            rows=words(rows),
            columns=words(columns),
            where=conditions(where or []),
            spread=spread.value,
            best=best,
            baseline=baseline,
            runs_dir=root,
        )
    print_report(found.report, output)
