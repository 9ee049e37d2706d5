"""The tensors in a folder's files of weights, whatever their format. Imports torch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import torch

from xlt_cli.api import UserError
from xlt_encoders.hub import WEIGHT_FILES


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """All tensors by name, of ordinary files: safetensors or pickled ones, one or several.

    Raises:
        UserError: there are none, or they cannot be read.
    """
    weights: dict[str, torch.Tensor] = {}
    for path in _files(folder):
        try:
            weights |= _read(path)
        except Exception as problem:  # safetensors' and pickle's own derive from Exception only
            raise UserError("the weights cannot be read", str(path), str(problem)) from problem
    return weights


def _files(folder: Path) -> Iterator[Path]:
    found = next((folder / name for name in WEIGHT_FILES if (folder / name).is_file()), None)
    if found is None:
        raise UserError("the folder contains no weights", str(folder))
    if found.suffix != ".json":
        yield found
        return
    listed = json.loads(found.read_text(encoding="utf-8"))["weight_map"].values()
    yield from (folder / name for name in sorted(set(listed)))


def _read(path: Path) -> dict[str, torch.Tensor]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(str(path))
    loaded: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return loaded
