"""`xlt report`: one HTML page about runs, a spec's sweep, or an archive."""

from __future__ import annotations

import contextlib
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import Quiet, RunsDir
from xlt_cli.compute.offline import go_offline


def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[[NAME=]RUNS]...|SPEC|REPRODUCTION",
            help="Runs: names or paths, perhaps with *; NAME= names their system. Or a spec: the "
            "points of its sweep are the systems. With the archive of a reproduction: its name.",
            autocompletion=completion.runs,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="The page that is written.")
    ] = Path("report.html"),
    archived: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="ARCHIVE",
            help="Make the page of an archive: of `xlt archive` (default: of all its runs), or of "
            "a reproduction.",
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
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Write no file: show the page at a local address and make it anew when runs have "
            "changed. Ctrl-C ends it.",
        ),
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Of --serve; 0 for any that is free.")
    ] = 8017,
    runs_dir: RunsDir = None,
    quiet: Quiet = False,
) -> None:
    """Write one HTML page about runs: figures, gains, heat maps, curves, specs, cost.

    The page needs no network and no other file. Only stored results are read.
    """
    from xlt_cli.commands.options import check_file
    from xlt_cli.commands.systems import check_given
    from xlt_cli.runs import atomic, run_archive
    from xlt_cli.terminal import echo

    check_file(out, "--out")
    go_offline(True)
    given = runs or []
    if archived is None:
        check_given(given, "xlt report")
    if serve:
        _serve(archived, given, baseline, title, runs_dir, port)
        return
    if archived is None:
        page = _of_runs(given, baseline, title, runs_dir)
    elif run_archive.is_one(archived):
        page = _of_archived_runs(archived, given, baseline, title, runs_dir)
    else:
        page = _of_archive(archived, given, baseline, title, quiet)
    atomic.write_text(out, page)
    if not quiet:
        echo(f"written to {out} ({len(page.encode()) / 1e6:.1f} MB)")


def _serve(
    archived: Path | None,
    runs: list[str],
    baseline: str | None,
    title: str,
    runs_dir: Path | None,
    port: int,
) -> None:
    """Serves the page until Ctrl-C."""
    from xlt_cli.commands.systems import begun
    from xlt_cli.errors import RunError, SpecError
    from xlt_cli.interface.runs import root_of
    from xlt_cli.page.render import check_installed
    from xlt_cli.page.serving import HOST, Pages, server, state_of
    from xlt_cli.terminal import echo

    if archived is not None:
        raise SpecError("an archive does not change", "--serve", "leave out --from or --serve")
    check_installed()
    with contextlib.suppress(RunError):  # runs may begin later; a wrong spec stays wrong
        begun(runs, runs_dir, "xlt report")
    root = root_of(runs_dir)
    outside = [Path(text.rpartition("=")[2]) for text in runs]

    def state() -> str:
        return state_of([*root.glob("*"), *(path for path in outside if path.is_dir())])

    pages = Pages(lambda live: _of_runs(runs, baseline, title, runs_dir, live), state)
    with server(pages, port) as serving:
        echo(f"http://{HOST}:{serving.server_address[1]}/ (Ctrl-C ends it)")
        try:
            serving.serve_forever()
        except KeyboardInterrupt:
            return


def _of_runs(
    runs: list[str], baseline: str | None, title: str, runs_dir: Path | None, live: str = ""
) -> str:
    from xlt_cli.commands.systems import begun
    from xlt_cli.interface.report import report

    systems, missing = begun(runs, runs_dir, "xlt report")
    return report(
        systems,
        baseline=baseline,
        title=title,
        runs_dir=runs_dir,
        command=_command(),
        missing=missing,
        live=live,
    )


def _of_archived_runs(
    archive: Path, runs: list[str], baseline: str | None, title: str, runs_dir: Path | None
) -> str:
    from xlt_cli.commands.systems import compared
    from xlt_cli.interface.report import report

    with compared(runs, archive, runs_dir, "xlt report") as (given, root):
        return report(given, baseline=baseline, title=title, runs_dir=root, command=_command())


def _of_archive(
    archive: Path, given: list[str], baseline: str | None, title: str, quiet: bool
) -> str:
    from xlt_cli.console.progress import Reporter
    from xlt_cli.errors import SpecError
    from xlt_cli.interface.report import report_archive
    from xlt_cli.reproduce import definition

    if len(given) != 1:
        raise SpecError(
            "the archive is not one of `xlt archive`, and of a reproduction the name is needed",
            str(archive),
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
