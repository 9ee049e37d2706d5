"""Our own encoders keep to the contract, as the suite for plugin authors tests it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plugin_sources import PINNED

from xlt_cli import registry
from xlt_cli.api import Encoder
from xlt_cli.testing import EncoderSuite
from xlt_encoders.huggingface import HuggingFaceEncoder


class TestPinned(EncoderSuite):
    """An encoder whose models are stored as changes of its weights."""

    @pytest.fixture
    def plugin(self, tiny_encoder: Path, install: Any) -> Encoder:
        install("dist-pinned", {"xlt.encoders": {"pinned": "pinned_encoder:Pinned"}},
                {"pinned_encoder": PINNED})  # fmt: skip
        made: type[Encoder] = registry.get("encoder", "pinned")
        return made(made.Params.model_validate({"model": str(tiny_encoder)}))


@pytest.mark.parametrize("pooling", ["native", "mean"])
class TestFolder(EncoderSuite):
    @pytest.fixture
    def plugin(self, pooling: str, tiny_encoder: Path) -> Encoder:
        params = {"model": str(tiny_encoder), "pooling": pooling}
        return HuggingFaceEncoder(HuggingFaceEncoder.Params.model_validate(params))
