"""Stages with an adapter are not recorded, and say so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from xlt_cli.spec import Stage
from xlt_cli.speed import updates
from xlt_cli.speed.updates import FastUpdates


@pytest.mark.parametrize("adapter", [None, "lora"])
def test_updates_with_an_adapter_are_made_eagerly_on_a_gpu(
    adapter: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "Recorder", lambda *given: SimpleNamespace(path=["graphs"]))
    made: Any = FastUpdates.__new__(FastUpdates)
    made.stage = Stage.model_validate({"task": "xnli", "adapter": adapter})
    made.runtime = SimpleNamespace(device=SimpleNamespace(type="cuda"))
    made.loss = SimpleNamespace(phase=lambda progress: "plain")
    made.optimizer, made.limit, made.length = None, 1.0, 10
    made.rows, made.refusal, made.frozen = None, "", None
    made.recorder = made._recorder(None)
    assert made.path == ("plain (not recorded: an adapter)" if adapter else "graphs")
