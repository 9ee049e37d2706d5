"""What a recording that fails leaves behind, whatever it fails with."""

from __future__ import annotations

import contextlib
from typing import Any
from unittest.mock import MagicMock

import pytest
import torch

from xlt_cli.data.batches import collate
from xlt_cli.errors import PluginFailure
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.speed import graphs

FAILURES = [
    RuntimeError("operation not permitted when stream is capturing"),
    PluginFailure("the encoder 'own' failed in model.logits", "own"),
    TypeError("startswith first arg must be str"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_the_generator_that_dropout_draws_from_does_not_stay_in_recording(
    failure: Exception,
    problem: SequenceClassification,
    features: list[Feature],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    renewed: list[torch.device] = []
    for name in ("Stream", "current_stream", "CUDAGraph", "graph_pool_handle"):
        monkeypatch.setattr(torch.cuda, name, MagicMock())
    for name in ("stream", "graph"):
        monkeypatch.setattr(torch.cuda, name, lambda *_, **__: contextlib.nullcontext())
    monkeypatch.setattr(graphs, "renew_generator", renewed.append)

    def work(*_: Any) -> Any:
        raise failure

    device = torch.device("cpu")
    made = graphs.Graphs(device, work, lambda *_: (torch.zeros(()),) * 2, lambda: None)
    batch = collate(features[:4], problem, 0)
    with pytest.raises(type(failure)):
        made.run(batch, torch.zeros(4, dtype=torch.int64), 1.0, 0, "plain")
    assert renewed == [device]
