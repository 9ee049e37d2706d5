"""`xlt table`: stored figures with any dimensions as rows and columns."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import AsJson, FormatOption, RunsDir, format_of
from xlt_cli.commands.systems import ArchivedRuns, Systems, compared
from xlt_cli.commands.words import conditions, words

if TYPE_CHECKING:
    from xlt_cli.api.reports import Report


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
        str | None,
        typer.Option(
            "--rows",
            metavar="DIMENSIONS",
            help="One or several with commas: method, encoder, stage, seed, run, task, split, "
            "labels, limit, condition, metric, evaluation, language, group, family, script, "
            "resource. Default: method.",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="DIMENSIONS", help="As for --rows. Default: task."),
    ] = None,
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
        str | None,
        typer.Option(
            "--best",
            metavar="DIMENSION",
            help="The best of these is bold; the rest being equal. Default: method.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="METHOD",
            help="Mark what differs from this method significantly, paired by seed and row.",
        ),
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(
            "--benchmark",
            metavar="NAME|FILE",
            help="Average the figures as this benchmark does; a system is an encoder, or what "
            "NAME= names.",
            autocompletion=completion.benchmarks,
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

    output = format_of(format_, as_json)
    if benchmark is not None:
        unused = {"--rows": rows, "--columns": columns, "--best": best, "--baseline": baseline}
        _check_unused([option for option, value in unused.items() if value is not None])
    with compared(runs, archived, runs_dir, "xlt table") as (given, root):
        taken: Any = {
            "where": conditions(where or []),
            "spread": spread.value,
            "runs_dir": root,
        }
        if benchmark is not None:
            named = any("=" in text for text in runs or ())
            found = _averaged(given if named else _all(given), benchmark, taken)
        else:
            from xlt_cli.interface.tabulate import BEST, tabulate

            found = tabulate(
                given,
                rows=words(rows or "method"),
                columns=words(columns or "task"),
                best=best or BEST,
                baseline=baseline,
                **taken,
            ).report
    print_report(found, output)


def _averaged(given: Systems | list[str], benchmark: str, taken: Any) -> Report:
    """The report of a benchmark."""
    from xlt_cli.interface.benchmark import benchmark as average

    return average(given, benchmark, **taken).report


def _check_unused(options: list[str]) -> None:
    """Raises SpecError if there are options that a benchmark decides itself."""
    from xlt_cli.errors import SpecError

    if options:
        hint = f"omit {' and '.join(options)}: a benchmark has its own tasks and averages"
        raise SpecError(f"--benchmark and {options[0]} contradict each other", "xlt table", hint)


def _all(given: Systems | list[str]) -> list[str]:
    """The runs of all points of a sweep: those of a benchmark are one for each task."""
    return [run for own in given.values() for run in own] if isinstance(given, dict) else given
