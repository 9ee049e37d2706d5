"""Where a reproduction's report is written, and that a fuller one stays where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xlt_cli.errors import DamagedFile
from xlt_cli.formats import csv, terminal
from xlt_cli.reports.reproduction import WIDTH, report
from xlt_cli.runs import atomic

FILE = "report.json"


def write(folder: Path, values: dict[str, Any]) -> Path:
    """Writes everything as JSON, the figures as CSV and what the screen shows; says where.

    A report over fewer finished runs than the one in place goes beside it.
    """
    place = beside_fuller(folder, _finished(values), _finished(_in_place(folder)))
    built = report(values)
    atomic.write_json(place / FILE, values, sealed=False)
    atomic.write_text(place / "figures.csv", csv.text(built))
    atomic.write_text(place / "report.txt", terminal.text(built, WIDTH))
    return place


def beside_fuller(folder: Path, now: int, before: int) -> Path:
    """The folder itself, unless what is in it is about more finished runs.

    A rerun in which runs fail must not replace the result of days.
    """
    absolute = folder.absolute()
    return absolute.with_name(f"{absolute.name}-incomplete") if now < before else folder


def _in_place(folder: Path) -> Any:
    try:
        return atomic.read_json(folder / FILE)
    except DamagedFile:
        return None


def _finished(values: Any) -> int:
    try:
        return int(values["planned"]) - len(values["missing"])
    except (KeyError, TypeError, ValueError):
        return 0
