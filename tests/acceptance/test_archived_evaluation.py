"""`xlt eval --from`: what an archive prints is what the run prints, without data or weights."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from xlt_cli.evaluation import archived
from xlt_cli.problems.weighted_f1 import WeightedF1
from xlt_cli.runs import archive_file

TYPOS = "{name: perturbed, perturbation: typos, strength: 0.7, draws: 2}"
SHOWN: list[tuple[str, ...]] = [
    (),
    ("--condition", "clean", "--condition", TYPOS),
    ("--generalized", "--all-languages", "--languages", "en,de"),
    ("--languages", "de,fr", "--by", "script", "--sort", "figure"),
    ("--limit", "8", "--format", "markdown"),
    ("--metric", "weighted_f1", "--columns", "fertility,script"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path, tiny_data: Path) -> Path:
    """A folder with a trained run, what it prints, and its archive; data and run are gone."""
    from typer.testing import CliRunner

    from xlt_cli.cli import app

    folder = tmp_path_factory.mktemp("archived")
    shutil.copytree(tiny_data, folder / "data")
    path = folder / "data" / "pawsx" / "test-fr.tsv"  # one label that is another in French
    first, *others = path.read_text("utf-8").splitlines()
    swapped = first[:-1] + str(1 - int(first[-1]))
    path.write_text("\n".join([swapped, *others]) + "\n", "utf-8")
    stage = {"task": {"name": "pawsx", "path": str(folder / "data")}, "learning_rate": 1e-2}
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [{**stage, "max_steps": 9}],
        "evaluations": [{}],
        "max_length": 48,
        "device": "cpu",
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec), "utf-8")

    def xlt(*arguments: object) -> str:
        result = CliRunner().invoke(app, [str(a) for a in arguments], prog_name="xlt")
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    runs = ("--runs-dir", folder / "runs")
    xlt("train", folder / "spec.yaml", *runs, "-q")
    for number, options in enumerate(SHOWN):
        printed = xlt("eval", "spec-", *options, "-q", *runs)
        (folder / f"{number}.txt").write_text(printed, "utf-8")
    xlt("archive", "spec-*", "-o", folder / "all.tar.xz", *runs)
    xlt("archive", "spec-*", "-o", folder / "answers.tar.xz", "--answers-only", *runs)
    shutil.rmtree(folder / "runs")
    shutil.rmtree(folder / "data")
    return folder


@pytest.mark.parametrize("file", ["all.tar.xz", "answers.tar.xz"])
def test_an_archive_prints_what_the_run_prints(folder: Path, xlt: Any, file: str) -> None:
    for number, options in enumerate(SHOWN):
        result = xlt("eval", *options, "--from", folder / file)
        assert result.exit_code == 0, result.output
        assert result.stdout == (folder / f"{number}.txt").read_text("utf-8"), options
    assert "not aligned" in (folder / "0.txt").read_text("utf-8")


def test_names_in_records_have_no_paths_of_the_machine(folder: Path) -> None:
    """Such as those of rows, which have the parameters of their task."""
    with archive_file.as_folder(folder / "all.tar.xz") as unpacked:
        (path,) = unpacked.glob("runs/*/fingerprints.json")
        written = path.read_text("utf-8")
    assert str(folder) not in written
    assert ".../" in written
    assert written.count("test/fr") == 1


def test_without_probabilities_a_metric_of_them_is_refused(
    folder: Path, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WeightedF1, "probabilities", True)
    asked = ("eval", "--metric", "weighted_f1", "--from")
    kept = xlt(*asked, folder / "all.tar.xz")
    assert kept.exit_code == 0, kept.output
    result = xlt(*asked, folder / "answers.tar.xz")
    assert result.exit_code == 2
    assert "the archive was written without them (--answers-only)" in " ".join(
        result.output.split()
    )
    assert "Traceback" not in result.output


def test_figures_are_computed_from_the_predictions(
    folder: Path, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not read from the figures that were stored with them."""
    found = archived._found

    def emptied(*given: Any) -> Any:
        one = found(*given)
        kept = ("data", "place", "trained_on", "warnings", "split", "task")
        return archived._Found(one.store, {name: one.results[name] for name in kept})

    monkeypatch.setattr(archived, "_found", emptied)
    result = xlt("eval", "spec-", "--from", folder / "all.tar.xz")
    assert result.exit_code == 0, result.output
    assert result.stdout == (folder / "0.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "panx"), "the archive has no results of"),
        (("--split", "dev"), "the archive has no results of"),
        (("--languages", "sw"), "sw"),
        (("--condition", "{name: perturbed, perturbation: typos, strength: 0.1}"), "stored under"),
        (("other",), "the archive has no run 'other'"),
        (("--device", "cpu"), "an archive has no model"),
        (("--suite", "robustness"), "an archive has no model"),
        (("--model", "here"), "an archive has no model"),
        (("--runs-dir", "runs"), "contradict each other"),
        (("--limit", "9"), "the archive has no results of"),
    ],
)
def test_what_an_archive_cannot_tell_is_refused(
    folder: Path, xlt: Any, arguments: tuple[str, ...], message: str
) -> None:
    result = xlt("eval", *arguments, "--from", folder / "all.tar.xz")
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert "Traceback" not in result.output
