"""`xlt bench` with a tiny encoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Cli = Callable[..., Result]


@pytest.fixture
def arguments(tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    encoder = f"{{name: hf, model: {tiny_encoder}}}"
    return ["bench", "--encoder", encoder, "--seconds", "0.2", "--device", "cpu"]


def test_a_table_says_what_was_measured_and_nothing_is_left_behind(
    xlt: Cli, arguments: list[str], tmp_path: Path
) -> None:
    result = xlt(*arguments, "--batch-size", "8")
    assert result.exit_code == 0, result.output
    for part in ("threads, fp32", "torch", "start-up", "training", "evaluation", "batch 8"):
        assert part in result.stdout
    assert "hf, mini-pawsx" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_json_holds_the_figures(xlt: Cli, arguments: list[str]) -> None:
    result = xlt(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert 0 < found["start_up_seconds"] < 60
    for what in ("training", "evaluation"):
        assert found[what]["per_second"] > 0
        assert found[what]["examples"] > 0
        assert 4 < found[what]["mean_length"] < 128
    assert found["hardware"]["device"] == "cpu"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--encoder", "no-such", "unknown encoder 'no-such'"),
        ("--task", "no-such", "unknown task 'no-such'"),
        ("--task", "[xnli]", "--task"),
        ("--task", "{name: mini-pawsx, size: 3}", "size"),
        ("--device", "abacus", "unknown device"),
    ],
)
def test_a_mistake_is_said_before_anything_is_measured(
    xlt: Cli, option: str, value: str, said: str
) -> None:
    result = xlt("bench", option, value)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
