"""A finished run that is looked at while another process frees its disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from xlt_cli import Experiment, open_run
from xlt_cli.runs import pruned, stage
from xlt_cli.runs.stage import is_pruned

SPEC = {
    "stages": [
        {
            "task": {"name": "pawsx", "path": "data"},
            "epochs": 1,
            "limit": 8,
            "batch_size": 8,
            "dev": None,
        }
    ],
    "evaluations": [{"limit": 5}],
    "max_length": 16,
    "device": "cpu",
    "name": "short",
}


@pytest.fixture
def experiment(
    tmp_path: Path, tiny_encoder: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> Experiment:
    shutil.copytree(tiny_data, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    encoder = {"name": "hf", "model": str(tiny_encoder)}
    return Experiment.from_dict({"encoder": encoder, **SPEC})


def other_process(monkeypatch: pytest.MonkeyPatch, run: Any, name: str, where: Any) -> list[str]:
    """Prunes the run just before a file of its model is read, once."""
    calls: list[str] = []
    read = getattr(where, name)

    def interrupted(*arguments: Any) -> Any:
        if not calls:
            calls.append(name)
            with run.locked():
                pruned.prune(run)
        return read(*arguments)

    monkeypatch.setattr(where, name, interrupted)
    return calls


@pytest.mark.parametrize("name", ["weights_hash", "damage"])
def test_its_results_are_given(
    experiment: Experiment, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = experiment.train()
    before = list(first[0].results())
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))  # it is looked at as a whole
    run = open_run(first[0].path)._run
    where = stage.provenance if name == "weights_hash" else stage.checksums
    calls = other_process(monkeypatch, run, name, where)
    again = experiment.train()
    assert calls == [name]
    assert is_pruned(run.stage(0))
    assert list(again[0].results()) == before
