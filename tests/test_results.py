"""The archives in docs/results are whole, and the commands beside the figures can read them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from xlt_cli.analyses import archive as analysis_archive
from xlt_cli.reproduce import archive
from xlt_cli.runs.archive_file import as_folder

RESULTS = Path(__file__).parents[1] / "docs" / "results"
ROBUST = RESULTS / "robust-xlt"


@pytest.mark.parametrize(
    ("name", "runs", "tasks"), [("archive", 60, 2), ("pawsx-first-recipes", 30, 1)]
)
def test_archives_of_the_comparison_are_whole(name: str, runs: int, tasks: int) -> None:
    with as_folder(ROBUST / f"{name}.tar.xz") as folder:
        _, choice, records = archive.read("robust-xlt-recipes", folder)
        assert len(records) == runs
        assert len({record.task for record in records}) == tasks
        assert choice.encoder == "e5-small-q4"
        answers = records[0].answers()
    assert len(answers["en", "en"].predicted) == 2000


def test_the_archive_of_the_analysis_is_whole() -> None:
    with as_folder(ROBUST / "alignment.tar.xz") as folder:
        measured, _ = analysis_archive.read(folder, "alignment")
    assert len(measured.runs) == 18
    assert {len(rows) for run in measured.runs for rows in run.records.values()} == {500}


def test_the_tables_of_the_robustness_page_are_those_of_its_archive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(RESULTS.parents[1] / "benchmarks")
    module = importlib.import_module("robustness")
    folder = RESULTS / "robustness"
    found = module.read(folder / "archive.tar.xz")
    kept = (folder / "gains.txt").read_text("utf-8")
    assert "\n".join(module.tables(found)) == kept.rstrip("\n")
    page = (folder / "README.md").read_text("utf-8")
    shown = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(shown) > 60
    assert not set(shown) - set(kept.splitlines())
    told = re.findall(r"[+-]\d+\.\d \[-?\d+\.\d, -?\d+\.\d\]", page.partition("earlier version")[0])
    assert not [gain for gain in told if gain not in kept]
    # What the script estimates of clean text is what the command says.
    (compared,) = (one for one in found.sets if (one["task"], one["limit"]) == ("xnli", None))
    for method, gain in compared["gains"].items():
        mine = found.noise.gain(method, found.noise.zero_shot, "clean")
        theirs = gain["cells"]["average:zero_shot"]
        assert (mine.interval.low, mine.p) == pytest.approx((theirs["low"], theirs["p"]), rel=1e-4)


def test_every_file_in_results_is_named_on_a_page() -> None:
    pages = "\n".join(page.read_text("utf-8") for page in RESULTS.parent.rglob("*.md"))
    files = [path for path in RESULTS.rglob("*") if path.is_file() and path.suffix != ".md"]
    for path in files:
        assert re.search(rf"[(/ ]{re.escape(path.name)}", pages), path


def test_results_are_packed_so_that_a_clone_stays_small() -> None:
    for folder in [RESULTS, *(path for path in RESULTS.rglob("*") if path.is_dir())]:
        files = [path for path in folder.iterdir() if path.is_file() and path.suffix != ".md"]
        assert len(files) <= 15, f"pack the raw output of {folder} into one file"
    size = sum(path.stat().st_size for path in RESULTS.rglob("*") if path.is_file())
    assert size < 60_000_000, "keep answers alone, or leave out logs that no figure needs"
