"""`xlt report`: one HTML page about runs, a spec's sweep, or an archive."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import Quiet, RunsDir


def report(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]RUNS...|SPEC|REPRODUCTION",
            help="Runs: names or paths, perhaps with *; NAME= names their system. Or a spec: the "
            "points of its sweep are the systems. With --from: the name of the reproduction.",
            autocompletion=completion.runs,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="The page that is written.")
    ] = Path("report.html"),
    archived: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="ARCHIVE",
            help="Make the page of a reproduction's archive, a folder or a file.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="The system that gains are over when the page is opened. Default: the first.",
        ),
    ] = None,
    title: Annotated[
        str, typer.Option("--title", help="Of the page. Default: the names of the systems.")
    ] = "",
    runs_dir: RunsDir = None,
    quiet: Quiet = False,
) -> None:
    """Write one HTML page about runs: figures, gains, heat maps, curves, specs, cost.

    The page needs no network and no other file. Only stored results are read.
    """
    from xlt_cli.commands.options import check_file, go_offline
    from xlt_cli.runs import atomic
    from xlt_cli.terminal import echo

    check_file(out, "--out")
    go_offline(True)
    if archived is not None:
        page = _of_archive(archived, runs, baseline, title, quiet)
    else:
        page = _of_runs(runs, baseline, title, runs_dir)
    atomic.write_text(out, page)
    if not quiet:
        echo(f"written to {out} ({len(page.encode()) / 1e6:.1f} MB)")


def _of_runs(runs: list[str], baseline: str | None, title: str, runs_dir: Path | None) -> str:
    from xlt_cli.commands.systems import runs_or_systems
    from xlt_cli.interface.report import report

    return report(
        runs_or_systems(runs, runs_dir, "xlt report"),
        baseline=baseline,
        title=title,
        runs_dir=runs_dir,
        command=_command(),
    )


def _of_archive(
    archive: Path, given: list[str], baseline: str | None, title: str, quiet: bool
) -> str:
    from xlt_cli.console.progress import Reporter
    from xlt_cli.errors import SpecError
    from xlt_cli.interface.report import report_archive
    from xlt_cli.reproduce import definition

    if len(given) != 1:
        raise SpecError(
            "an archive is of one reproduction",
            "xlt report --from",
            "write `xlt report NAME --from ARCHIVE`",
        )
    return report_archive(
        archive,
        definition.name_of(given[0]),
        baseline=baseline,
        title=title,
        command=_command(),
        reporter=Reporter(quiet=quiet),
    )


def _command() -> str:
    from xlt_cli.runs.portable import without_paths

    return shlex.join(["xlt", *without_paths(sys.argv[1:])])
