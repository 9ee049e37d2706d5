"""Runs whose weights are packed, small as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from acceptance_tools import Desk
from plugin_sources import PINNED

from xlt_cli.runs import packing
from xlt_cli.weights import changes


@pytest.fixture
def desk(desk: Desk, install: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose spec has two stages and takes seconds; even small weights are packed."""
    install("dist-pinned", {"xlt.encoders": {"pinned": "pinned_encoder:Pinned"}},
            {"pinned_encoder": PINNED})  # fmt: skip
    monkeypatch.setattr(packing, "SMALLEST", 1000)
    monkeypatch.setattr(packing, "WORTH", 1.5)  # of a tiny model the header is the larger part
    monkeypatch.setattr(changes, "FEWEST_ROWS", 16)
    monkeypatch.setattr(changes, "_WORTH", 0)
    stage = {**desk.spec["stages"][0], "checkpoint_every": None, "evaluate_every": None}
    desk.spec["stages"] = [{**stage, "max_steps": 4}, {**stage, "max_steps": 3}]
    desk.spec["evaluations"] = [{"languages": ["en", "de"]}]
    desk.spec["encoder"]["name"] = "pinned"
    return desk


@pytest.fixture
def invoke(desk: Desk, xlt: Any) -> Callable[..., Any]:
    def run(*arguments: object, code: int = 0, runs: str = "runs") -> Any:
        result = xlt(*arguments, "--runs-dir", desk.path / runs)
        assert result.exit_code == code, result.output + result.stderr
        return result

    return run
