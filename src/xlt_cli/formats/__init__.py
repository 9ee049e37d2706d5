"""How reports look on a terminal, in JSON, CSV, Markdown and LaTeX.

May stand here: one module for each format, which renders each kind of piece once. Nothing here
computes a figure; how a value is written is in `reports.values`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlt_cli.api.reports import Report

DEFAULT = "terminal"


def show(report: Report, name: str = DEFAULT) -> None:
    """Prints a report on stdout in one of the formats."""
    FORMATS[name](report)


def _terminal(report: Report) -> None:
    from xlt_cli.console.screen import stdout
    from xlt_cli.formats import terminal

    terminal.show(report, stdout())


def _json(report: Report) -> None:
    from xlt_cli.formats import json
    from xlt_cli.terminal import print_json

    print_json(json.value(report))


def _csv(report: Report) -> None:
    from xlt_cli.formats import csv
    from xlt_cli.terminal import echo

    echo(csv.text(report).removesuffix("\n"))


def _markdown(report: Report) -> None:
    from xlt_cli.formats import markdown
    from xlt_cli.terminal import echo

    echo(markdown.text(report).removesuffix("\n"))


def _latex(report: Report) -> None:
    from xlt_cli.formats import latex
    from xlt_cli.terminal import echo

    echo(latex.text(report).removesuffix("\n"))


FORMATS: dict[str, Callable[[Report], None]] = {
    "terminal": _terminal,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
    "latex": _latex,
}
"""By the name that `--format` takes; each prints on stdout."""
