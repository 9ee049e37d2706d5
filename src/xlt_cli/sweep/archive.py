"""A reproduction in one small folder, from which its report can be recomputed without its runs.

archive.json              which reproduction, with what choice, of which runs; what failed
reproduction.yaml         methods and claims, as they were
tasks/TASK.json.xz        once per task: the cells (languages), each with its ids and gold labels
runs/RUN.json.xz          spec, record, environment, training curve, timing, figures of a run
predictions/RUN.xz        what it answered (`runs.packed` says how)
COMPLETE.json             the sizes of all these files
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from xlt_cli.console.progress import Reporter
from xlt_cli.errors import DataError
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.packed import Layout, alphabet_of
from xlt_cli.runs.portable import portable, without_paths
from xlt_cli.runs.predictions import Answers, Pair
from xlt_cli.spec import Evaluation
from xlt_cli.sweep import reports
from xlt_cli.sweep.records import Record
from xlt_cli.sweep.reproduction import FILE, Shipped, read_folder
from xlt_cli.sweep.trials import Choice, encoder_of

CONTENTS = "archive.json"
FORMAT = 1


def check_place(folder: Path) -> None:
    """Refuses a folder that holds something else: an archive replaces what is there.

    Raises:
        DataError: it does.
    """
    if folder.exists() and not (folder / CONTENTS).is_file():
        if folder.is_dir() and not any(folder.iterdir()):
            return
        raise DataError("this is there, and is no archive", str(folder), "name a new folder")


def write(
    folder: Path,
    shipped: Shipped,
    choice: Choice,
    records: Sequence[Record],
    runs: Sequence[Run],
    reporter: Reporter,
) -> Path:
    """Archives runs, all or none; `runs` are the directories of `records`. Says where.

    An archive with fewer finished runs than the one in place goes beside it.

    Raises:
        DataError: two runs of a task were tested on different rows.
    """
    tasks: dict[str, Layout] = {}
    kept = [pair for pair in zip(records, runs, strict=True) if not pair[0].error]
    place = reports.beside_fuller(folder, len(kept), _finished(folder))
    check_place(place)
    with (
        atomic.new_directory(place.absolute()) as path,
        reporter.bar("writing the archive", len(kept), "runs") as bar,
    ):
        for record, run in kept:
            _write_run(path, record, run, tasks)
            bar.advance(1, 1)
        for task, layout in tasks.items():
            _write_json(path / "tasks" / f"{task}.json.xz", _rows_of(layout.asked))
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
        what = "the archive is not whole" if there else "there is no archive"
        raise DataError(what, str(folder), "`xlt reproduce NAME --archive DIR` writes one")
    contents = atomic.read_json(folder / CONTENTS)
    if contents["format"] != FORMAT or contents["reproduction"] != name:
        found = f"of '{contents['reproduction']}', in format {contents['format']}"
        raise DataError(f"the archive is {found}; not of '{name}', in {FORMAT}", str(folder))
    choice = Choice(
        contents["encoder"], contents["seeds"], contents["quick"], contents["overrides"]
    )
    layout_of = cache(partial(_read_layout, folder))
    records = [_record(folder, run, layout_of) for run in contents["runs"]]
    return read_folder(name, folder), choice, records


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


def _write_run(path: Path, record: Record, run: Run, tasks: dict[str, Layout]) -> None:
    answers = record.answers()
    layout = tasks.get(record.task) or tasks.setdefault(record.task, Layout(answers))
    if _questions(answers) != _questions(layout.asked):
        raise DataError(
            f"'{record.run}' was tested on other rows than the first run on '{record.task}'"
        )
    alphabet = alphabet_of(answers.values())
    atomic.write_bytes(path / "predictions" / f"{record.run}.xz", layout.pack(answers, alphabet))
    about = {**portable(run), "results": record.results, "alphabet": alphabet}
    _write_json(path / "runs" / f"{record.run}.json.xz", about)


def _record(folder: Path, kept: dict[str, Any], layout_of: Callable[[str], Layout]) -> Record:
    name, task, error = kept["run"], kept["task"], kept["error"]
    about = {} if error else _read_json(folder / "runs" / f"{name}.json.xz")
    results, alphabet = about.get("results", []), about.get("alphabet", [])

    def answers() -> dict[Pair, Answers]:
        content = (folder / "predictions" / f"{name}.xz").read_bytes()
        return layout_of(task).unpack(content, alphabet)

    evaluation = Evaluation.model_validate(kept["evaluation"])
    return Record(task, kept["method"], kept["seed"], name, error, evaluation, results, answers)


def _questions(cells: Mapping[Pair, Answers]) -> dict[Pair, Any]:
    return {pair: (cell.ids, cell.golds) for pair, cell in cells.items()}


def _rows_of(asked: Mapping[Pair, Answers]) -> dict[str, Any]:
    """The cells with the number of their rows; cells often have the same."""
    rows: list[tuple[list[str], Sequence[Any]]] = []
    cells = []
    for (first, second), cell in asked.items():
        if (cell.ids, cell.golds) not in rows:
            rows.append((cell.ids, cell.golds))
        number = rows.index((cell.ids, cell.golds))
        cells.append({"first": first, "second": second, "rows": number})
    return {"cells": cells, "rows": [{"ids": ids, "golds": golds} for ids, golds in rows]}


def _read_layout(folder: Path, task: str) -> Layout:
    content: Mapping[str, Any] = _read_json(folder / "tasks" / f"{task}.json.xz")
    rows = [
        Answers(part["ids"], [tuple(g) if isinstance(g, list) else g for g in part["golds"]], [])
        for part in content["rows"]
    ]
    cells = {(cell["first"], cell["second"]): rows[cell["rows"]] for cell in content["cells"]}
    return Layout(cells)


def _write_json(path: Path, value: Any) -> None:
    atomic.write_bytes(path, lzma.compress(atomic.json_bytes(value) + b"\n", preset=9))


def _read_json(path: Path) -> Any:
    return json.loads(lzma.decompress(path.read_bytes()))
