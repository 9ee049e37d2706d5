"""A third party's analysis, from entry points alone: options, going on after a kill, archives."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk
from preloaded import run_code

THIRD_PARTY = Path(__file__).parents[1] / "third_party"
KILLED = """
import os, signal, sys
from tlh_xlt.length import LengthEffects

measure, calls = LengthEffects.measure, []

def killed(self, model, rows):
    calls.append(rows.language)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return measure(self, model, rows)

LengthEffects.measure = killed
from xlt_cli.cli import app
sys.argv = ["xlt", *{arguments!r}]
app()
"""


@pytest.fixture
def site(install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the distribution's metadata; its modules can be imported, too."""
    project = tomllib.loads((THIRD_PARTY / "pyproject.toml").read_text("utf-8"))["project"]
    folder = install(project["name"], project["entry-points"], version=project["version"])
    monkeypatch.syspath_prepend(str(THIRD_PARTY))
    return folder


@pytest.fixture
def run(xlt: Any, desk: Desk) -> Path:
    changes = {"epochs": 1, "checkpoint_every": None, "evaluate_every": None}
    stages = [{**desk.spec["stages"][0], **changes}]
    path = desk.write("erm.yaml", stages=stages, evaluations=[{"limit": 4}])
    result = xlt("train", path, "--runs-dir", desk.path / "runs", "--quiet")
    assert result.exit_code == 0, result.output
    return desk.run()


def lines(folder: Path) -> list[dict[str, Any]]:
    (path,) = folder.glob("analysis/length-effects-*/rows.jsonl")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_options_come_from_its_parameters(xlt: Any, site: Path) -> None:
    listed = xlt("analyze", "--help").stdout
    assert "accuracy by length of the text" in listed
    shown = " ".join(xlt("analyze", "length-effects", "--help").stdout.split())
    assert "--edges <value> lengths at which a bin begins [default: 12]" in shown
    assert "--unit [tokens|characters] what is counted [default: tokens]" in shown
    assert "--padding / --no-padding count special tokens, too [default: no]" in shown
    wrong = xlt("analyze", "length-effects", "somewhere", "--unit", "word")
    assert wrong.exit_code == 2
    assert "'tokens' or 'characters', not 'word'" in wrong.stderr
    assert "--unit" in wrong.stderr


def test_what_is_measured_is_kept_and_goes_on(
    xlt: Any, desk: Desk, run: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shutil.copytree(run, tmp_path / "whole")
    arguments = ["analyze", "length-effects", str(run), "--unit", "characters", "--device", "cpu"]
    path = os.pathsep.join([str(site), str(THIRD_PARTY)])
    environment = {**desk.environment, "PYTHONPATH": path}
    code = KILLED.format(arguments=arguments)
    done, _, error = run_code(code, environment, desk.path, tmp_path / "outputs")
    assert done == -signal.SIGKILL, error
    assert [line["language"] for line in lines(run)] == ["en"]

    from tlh_xlt.length import LengthEffects

    measured, measure = [], LengthEffects.measure
    monkeypatch.setattr(
        LengthEffects, "measure", lambda *a: (measured.append(a[2].language), measure(*a))[1]
    )
    kept = tmp_path / "kept"
    result = xlt(*arguments, "--edges", "10,100", "--archive", kept, "--json")
    assert result.exit_code == 0, result.output
    assert measured == ["de", "fr"]
    other = xlt("analyze", "length-effects", whole, *arguments[3:], "--edges", "10,100", "--json")
    assert lines(whole) == lines(run)

    # Other edges are another report of the same records; another unit is another measurement.
    measured.clear()
    assert xlt(*arguments, "--edges", "[50]").exit_code == 0
    assert measured == []
    assert xlt(*arguments[:3], "--device", "cpu").exit_code == 0
    assert measured == ["en", "de", "fr"]

    # The archive needs no run, and takes what the report alone reads.
    shutil.rmtree(run)
    again = xlt("analyze", "length-effects", "--from", kept, "--json", "--edges", "10,100")
    assert again.exit_code == 0, again.output
    assert again.stdout == result.stdout
    assert again.stdout != other.stdout  # of another run
    out = tmp_path / "out"
    assert xlt("analyze", "length-effects", "--from", kept, "--out", out).exit_code == 0
    rows = list(csv.DictReader((out / "results.csv").read_text().splitlines()))
    assert sum(int(row["value"]) for row in rows if row["column"] == "rows") == 90
    refused = xlt("analyze", "length-effects", "--from", kept, "--unit", "tokens")
    assert refused.exit_code == 2
    assert "give at most --out, --format, --json, --edges and --quiet" in refused.stderr


def test_records_are_those_of_the_rows(xlt: Any, run: Path, site: Path, tiny_data: Path) -> None:
    assert xlt("analyze", "length-effects", run, "--unit", "characters").exit_code == 0
    (line,) = [line for line in lines(run) if line["language"] == "de"]
    texts = (tiny_data / "pawsx" / "test-de.tsv").read_text("utf-8").splitlines()
    lengths = sorted(sum(map(len, text.split("\t")[:2])) for text in texts)
    assert sorted(record["length"] for record in line["rows"]) == lengths
