"""Our own encoders keep to the contract, as the suite for plugin authors tests it."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli.api import Encoder
from xlt_cli.testing import EncoderSuite
from xlt_encoders.huggingface import HuggingFaceEncoder


@pytest.mark.parametrize("pooling", ["native", "mean"])
class TestFolder(EncoderSuite):
    @pytest.fixture
    def plugin(self, pooling: str, tiny_encoder: Path) -> Encoder:
        params = {"model": str(tiny_encoder), "pooling": pooling}
        return HuggingFaceEncoder(HuggingFaceEncoder.Params.model_validate(params))
