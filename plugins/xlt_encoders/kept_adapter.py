"""The folder of a model that is saved with an adapter; see `adapters`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from xlt_cli.api import UserError

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
BASE = "base"
"""The model that the adapter was put on, a folder of its own: opened without the adapter, it would
give other answers."""


def has_adapter(folder: Path) -> bool:
    """Whether a folder is one that a model with an adapter was saved to."""
    return (folder / CONFIG).is_file() and (folder / BASE / "config.json").is_file()


def model_folder(folder: Path) -> Path:
    """Where a model's config and weights are: the folder itself, or the base of its adapter."""
    return folder / BASE if has_adapter(folder) else folder


def check_installed() -> None:
    """Raises UserError if peft is not installed."""
    if find_spec("peft") is None:
        raise UserError(
            "adapters need the package peft, which is not installed",
            "adapter",
            "pip install 'xlt-cli[peft]'",
        )
