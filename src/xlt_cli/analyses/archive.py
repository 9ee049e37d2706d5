"""An analysis in one small folder, from which its report can be made again.

NAME.json               of the analysis NAME: what was measured and how; the runs, in order
rows/NUMBER-RUN.json.xz the records of one run: of its source language, and of the others
COMPLETE.json           sizes and checksums of these files
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlt_cli.analyses.measuring import dumped
from xlt_cli.api import Analysis, Measured, MeasuredRun
from xlt_cli.errors import DataError
from xlt_cli.runs import atomic
from xlt_cli.runs.archives import check_place, check_whole, reading

FORMAT = 1

_ABOUT = ("task", "split", "limit", "source", "demonstration", "notes")
"""What is there whatever the analysis."""
_ABOUT_RUN = ("name", "run", "seed", "weights")


def contents(analysis: str) -> str:
    """The file that every archive of an analysis has."""
    return f"{analysis}.json"


def write(folder: Path, analysis: Analysis, measured: Measured) -> None:
    """Archives an analysis; replaces an archive of the same or of fewer runs, and nothing else.

    Raises:
        DataError: the folder holds something else.
    """
    check_place(folder, contents(analysis.name))
    params = dumped(analysis)
    _check_replaced(folder, analysis.name, params, measured)
    source = measured.about["source"]
    with atomic.new_directory(folder.absolute()) as path:
        for number, run in enumerate(measured.runs):
            others = {x: list(own) for x, own in run.records.items() if x != source}
            rows = {"source": list(run.records.get(source, ())), "languages": others}
            content = atomic.json_bytes(rows) + b"\n"
            atomic.write_bytes(_rows(path, number, run.run), lzma.compress(content, preset=9))
        runs = [{name: getattr(run, name) for name in _ABOUT_RUN} for run in measured.runs]
        atomic.write_json(
            path / contents(analysis.name),
            {"format": FORMAT, "about": dict(measured.about), "params": params, "runs": runs},
        )


def read(folder: Path, analysis: str) -> tuple[Measured, dict[str, Any]]:
    """An archived analysis, and its parameters as far as they are stored.

    Raises:
        DataError: there is no whole archive of this analysis.
    """
    file = folder / contents(analysis)
    if not atomic.is_complete(folder) or not file.is_file():
        raise DataError(
            f"there is no complete archive of the analysis '{analysis}'",
            str(folder),
            f"`xlt analyze {analysis} RUN... --archive DIR` writes one",
        )
    check_whole(folder)
    with reading(file):
        stored = atomic.read_json(file)
        if stored["format"] != FORMAT:
            raise DataError(
                f"the archive is in format {stored['format']}, not in {FORMAT}", str(file)
            )
        about = dict(stored["about"])
        for name in _ABOUT:
            about[name]  # it is damaged without
        runs = [{name: run[name] for name in _ABOUT_RUN} for run in stored["runs"]]
    if not runs:
        raise DataError("the archive contains no run", str(file))
    source = about["source"]
    return Measured(
        about,
        [
            MeasuredRun(**run, records=_read(_rows(folder, number, run["run"]), source))
            for number, run in enumerate(runs)
        ],
    ), stored.get("params", {})


def _check_replaced(
    folder: Path, analysis: str, params: Mapping[str, Any], measured: Measured
) -> None:
    """Refuses to replace what this analysis does not hold.

    Raises:
        DataError: an archive of other runs or rows is there, or files that are no archive's.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return
    hint = "give a new folder"
    with reading(folder):
        own = {*atomic.read_json(folder / atomic.MANIFEST)["files"], atomic.MANIFEST}
        there = atomic.read_json(folder / contents(analysis))
        runs = [tuple(run[name] for name in _ABOUT_RUN) for run in there["runs"]]
        about = {name: value for name, value in there["about"].items() if name != "notes"}
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    if files - own:
        raise DataError(
            f"the folder contains '{min(files - own)}', which is not a file of an archive",
            str(folder),
            hint,
        )
    mine = {tuple(getattr(run, name) for name in _ABOUT_RUN) for run in measured.runs}
    same = about == {name: value for name, value in measured.about.items() if name != "notes"}
    if set(runs) - mine or not same or there.get("params", params) != params:
        raise DataError("the folder contains an archive of other runs or rows", str(folder), hint)


def _rows(folder: Path, number: int, run: str) -> Path:
    """Directories of two runs may have one name."""
    return folder / "rows" / f"{number + 1:02}-{run}.json.xz"


def _read(path: Path, source: str) -> dict[str, list[dict[str, Any]]]:
    """Records by language, the source's first."""
    with reading(path):
        stored = json.loads(lzma.decompress(path.read_bytes()))
        languages = {x: [dict(row) for row in rows] for x, rows in stored["languages"].items()}
        own = {source: [dict(row) for row in stored["source"]]} if stored["source"] else {}
        return {**own, **languages}
