"""A reproduction in one small folder, from which its report can be recomputed without its runs.

archive.json              which reproduction, with what choice, of which runs; what failed
reproduction.yaml         methods and claims, as they were
runs/RUN.json.xz          spec, record, environment, training curve, timing, figures of a run
predictions/RUN.parquet   what it was asked and answered, a row for each example of each cell
COMPLETE.json             sizes and checksums of all these files

Format 1 had the answers in a code of its own, and what was asked once per task (see `packed`).
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from xlt_cli.console.progress import Reporter
from xlt_cli.errors import DataError
from xlt_cli.reproduce import files, packed
from xlt_cli.reproduce.answers import SUFFIX, answers_of, table_of
from xlt_cli.reproduce.definition import FILE, Shipped, read_folder
from xlt_cli.reproduce.records import Record
from xlt_cli.reproduce.spread import spread
from xlt_cli.reproduce.trials import Choice, encoder_of
from xlt_cli.runs import archives, atomic
from xlt_cli.runs.archives import reading
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.directory import Run
from xlt_cli.runs.portable import portable, without_paths
from xlt_cli.runs.predictions import Answers
from xlt_cli.spec import Evaluation

CONTENTS = "archive.json"
FORMAT = 2

_COMMAND = ("reproduction", "encoder", "quick", "overrides", "tasks")
"""What an archive is of; with more seeds it is replaced, with fewer it stays."""


def check_place(folder: Path, shipped: Shipped, choice: Choice) -> None:
    """Refuses a folder that holds something else, or an archive of another command.

    Raises:
        DataError: it does.
    """
    archives.check_place(folder, CONTENTS)
    if not atomic.is_complete(folder):
        return
    with reading(folder / CONTENTS):
        there = atomic.read_json(folder / CONTENTS)
        theirs = {"tasks": [], **{name: there[name] for name in there if name in _COMMAND}}
    mine = _contents(shipped, choice, [])
    if theirs != {name: mine[name] for name in _COMMAND}:
        raise DataError(
            "the folder contains an archive that was made with other options",
            str(folder),
            "give a new folder: reproduction, encoder, tasks, --quick and --set must be the same",
        )


def write(
    folder: Path,
    shipped: Shipped,
    choice: Choice,
    records: Sequence[Record],
    runs: Sequence[Run],
    reporter: Reporter,
    at_once: int = 1,
) -> Path:
    """Archives runs, all or none; `runs` are the directories of `records`. Says where.

    An archive with fewer finished runs than the one in place goes beside it.

    Args:
        at_once: processes that read and pack.

    Raises:
        DataError: two runs of a task were tested on different rows.
    """
    tasks: dict[str, str] = {}
    kept = [pair for pair in zip(records, runs, strict=True) if not pair[0].error]
    place = files.beside_fuller(folder, len(kept), _finished(folder))
    check_place(place, shipped, choice)
    with (
        atomic.new_directory(place.absolute()) as path,
        reporter.bar("writing the archive", len(kept), "runs") as bar,
    ):
        tables = spread(_packed, [record for record, _ in kept], at_once)
        for (record, run), (questions, predictions, cells) in zip(kept, tables, strict=True):
            if tasks.setdefault(record.task, questions) != questions:
                raise DataError(
                    f"'{record.run}' was tested on other rows than the first run on '{record.task}'"
                )
            atomic.write_bytes(path / "predictions" / f"{record.run}{SUFFIX}", predictions)
            results = [_portable(result) for result in record.results]
            about = {**portable(run), "results": results, "cells": cells}
            _write_json(path / "runs" / f"{record.run}.json.xz", about)
            bar.advance(1, 1)
        atomic.write_bytes(path / FILE, (shipped.folder / FILE).read_bytes())
        atomic.write_json(path / CONTENTS, _contents(shipped, choice, records))
    return place


def read(name: str, folder: Path) -> tuple[Shipped, Choice, list[Record]]:
    """The reproduction, what was asked for, and its runs; their answers are read when needed.

    Raises:
        DataError: there is no whole archive of that reproduction.
    """
    if not atomic.is_complete(folder):
        there = (folder / CONTENTS).exists()
        what = "the archive is incomplete" if there else "there is no archive"
        raise DataError(what, str(folder), "`xlt reproduce NAME --archive DIR` writes one")
    if not (folder / CONTENTS).is_file():
        raise DataError("this is not an archive of a reproduction", str(folder / CONTENTS))
    archives.check_whole(folder)
    with reading(folder / CONTENTS):
        return _read(name, folder, atomic.read_json(folder / CONTENTS))


def _read(
    name: str, folder: Path, contents: Mapping[str, Any]
) -> tuple[Shipped, Choice, list[Record]]:
    if contents["format"] not in (1, FORMAT) or contents["reproduction"] != name:
        stated = f"of '{contents['reproduction']}', in format {contents['format']}"
        raise DataError(f"the archive is {stated}; not of '{name}', in {FORMAT}", str(folder))
    choice = Choice(
        contents["encoder"],
        contents["seeds"],
        contents["quick"],
        contents["overrides"],
        contents.get("tasks", []),  # archives from before there was a choice have all
    )
    records = [_record(folder, run) for run in contents["runs"]]
    return read_folder(name, folder), choice, records


def about_run(folder: Path, name: str) -> dict[str, Any]:
    """What an archive says of a finished run: record, spec file, environment, fingerprints, stages,
    training curve, timing and results.

    Raises:
        DataError: the archive is damaged.
    """
    path = folder / "runs" / f"{name}.json.xz"
    with reading(path):
        about: dict[str, Any] = _read_json(path)
        return about


def _finished(folder: Path) -> int:
    """How many finished runs are archived there; none where there is no whole archive."""
    if not atomic.is_complete(folder):
        return 0
    return sum(not run["error"] for run in atomic.read_json(folder / CONTENTS)["runs"])


def _contents(shipped: Shipped, choice: Choice, records: Sequence[Record]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "reproduction": shipped.name,
        "encoder": encoder_of(shipped, choice),
        "seeds": choice.seeds,
        "quick": choice.quick,
        "overrides": list(choice.overrides),
        "tasks": list(choice.tasks),
        "runs": [
            {
                "task": record.task,
                "method": record.method,
                "seed": record.seed,
                "run": record.run,
                "error": record.error,
                "evaluation": without_paths(record.evaluation.model_dump(mode="json")),
            }
            for record in records
        ],
    }


def _packed(record: Record) -> tuple[str, bytes, list[Pair]]:
    """A hash of what a run was asked, its answers as a table, and its cells in order."""
    answers = record.answers()
    asked = [[*pair, cell.ids, cell.golds] for pair, cell in answers.items()]
    questions = hashlib.sha256(atomic.json_bytes(asked)).hexdigest()
    return questions, table_of(answers), list(answers)


def _record(folder: Path, kept: dict[str, Any]) -> Record:
    name, task, error = kept["run"], kept["task"], kept["error"]
    path = folder / "runs" / f"{name}.json.xz"
    with reading(path):
        about = {} if error else _read_json(path)
    if "alphabet" in about:
        answers = partial(packed.answers_of, folder, task, name, about["alphabet"])
    else:
        answers = partial(_answers, folder, name, [tuple(pair) for pair in about.get("cells", [])])
    evaluation, results = Evaluation.model_validate(kept["evaluation"]), about.get("results", [])
    return Record(task, kept["method"], kept["seed"], name, error, evaluation, results, answers)


def _answers(folder: Path, name: str, cells: Sequence[Pair]) -> dict[Pair, Answers]:
    path = folder / "predictions" / f"{name}{SUFFIX}"
    with reading(path):
        return answers_of(path.read_bytes(), cells)


def _portable(result: dict[str, Any]) -> dict[str, Any]:
    """Figures as they are; of where the data were, the last two parts of the path."""
    return {**result, "data": without_paths(result["data"])} if "data" in result else result


def _write_json(path: Path, value: Any) -> None:
    atomic.write_bytes(path, lzma.compress(atomic.json_bytes(value) + b"\n", preset=9))


def _read_json(path: Path) -> Any:
    return json.loads(lzma.decompress(path.read_bytes()))
