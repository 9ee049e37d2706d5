"""A desk for whole commands: a tiny encoder, tiny data, a spec that trains for a few seconds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from acceptance_tools import Desk


@pytest.fixture
def desk(tmp_path: Path, tiny_encoder: Path, tiny_data: Path) -> Desk:
    """A desk whose spec trains for a few seconds, with checkpoints between evaluations."""
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [
            {
                "task": {"name": "pawsx", "path": str(tiny_data)},
                "epochs": 40,
                "batch_size": 4,
                "learning_rate": 1e-3,
                "checkpoint_every": 7,
                "evaluate_every": 50,
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
