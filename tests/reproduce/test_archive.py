"""An archive gives the report of the runs that it was written from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from preloaded import start_server

from xlt_cli.console.progress import Reporter
from xlt_cli.errors import DataError
from xlt_cli.reproduce import archive, files, spread
from xlt_cli.reproduce import definition as reproduction
from xlt_cli.reproduce.records import Record
from xlt_cli.reproduce.report import report
from xlt_cli.reproduce.trials import Choice
from xlt_cli.runs import atomic
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Answers
from xlt_cli.spec import Evaluation

NAME = "robust-xlt"
METHODS = ("ERM", "adversarial", "RS-RP", "RS-DA")
LANGUAGES = ("en", "de", "zh")
PAIRS = [(first, second) for first in LANGUAGES for second in LANGUAGES]
LABELS = ("contradiction", "entailment", "neutral")
QUIET = Reporter(quiet=True)


def answered(seed: int, rows: int = 40) -> dict[Pair, Answers]:
    """What a run answers; German lacks every fifth row."""
    rng = np.random.default_rng(seed)
    cells = {}
    for pair in PAIRS:
        items = [i for i in range(rows) if "de" not in pair or i % 5]
        right = rng.random(len(items)) < 0.6 + 0.02 * (seed % 10)
        cells[pair] = Answers(
            [f"test-{i}" for i in items],
            [LABELS[i % 3] for i in items],
            [LABELS[(i + (not ok)) % 3] for i, ok in zip(items, right, strict=True)],
        )
    return cells


def results(notes: list[str]) -> dict[str, Any]:
    about = {"task": "xnli", "split": "test", "limit": None, "metric": "accuracy"}
    return {**about, "demonstration": False, "trained_on": ["en"], "notes": notes}


@dataclass
class Made:
    """Runs of a reproduction and where they are."""

    records: list[Record]
    runs: list[Run]

    def write(self, folder: Path, at_once: int = 1) -> Path:
        shipped = reproduction.read(NAME)
        return archive.write(folder, shipped, Choice(), self.records, self.runs, QUIET, at_once)

    def report(self, at_once: int = 1) -> dict[str, Any]:
        return report(reproduction.read(NAME), Choice(), self.records, QUIET, at_once=at_once)

    def failing(self, count: int) -> Made:
        """The same where the last ones failed."""
        kept = len(self.records) - count
        failed = [replace(record, error="no space", results=[]) for record in self.records[kept:]]
        return Made([*self.records[:kept], *failed], self.runs)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    records, runs = [], []
    for seed in (1, 2):
        for number, method in enumerate(METHODS):
            run = Run(tmp_path / "runs" / f"xnli-{method}-s{seed}")
            spec = {"encoder": {"name": "mbert"}, "stages": [{"task": {"name": "xnli"}}]}
            record = {"identity": "1", "seed": seed, "spec": spec}
            atomic.write_json(run.path / "run.json", record)
            atomic.write_text(run.path / "spec.yaml", "encoder: mbert\n")
            records.append(
                Record(
                    "xnli",
                    method,
                    seed,
                    run.name,
                    "",
                    Evaluation.model_validate({"task": "xnli"}),
                    [results([f"a note on {method}"])],
                    partial(answered, 10 * seed + number),
                )
            )
            runs.append(run)
    return Made(records, runs)


def test_the_report_from_an_archive_is_that_of_its_runs(made: Made, tmp_path: Path) -> None:
    made.write(tmp_path / "kept")
    found = report(*archive.read(NAME, tmp_path / "kept"), QUIET)
    assert atomic.json_bytes(found) == atomic.json_bytes(made.report())
    assert found["tasks"][0]["methods"]["RS-DA"]["gains"]["zh"]["p_holm"] > 0


def test_several_processes_write_and_report_the_same(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Forked from one that has imported most of what they need.
    start_server()
    monkeypatch.setattr(spread, "get_context", lambda _: get_context("forkserver"))
    made.write(tmp_path / "kept")
    made.write(tmp_path / "other", at_once=2)
    files = sorted(p.relative_to(tmp_path / "kept") for p in (tmp_path / "kept").rglob("*.*"))
    assert len(files) == 3 + 2 * len(made.runs)
    for file in files:
        assert (tmp_path / "other" / file).read_bytes() == (tmp_path / "kept" / file).read_bytes()
    assert made.report(at_once=2) == made.report()
    assert report(*archive.read(NAME, tmp_path / "kept"), QUIET, at_once=2) == made.report()


def test_what_failed_is_missing_from_the_archive_too(made: Made, tmp_path: Path) -> None:
    part = made.failing(2)
    part.write(tmp_path / "kept")
    found = report(*archive.read(NAME, tmp_path / "kept"), QUIET)
    assert found == part.report()
    assert [run["method"] for run in found["missing"]] == ["RS-RP", "RS-DA"]


def test_an_archive_is_written_again_the_same(made: Made, tmp_path: Path) -> None:
    def contents() -> dict[str, bytes]:
        files = (path for path in (tmp_path / "kept").rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files}

    made.write(tmp_path / "kept")
    before = contents()
    made.write(tmp_path / "kept")
    assert contents() == before
    assert not [name for name in before if str(tmp_path) in before[name].decode("latin-1")]


def test_a_fuller_archive_stays(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    assert made.write(folder) == folder
    assert made.failing(3).write(folder) == tmp_path / "kept-incomplete"
    assert made.write(folder) == folder
    assert len(report(*archive.read(NAME, folder), QUIET)["missing"]) == 0
    beside = report(*archive.read(NAME, tmp_path / "kept-incomplete"), QUIET)
    assert len(beside["missing"]) == 3


def test_runs_on_other_rows_are_not_archived(made: Made, tmp_path: Path) -> None:
    made.records[5] = replace(made.records[5], answers=lambda: answered(1, rows=39))
    with pytest.raises(DataError, match="'xnli-adversarial-s2' was tested on other rows"):
        made.write(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (
            lambda folder: next((folder / "predictions").iterdir()).unlink(),
            "the archive is incomplete",
        ),
        (lambda folder: (folder / "archive.json").unlink(), "there is no archive"),
    ],
)
def test_half_an_archive_is_refused(
    made: Made, tmp_path: Path, damage: Callable[[Path], None], what: str
) -> None:
    made.write(tmp_path / "kept")
    damage(tmp_path / "kept")
    with pytest.raises(DataError, match=what):
        archive.read(NAME, tmp_path / "kept")


def test_an_archive_of_another_reproduction_is_refused(made: Made, tmp_path: Path) -> None:
    made.write(tmp_path / "kept")
    with pytest.raises(DataError, match=f"the archive is of '{NAME}'"):
        archive.read("other", tmp_path / "kept")


def test_a_fuller_report_stays(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    assert files.write(folder, made.failing(4).report()) == folder
    whole = made.report()
    assert files.write(folder, whole) == folder  # a fuller one replaces it
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    beside = files.write(folder, made.failing(1).report())
    assert beside == tmp_path / "report-incomplete"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert "1 of 8 runs are missing" in (beside / "report.txt").read_text("utf-8")
    assert files.write(folder, whole) == folder  # as full: replaced


def test_a_damaged_report_is_replaced(made: Made, tmp_path: Path) -> None:
    for content in ("{", "[]", '{"planned": 3}'):
        atomic.write_text(tmp_path / "report" / "report.json", content)
        assert files.write(tmp_path / "report", made.failing(8).report()) == tmp_path / "report"


def test_an_archive_of_another_command_stays(made: Made, tmp_path: Path) -> None:
    made.write(tmp_path / "kept")
    shipped = reproduction.read(NAME)
    for choice in (Choice(tasks=["xnli"]), Choice(quick=True), Choice(overrides=["max_length=9"])):
        with pytest.raises(DataError, match="an archive that was made with other options"):
            archive.write(tmp_path / "kept", shipped, choice, made.records, made.runs, QUIET)
    assert len(archive.read(NAME, tmp_path / "kept")[2]) == len(made.records)


def without_checksums(folder: Path) -> None:
    """Makes an archive's list of files one of version 1: of sizes alone."""
    contents = folder / "archive.json"
    values = json.loads(contents.read_text("utf-8"))
    values.pop("checksum", None)
    contents.write_text(json.dumps(values), "utf-8")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != atomic.MANIFEST]
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    (folder / atomic.MANIFEST).write_text(json.dumps({"files": sizes}), "utf-8")


@pytest.mark.parametrize("part", ["runs", "predictions"])
def test_a_damaged_file_is_named(made: Made, tmp_path: Path, part: str) -> None:
    made.write(tmp_path / "kept")
    path = next((tmp_path / "kept" / part).iterdir())
    content = path.read_bytes()
    path.write_bytes(content[:20] + bytes([content[20] ^ 255]) + content[21:])
    name = path.relative_to(tmp_path / "kept")
    with pytest.raises(DataError, match=f"the content of {name} is not what was written"):
        report(*archive.read(NAME, tmp_path / "kept"), QUIET)
    without_checksums(tmp_path / "kept")  # as archives of version 1 are
    with pytest.raises(DataError, match="archive is damaged") as caught:
        report(*archive.read(NAME, tmp_path / "kept"), QUIET)
    assert caught.value.where == str(path)


def test_another_kind_of_archive_is_refused(made: Made, tmp_path: Path) -> None:
    made.write(tmp_path / "kept")
    path = tmp_path / "kept" / "archive.json"
    content = path.read_text()
    path.write_text(content.replace('"seeds"', '"seedy"'))
    without_checksums(tmp_path / "kept")
    with pytest.raises(DataError, match="archive is damaged"):
        archive.read(NAME, tmp_path / "kept")
    with atomic.new_directory(tmp_path / "other") as folder:
        atomic.write_json(folder / "alignment.json", {})
    with pytest.raises(DataError, match="not an archive of a reproduction"):
        archive.read(NAME, tmp_path / "other")
