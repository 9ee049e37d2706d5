"""The archives in docs/results are whole, and the commands beside the figures can read them."""

from __future__ import annotations

import importlib.util
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


def test_the_gains_of_the_robustness_page_are_those_of_its_archive() -> None:
    script = RESULTS.parents[1] / "benchmarks" / "robustness.py"
    spec = importlib.util.spec_from_file_location("robustness", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = RESULTS / "robustness"
    languages, right, seeds = module.read(folder / "raw.tar.xz")
    printed = "\n".join([*module.seed_gains(seeds), "", *module.gains(languages, right)])
    kept = (folder / "gains.txt").read_text("utf-8")
    assert printed == kept.rstrip("\n")
    page = (folder / "README.md").read_text("utf-8")
    before, heading, _ = page.partition("## One seed: adversarial and challenge sets")
    assert heading
    gains = re.findall(r"[+-]\d+\.\d \[-?\d+\.\d, -?\d+\.\d\]", before)
    assert gains
    assert not [gain for gain in gains if gain not in kept]


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
    assert size < 50_000_000, "keep answers alone, or leave out logs that no figure needs"
