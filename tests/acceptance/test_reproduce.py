"""`xlt reproduce`: both tasks and all four methods on a tiny encoder and tiny data."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk, kill, wait_for

LABELS = {"0": "neutral", "1": "entailment"}
LEXICON = "counterfitted_neighbors.json"
NEIGHBORS = {"cat": ["dog", "bird"], "sees": ["finds"], "likes": ["follows"]}


@pytest.fixture
def data(tmp_path: Path, tiny_data: Path) -> Path:
    """A data folder with both tasks in English, German and French; without synonyms."""
    root = tmp_path / "data"
    shutil.copytree(tiny_data / "pawsx", root / "pawsx")
    (root / "xnli").mkdir()
    for path in sorted((root / "pawsx").glob("*.tsv")):
        rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
        text = "".join(f"{one}\t{two}\t{LABELS[label]}\n" for one, two, label in rows)
        (root / "xnli" / path.name).write_text(text, "utf-8")
    return root


@pytest.fixture
def synonyms(data: Path) -> None:
    """Puts the lexicon of RS-DA there."""
    (data / "lexicons").mkdir()
    (data / "lexicons" / LEXICON).write_text(json.dumps(NEIGHBORS), "utf-8")


@pytest.fixture
def arguments(tiny_encoder: Path) -> list[str]:
    changes = [f"encoder.model={tiny_encoder}", "stages.0.max_steps=4", "max_length=48"]
    changes += ["evaluations.0.languages=[en, de, fr]"]
    sets = [word for change in changes for word in ("--set", change)]
    return ["reproduce", "robust-xlt", "--encoder", "hf", "--device", "cpu", *sets]


def report(desk: Desk, name: str) -> dict[str, Any]:
    path = desk.path / "runs" / "reproductions" / name / "report.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.usefixtures("synonyms")
def test_killed_it_goes_on_and_ends_with_a_report(
    desk: Desk, data: Path, arguments: list[str]
) -> None:
    arguments += ["--seeds", "2"]
    process = desk.start(*arguments, XLT_DATA_DIR=str(data))
    wait_for(lambda: len(list(desk.path.glob("runs/*/evaluations/*/results.json"))) >= 2, process)
    kill(process)
    code, out, err = desk.xlt(*arguments, XLT_DATA_DIR=str(data))
    assert code == 0, err
    assert "done before" in err
    assert "[16/16] xnli RS-DA seed 2" in err
    for shown in (
        "pawsx test accuracy",
        "gain over ERM by language",
        "the paper's claims",
        "fewer than 5 seeds",
    ):
        assert shown in out

    found = report(desk, "robust-xlt-hf")
    assert [task["task"] for task in found["tasks"]] == ["pawsx", "xnli"]
    assert (found["missing"], len(found["runs"])) == ([], 16)
    for task in found["tasks"]:
        assert list(task["methods"]) == ["ERM", "adversarial", "RS-RP", "RS-DA"]
        for method in found["methods"][1:]:
            of = task["methods"][method]
            assert of["paired_seeds"] == [1, 2]
            own = of["figures"]["average:all"]["value"]
            theirs = task["methods"]["ERM"]["figures"]["average:all"]["value"]
            gain = of["gains"]["average:all"]
            assert gain["value"] == pytest.approx(own - theirs)
            assert gain["low"] <= gain["value"] <= gain["high"]
    words = {v["verdict"] for claim in found["claims"] for v in claim["verdicts"].values()}
    assert words <= {"confirmed", "not confirmed", "undecided"}

    folder = desk.path / "runs" / "reproductions" / "robust-xlt-hf"
    with (folder / "figures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["cell"] for row in rows} >= {"en", "de", "fr", "average:generalized"}
    text = (folder / "report.txt").read_text("utf-8")
    assert max(map(len, text.splitlines())) <= 100

    before = contents(folder)
    code, out, err = desk.xlt(*arguments, "--json", "--archive", "kept", XLT_DATA_DIR=str(data))
    assert code == 0, err
    assert json.loads(out) == found
    assert contents(folder) == before

    # The archive is enough: without runs, data, encoder and torch.
    shutil.rmtree(desk.path / "runs")
    shutil.rmtree(data)
    (desk.path / "none" / "torch").mkdir(parents=True)
    (desk.path / "none" / "torch" / "__init__.py").write_text("raise ImportError", "utf-8")
    read = ["reproduce", "robust-xlt", "--from", "kept", "--out", "again"]
    code, again, err = desk.xlt(*read, "--json", PYTHONPATH=str(desk.path / "none"))
    assert code == 0, err
    assert again == out
    assert contents(desk.path / "again") == before
    code, out, err = desk.xlt(*read[:-2], "--baseline", "RS-DA", "--json")
    assert code == 0, err
    for turned, task in zip(json.loads(out)["tasks"], found["tasks"], strict=True):
        gain = task["methods"]["RS-DA"]["gains"]["average:all"]["value"]
        back = turned["methods"]["ERM"]["gains"]["average:all"]["value"]
        assert back == pytest.approx(-gain)
        assert turned["methods"]["RS-DA"]["gains"] == {}


@pytest.mark.usefixtures("synonyms")
def test_a_rerun_that_fails_leaves_the_report_in_place(
    desk: Desk, data: Path, arguments: list[str]
) -> None:
    arguments += ["--quick"]
    code, _, err = desk.xlt(*arguments, XLT_DATA_DIR=str(data))
    assert code == 0, err
    folder = desk.path / "runs" / "reproductions" / "robust-xlt-hf-quick"
    before = contents(folder)
    shutil.rmtree(data / "xnli")
    code, out, err = desk.xlt(*arguments, XLT_DATA_DIR=str(data))
    assert code == 1
    assert "4 of 8 runs are missing" in out
    assert "contains a report over more finished runs and is kept" in err
    assert contents(folder) == before
    assert len(report(desk, "robust-xlt-hf-quick-incomplete")["missing"]) == 4


def test_quick_says_that_it_means_nothing_and_what_is_missing_is_named(
    desk: Desk, data: Path, arguments: list[str]
) -> None:
    (data / "lexicons").mkdir()
    (data / "lexicons" / LEXICON).write_text("{", "utf-8")  # RS-DA fails
    code, out, err = desk.xlt(*arguments, "--quick", "--jobs", 2, XLT_DATA_DIR=str(data))
    assert code == 1
    assert out.count("QUICK RUN") == 2
    assert "its figures mean nothing" in err
    assert "2 of 8 runs are missing" in out
    found = report(desk, "robust-xlt-hf-quick")
    assert [run["method"] for run in found["missing"]] == ["RS-DA", "RS-DA"]
    for run in found["missing"]:
        assert f"{run['task']} RS-DA seed 1: {run['error'][:30]}" in out
    verdicts = [v for claim in found["claims"] for v in claim["verdicts"].values()]
    assert {v["verdict"] for v in verdicts} == {"undecided"}
    assert {v["remark"] for v in verdicts} == {"quick run", "not measured"}
    assert all("-quick-s1-" in run["run"] for run in found["runs"])


def test_a_folder_of_the_users_is_run_archived_and_reported_again(
    desk: Desk, tiny_encoder: Path, tiny_data: Path
) -> None:
    folder = desk.path / "own"
    folder.mkdir()
    sweep = "sweep: {points: [{name: ERM, max_length: 48}, {name: short, max_length: 32}]}\n"
    spec = desk.write("own/pawsx.yaml", evaluations=[{"languages": ["en", "de"]}])
    spec.write_text(spec.read_text("utf-8").replace("max_length: 48\n", "") + sweep, "utf-8")
    (folder / "reproduction.yaml").write_text(
        "title: t\nreference: r\nmethods: [ERM, short]\nspecs: {hf: [pawsx.yaml]}\n"
        "original: hf\nnear: [de]\nclaims: []\nquick: {pawsx.yaml: [stages.0.max_steps=2]}\n",
        "utf-8",
    )
    code, out, err = desk.xlt("reproduce", "./own", "--quick", "--archive", "kept")
    assert code == 0, err
    assert "ERM" in out
    assert report(desk, "own-hf-quick")["reproduction"] == "own"
    shutil.rmtree(folder)
    shutil.make_archive(str(desk.path / "kept"), "zip", desk.path / "kept")
    code, out, err = desk.xlt("reproduce", "./own", "--from", "kept.zip", "--out", "again")
    assert code == 0, err
    first = contents(desk.path / "runs/reproductions/own-hf-quick")
    assert contents(desk.path / "again") == first
