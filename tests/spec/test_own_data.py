"""Specs for data of one's own: what is written in YAML, and splits that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_tools import Load
from typer.testing import CliRunner

from xlt_cli.cli import app
from xlt_cli.spec.building import build_task

TASK = """
encoder: e5-small-q4
stages:
  - task:
      name: text-classification
      path: {path}
      labels: [no, yes]
      {more}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    (data / "xnli.train.en.tsv").write_text("a\t0\nb\t1\nc\t-\n")
    return data


def test_maps_and_numbers_of_columns(load: Load, folder: Path) -> None:
    more = (
        'label_map: {0: no, 1: yes, "-": drop, true: yes}\n      columns: [1, -1]\n'
        '      files: "xnli.{split}.{language}.tsv"'
    )
    spec = load(TASK.format(path=folder, more=more))
    task = build_task(spec.stages[0].task)
    assert [e.label for e in task.load("train", "en").examples] == ["no", "yes"]


@pytest.mark.parametrize("command", ["validate", "fetch"])
def test_a_missing_split_lists_what_is_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(TASK.format(path=folder, more="texts: 1"))
    monkeypatch.setattr("xlt_encoders.e5_q4.E5SmallQ4.fetch", lambda self: None)
    done = CliRunner().invoke(app, [command, str(spec)])
    said = done.output + str(done.exception)
    assert done.exit_code != 0
    assert "has no train split" in said
    assert '`files: "xnli.{split}.{language}.tsv"` would match them' in said
    assert "it contains: xnli.train.en.tsv" in said
