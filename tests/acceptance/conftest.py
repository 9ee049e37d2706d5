"""A desk for whole commands: a tiny encoder, tiny data, a spec that trains for a second."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance_tools import Desk
from light_server import LightServer

from xlt_cli.launch import sharing
from xlt_cli.runs import stage_store


@pytest.fixture
def desk(tmp_path: Path, tiny_encoder: Path, tiny_data: Path) -> Desk:
    """A desk whose spec trains for a second, with checkpoints between evaluations."""
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [
            {
                "task": {"name": "pawsx", "path": str(tiny_data)},
                "epochs": 4,
                "batch_size": 4,
                "learning_rate": 1e-3,
                "checkpoint_every": 7,
                "evaluate_every": 20,
            }
        ],
        "evaluations": [{"settings": ["standard", "generalized"]}],
        "max_length": 48,
        "device": "cpu",
    }
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("XLT_DATA_DIR", "XLT_RUNS_DIR")
    }
    environment.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", COLUMNS="120")
    environment.update(XLT_CACHE_DIR=str(tmp_path / "cache"))
    return Desk(tmp_path, spec, environment)


@pytest.fixture(scope="session")
def light_server() -> Iterator[LightServer]:
    """Runs commands in processes that have imported neither torch nor transformers."""
    server = LightServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def stages_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs whose store of stages is shared by tests."""
    return tmp_path_factory.mktemp("stages")


@pytest.fixture
def trained_once(stages_of_all: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in this process take stages that a test before has trained, as in one folder.

    For tests of what comes after training.
    """
    monkeypatch.setattr(sharing, "shared", lambda _, key: stage_store.shared(stages_of_all, key))
