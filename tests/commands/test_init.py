"""`xlt init`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import Result

from xlt_cli import registry
from xlt_cli.errors import SpecError, UserError
from xlt_cli.spec import ExperimentSpec, Stage, resolution

Cli = Callable[..., Result]


def free_of_required(kind: str) -> list[str]:
    """The plugins of a kind that need no parameters."""

    def complete(name: str) -> bool:
        plugin: Any = registry.get(kind, name)
        try:
            plugin(plugin.Params())
        except (UserError, ValidationError):
            return False
        return True

    return [name for name in registry.names(kind) if complete(name)]


def test_what_it_writes_is_valid_and_says_what_comes_next(xlt: Cli, tmp_path: Path) -> None:
    path = tmp_path / "new" / "first.yaml"
    result = xlt("init", path)
    assert result.exit_code == 0
    assert result.stdout == f"wrote {path}; next: xlt train {path}\n"
    spec = resolution.load(path)
    assert (spec.name, spec.encoder.name) == ("first", "e5-small-q4")
    assert xlt("validate", path).exit_code == 0


TASKS, ENCODERS = free_of_required("task"), free_of_required("encoder")


@pytest.mark.parametrize(
    ("task", "encoder"),
    [*((task, ENCODERS[0]) for task in TASKS), *((TASKS[0], encoder) for encoder in ENCODERS)],
)
def test_any_task_and_encoder_can_be_asked_for(
    xlt: Cli, tmp_path: Path, task: str, encoder: str
) -> None:
    path = tmp_path / "a.yaml"
    assert xlt("init", path, "--task", task, "--encoder", encoder).exit_code == 0
    spec = resolution.load(path)
    assert (spec.encoder.name, spec.stages[0].task.name) == (encoder, task)


def test_the_values_it_shows_are_the_defaults(xlt: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    xlt("init", path)
    lines = path.read_text("utf-8").splitlines()
    bare = "encoder: e5-small-q4\nstages:\n- task: mini-pawsx\n"
    short = tmp_path / "short" / "a.yaml"
    short.parent.mkdir()
    short.write_text(bare, "utf-8")
    assert resolution.load(path) == resolution.load(short)
    shown = {}
    for line in lines:
        name, colon, value = line.strip().removeprefix("# ").partition(":")
        if colon:
            shown[name] = value.partition("#")[0].strip()
    stage, spec = Stage.model_fields, ExperimentSpec.model_fields
    for field in ("epochs", "batch_size", "learning_rate", "warmup"):
        assert float(shown[field]) == stage[field].default
    assert shown["select"] == stage["select"].default
    assert int(shown["max_length"]) == spec["max_length"].default
    assert shown["precision"] == spec["precision"].default


def test_what_a_plugin_cannot_do_without_is_left_to_fill_in(xlt: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    result = xlt("init", path, "--encoder", "hf")
    assert result.stdout == f"wrote {path}; next: xlt validate {path}\n"
    with pytest.raises(SpecError) as caught:
        resolution.load(path)
    lines = path.read_text("utf-8").splitlines()
    (line,) = [n for n, text in enumerate(lines, 1) if text.startswith("encoder: {name: hf, model")]
    assert caught.value.where == f"{path}:{line}: encoder.model"


def test_an_existing_file_is_kept_unless_forced(xlt: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("mine", "utf-8")
    result = xlt("init", path)
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert path.read_text("utf-8") == "mine"
    assert xlt("init", path, "--force").exit_code == 0
    assert resolution.load(path).encoder.name == "e5-small-q4"


@pytest.mark.parametrize("option", [[], ["--force"]])
def test_a_directory_is_refused(xlt: Cli, tmp_path: Path, option: list[str]) -> None:
    result = xlt("init", tmp_path, *option)
    assert result.exit_code == 2
    assert "this is a directory" in result.stderr


@pytest.mark.parametrize(("option", "near"), [("--task", "xnli"), ("--encoder", "mbert")])
def test_an_unknown_plugin_is_refused_and_nothing_is_written(
    xlt: Cli, tmp_path: Path, option: str, near: str
) -> None:
    result = xlt("init", tmp_path / "a.yaml", option, near[:-1])
    assert result.exit_code == 2
    assert f"did you mean '{near}'?" in result.stderr
    assert option in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("task", ["text-classification", "multiple-choice", "ud"])
def test_a_task_that_needs_more_is_to_be_validated_first(
    xlt: Cli, tmp_path: Path, task: str
) -> None:
    path = tmp_path / "a.yaml"
    result = xlt("init", path, "--task", task)
    word = "train" if task == "ud" else "validate"
    assert result.stdout == f"wrote {path}; next: xlt {word} {path}\n"
