"""Turning the network off."""

from __future__ import annotations

import os


def go_offline(offline: bool) -> None:
    """Turns the network off for all libraries; call it before they are imported."""
    if offline:
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
