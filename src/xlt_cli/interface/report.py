"""The report page of runs, of a spec's sweep, or of an archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.interface.comparable import Given
from xlt_cli.interface.runs import root_of
from xlt_cli.interface.tabulate import found_runs

if TYPE_CHECKING:
    from xlt_cli.console.progress import Reporter
    from xlt_cli.page.content import Content


def report(
    runs: Given | Sequence[Given] | Mapping[str, Given | Sequence[Given]],
    *,
    baseline: str | None = None,
    title: str = "",
    runs_dir: str | Path | None = None,
    command: str = "",
    missing: Sequence[str] = (),
    live: str = "",
) -> str:
    """Makes one HTML page about runs that needs no network.

    Args:
        runs: names or paths, perhaps with `*`, or `Run`s; by name of the system, or without names:
            a system is then the point of a sweep, or what the run was trained with.
        baseline: the system that gains are over at first; default: the first.
        title: of the page; default: the systems' names.
        runs_dir: where runs are looked for by name; default: `$XLT_RUNS_DIR`, or `runs`.
        command: what the page says it was made with.
        missing: what the end of the page says of runs that are not there.
        live: the state of the runs, for a page that looks for a newer one on its server.

    Returns:
        The HTML.

    Raises:
        SpecError: there is no such system.
        RunError: there is no such run.
        UserError: the extra `report` is not installed.
    """
    from xlt_cli.interface.reported import of_runs
    from xlt_cli.page.render import check_installed

    check_installed()
    found = list(found_runs(runs, root_of(runs_dir)))
    content = of_runs(found, baseline)
    content = replace(content, missing=[*missing, *content.missing])
    return _page(content, title, command, live)


def report_archive(
    archive: str | Path,
    name: str,
    *,
    baseline: str | None = None,
    title: str = "",
    command: str = "",
    reporter: Reporter | None = None,
) -> str:
    """Makes the page of an archive of a reproduction.

    Args:
        archive: a folder or a file.
        name: of the reproduction.
        baseline: the method that gains are over at first; default: the reproduction's own.
        title: of the page; default: the reproduction's.
        command: what the page says it was made with.
        reporter: gets progress; default: shown on stderr.

    Returns:
        The HTML.

    Raises:
        SpecError: there is no such method.
        DataError: there is no whole archive of that reproduction.
        UserError: the extra `report` is not installed.
    """
    from xlt_cli.interface.reported import of_archive
    from xlt_cli.interface.runs import usual_reporter
    from xlt_cli.page.render import check_installed
    from xlt_cli.runs.archive_file import as_folder

    check_installed()
    with as_folder(Path(archive)) as folder:
        content = of_archive(folder, name, baseline, reporter or usual_reporter())
        return _page(content, title, command)


def _page(content: Content, title: str, command: str, live: str = "") -> str:
    from xlt_cli.page.render import page
    from xlt_cli.runs.directory import now
    from xlt_cli.version import __version__

    made = now()[:19].replace("T", " ") + " UTC"
    named = title or content.subject or ", ".join(content.systems)
    said = command or "xlt_cli.report"
    return page(replace(content, subject=named, command=said, made=made, version=__version__), live)
