"""An analysis of alignment in one small folder, from which its figures can be made again.

alignment.json          what was probed and what must be said of it; the runs, in order
rows/NUMBER-RUN.json.xz the records of one run
COMPLETE.json           sizes and checksums of these files
"""

from __future__ import annotations

import dataclasses
import json
import lzma
from pathlib import Path

from xlt_cli.alignment.records import Analysis, Probed, ProbedRun, SourceRow, TranslatedRow
from xlt_cli.errors import DataError
from xlt_cli.runs import atomic
from xlt_cli.runs.archives import check_place, check_whole, reading

CONTENTS = "alignment.json"
FORMAT = 1

_ABOUT = ("task", "split", "limit", "source", "demonstration", "radii", "notes")
_ABOUT_RUN = ("name", "run", "seed", "weights")


def write(folder: Path, analysis: Analysis) -> None:
    """Archives an analysis; replaces an archive of the same or of fewer runs, and nothing else.

    Raises:
        DataError: the folder holds something else.
    """
    check_place(folder, CONTENTS)
    _check_replaced(folder, analysis)
    with atomic.new_directory(folder.absolute()) as path:
        for number, run in enumerate(analysis.runs):
            content = atomic.json_bytes(dataclasses.asdict(run.probed)) + b"\n"
            atomic.write_bytes(_rows(path, number, run.run), lzma.compress(content, preset=9))
        runs = [{name: getattr(run, name) for name in _ABOUT_RUN} for run in analysis.runs]
        atomic.write_json(
            path / CONTENTS, {"format": FORMAT, "about": dict(analysis.about), "runs": runs}
        )


def read(folder: Path) -> Analysis:
    """An archived analysis.

    Raises:
        DataError: there is no whole archive.
    """
    if not atomic.is_complete(folder) or not (folder / CONTENTS).is_file():
        raise DataError(
            "there is no whole archive of an analysis of alignment",
            str(folder),
            "`xlt analyze alignment RUN... --archive DIR` writes one",
        )
    check_whole(folder)
    with reading(folder / CONTENTS):
        contents = atomic.read_json(folder / CONTENTS)
        if contents["format"] != FORMAT:
            found = f"in format {contents['format']}, not in {FORMAT}"
            raise DataError(f"the archive is {found}", str(folder / CONTENTS))
        about = {name: contents["about"][name] for name in _ABOUT}
        runs = [{name: run[name] for name in _ABOUT_RUN} for run in contents["runs"]]
    if not runs:
        raise DataError("the archive holds no run", str(folder / CONTENTS))
    return Analysis(
        about,
        [
            ProbedRun(**run, probed=_read(_rows(folder, number, run["run"])))
            for number, run in enumerate(runs)
        ],
    )


def _check_replaced(folder: Path, analysis: Analysis) -> None:
    """Refuses to replace what this analysis does not hold.

    Raises:
        DataError: an archive of other runs or rows is there, or files that are no archive's.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return
    hint = "name a new folder"
    with reading(folder):
        own = {*atomic.read_json(folder / atomic.MANIFEST)["files"], atomic.MANIFEST}
        there = atomic.read_json(folder / CONTENTS)
        runs = [tuple(run[name] for name in _ABOUT_RUN) for run in there["runs"]]
        about = {name: there["about"][name] for name in _ABOUT if name != "notes"}
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    if files - own:
        raise DataError(f"'{min(files - own)}' there is no file of an archive", str(folder), hint)
    mine = {tuple(getattr(run, name) for name in _ABOUT_RUN) for run in analysis.runs}
    if set(runs) - mine or about != {name: analysis.about[name] for name in about}:
        raise DataError("an archive of other runs or rows is there", str(folder), hint)


def _rows(folder: Path, number: int, run: str) -> Path:
    """Directories of two runs may have one name."""
    return folder / "rows" / f"{number + 1:02}-{run}.json.xz"


def _read(path: Path) -> Probed:
    with reading(path):
        found = json.loads(lzma.decompress(path.read_bytes()))
        return Probed(
            [SourceRow(**row) for row in found["source"]],
            {
                language: [TranslatedRow(**row) for row in rows]
                for language, rows in found["languages"].items()
            },
        )
