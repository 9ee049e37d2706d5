"""`xlt archive`: runs in one file, from which tables and reports are made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import RunsDir
from xlt_cli.commands.systems import runs_of
from xlt_cli.terminal import echo


def archive(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]RUNS...|SPEC",
            help="Runs, as for `xlt table`: names or paths, perhaps with *; NAME= names their "
            "method. Or a spec: the points of its sweep are the methods.",
            autocompletion=completion.runs,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="The file to write, e.g. runs.tar.xz."),
    ],
    answers_only: Annotated[
        bool,
        typer.Option(
            "--answers-only",
            help="Leave out probabilities; metrics that need them cannot be computed again.",
        ),
    ] = False,
    runs_dir: RunsDir = None,
) -> None:
    """Write runs to one file, without weights, from which tables are made again.

    `xlt compare`, `xlt table` and `xlt runs` read it with --from.
    """
    from xlt_cli.interface.archived import write_archive
    from xlt_cli.reports.values import size_in_words

    systems = runs_of(runs, runs_dir, "xlt archive")
    names = write_archive(systems, out, runs_dir=runs_dir, answers_only=answers_only)
    for name in names:
        echo(name)
    echo(f"{len(names)} run{'s' * (len(names) > 1)} in {out}, {size_in_words(out.stat().st_size)}")
