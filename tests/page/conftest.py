"""The runs that pages are made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_runs import write_run


@pytest.fixture(scope="package")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two systems with two seeds each."""
    root = tmp_path_factory.mktemp("page") / "runs"
    for seed in (1, 2):
        write_run(root, "erm", seed, 0.6, strengths=(0.1, 0.2))
        write_run(root, "mixup", seed, 0.8, method="embedding-mixup", strengths=(0.1, 0.2))
    return root
