"""A plugin written for a contract that does not exist yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.api import Encoder, EncoderModel, Head

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class WarpEncoder(Encoder):
    """Faster than light."""

    api_version = 99
    name = "warp-encoder"
    summary = "an encoder for plugin API 99"

    def load_tokenizer(self, checkpoint: Path | None = None) -> PreTrainedTokenizerBase:
        raise NotImplementedError

    def load_model(
        self, head: Head, checkpoint: Path | None = None, *, new_head: bool = False
    ) -> EncoderModel:
        raise NotImplementedError

    def fingerprint(self) -> dict[str, str]:
        raise NotImplementedError
