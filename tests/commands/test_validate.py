"""`xlt validate`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from xlt_cli.spec import ExperimentSpec

Cli = Callable[..., Result]
WriteSpec = Callable[..., Path]

SIX_LINES = """\
encoder: xlm-r-base
stages:
  - task: xnli
    perturbation: word-dropout
evaluations:
  - settings: [standard, generalized]
"""


def test_six_lines_are_an_experiment(xlt: Cli, write_spec: WriteSpec) -> None:
    path = write_spec(SIX_LINES)
    result = xlt("validate", path)
    assert result.exit_code == 0
    assert result.stdout == (
        f"{path} is valid: xlm-r-base, xnli (en, word-dropout), 1 run(s)\n"
    )  # fmt: skip
    assert result.stderr == ""


def test_runs_are_points_times_seeds(xlt: Cli, write_spec: WriteSpec) -> None:
    grid = "seeds: [1, 2, 3]\nsweep:\n  grid:\n    max_length: [32, 64]\n"
    assert "6 run(s)" in xlt("validate", write_spec(SIX_LINES + grid)).stdout


def test_every_point_of_the_grid_is_checked(xlt: Cli, write_spec: WriteSpec) -> None:
    path = write_spec(SIX_LINES + "sweep:\n  grid:\n    encoder: [mbert, mbrt]\n")
    result = xlt("validate", path)
    assert result.exit_code == 2
    assert f"{path}:9: sweep.grid.encoder.1" in result.stderr


def test_every_point_that_is_written_out_is_checked(xlt: Cli, write_spec: WriteSpec) -> None:
    lines = "sweep:\n  points:\n    - {}\n    - encoder: mbert\n      max_length: 1\n"
    path = write_spec(SIX_LINES + lines)
    result = xlt("validate", path)
    assert result.exit_code == 2
    assert f"{path}:11: sweep.points.1.max_length" in result.stderr


def test_json_is_the_whole_spec_with_all_defaults(xlt: Cli, write_spec: WriteSpec) -> None:
    printed = xlt("validate", write_spec(SIX_LINES), "--json", "--set", "seeds=[4]").stdout
    spec = ExperimentSpec.model_validate(json.loads(printed))
    assert spec.seeds == [4]
    assert spec.stages[0].epochs == 3
    assert "probability" in spec.stages[0].perturbation[0].params


def test_overrides_are_repeatable_and_change_what_is_said(xlt: Cli, write_spec: WriteSpec) -> None:
    result = xlt(
        "validate",
        write_spec(SIX_LINES),
        "--set",
        "encoder=mbert",
        "--set",
        "stages.0.perturbation=null",
        "--set",
        "stages.0.languages=[en, sw]",
    )
    assert result.stdout.endswith("is valid: mbert, xnli (en, sw), 1 run(s)\n")


@pytest.mark.parametrize(
    ("text", "options", "stderr"),
    [
        (
            SIX_LINES.replace("task", "tsk"),
            [],
            "error: unknown field 'tsk'\n"
            "  {path}:3: stages.0.tsk\n"
            "  did you mean 'task'? known: ",
        ),
        (
            SIX_LINES.replace("xnli", "xnlj"),
            [],
            "error: unknown task 'xnlj'\n"
            "  {path}:3: stages.0.task\n"
            "  did you mean 'xnli'? known: ",
        ),
        (
            SIX_LINES,
            ["--set", "stages.0.epochs=soon"],
            "error: Input should be a valid number, not 'soon'\n"
            "  --set stages.0.epochs=soon\n",
        ),
        (SIX_LINES + "encoder: mbert\n", [], "error: the key 'encoder' occurs twice\n"),
        ("", [], "error: a spec is a mapping with at least 'encoder' and 'stages'\n"),
        ("stages: [\n", [], "error: not valid YAML: "),
    ],
)  # fmt: skip
def test_an_error_says_what_where_and_what_to_do(
    xlt: Cli, write_spec: WriteSpec, text: str, options: list[str], stderr: str
) -> None:
    path = write_spec(text)
    result = xlt("validate", path, *options)
    assert result.exit_code == 2
    assert result.stderr.startswith(stderr.replace("{path}", str(path)))
    assert result.stdout == ""
    assert "Traceback" not in result.output


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_words_in_any_script_are_printed_in_any_locale(write_spec: WriteSpec, locale: str) -> None:
    path = write_spec(SIX_LINES.replace("word-dropout", "word-dropout\n    languages: ['日本語']"))
    done = subprocess.run(
        [sys.executable, "-m", "xlt_cli", "validate", str(path)],
        capture_output=True,
        env={**os.environ, "LC_ALL": locale},
        check=False,
    )
    assert done.returncode == 2
    assert "'日本語'" in done.stderr.decode("utf-8")
