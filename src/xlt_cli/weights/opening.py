"""From packed weights to ordinary ones, with the pretrained weights of their encoder."""

from __future__ import annotations

import contextlib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from xlt_cli import registry
from xlt_cli.api import Encoder, PluginUse
from xlt_cli.errors import PluginError, PluginFailure, RunError, UserError
from xlt_cli.registry.calls import Call, calling
from xlt_cli.registry.guard import make
from xlt_cli.weights.packed_file import Packed, damaged, packed_in

if TYPE_CHECKING:
    import torch

_TYPES = {
    "F32": "float32", "F64": "float64", "F16": "float16", "BF16": "bfloat16", "I64": "int64",
    "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


def saved_weights(folder: Path) -> dict[str, torch.Tensor] | None:
    """The weights of a model's folder where they are packed; None where they are ordinary files.

    Raises:
        UserError: the pretrained weights that they are changes of are not there, or are others.
        DamagedFile: the file is damaged.
    """
    packed = packed_in(folder)
    if packed is None:
        return None
    import torch

    weights = {}
    for about, numbers in restored(packed):
        name, dtype = about["name"], getattr(torch, _TYPES.get(about["dtype"], ""), None)
        if dtype is None:
            raise damaged(packed.path, f"a tensor of the unknown type {about['dtype']}")
        flat = torch.from_numpy(numbers.reshape(-1).view("uint8"))
        weights[name] = flat.view(dtype).reshape(about["shape"])
    return weights


def restored(packed: Packed) -> Iterator[tuple[dict[str, Any], Any]]:
    """The tensors of packed weights; see `Packed.tensors`.

    Raises: as `saved_weights`.
    """
    return packed.tensors(_base(packed))


def write_whole(packed: Packed, path: Path) -> None:
    """Writes the ordinary file that packed weights stand for, to the last byte the same.

    Raises: as `saved_weights`; there is no file then.
    """
    header = packed.record["header"].encode()
    try:
        with path.open("wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            for _, numbers in restored(packed):
                file.write(numbers.reshape(-1).view("uint8"))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def origin_of(encoder: PluginUse) -> dict[str, Any] | None:
    """What names an encoder's pretrained weights for good; None if nothing does."""
    pinned = _built(encoder.name, encoder.params).pinned()
    if pinned is None:
        return None
    fingerprint = _built(encoder.name, pinned).fingerprint()
    return {"encoder": encoder.name, "params": pinned, "fingerprint": fingerprint}


def base_of(origin: Mapping[str, Any]) -> dict[str, Any]:
    """The pretrained tensors that an origin names: float32 arrays that may be written to.

    Raises:
        UserError: they are not there, or are others.
    """
    encoder = _built(origin["encoder"], origin["params"])
    found = encoder.fingerprint()
    if found != origin["fingerprint"]:
        raise RunError(
            f"the pretrained weights of '{origin['encoder']}' are others: {_short(found)} here, "
            f"{_short(origin['fingerprint'])} when the model was trained",
            "",
            "install the version of the encoder that the model was trained from (a run's "
            "environment.jsonl has the versions), or restore a copy of it",
        )
    return arrays_of(encoder)


def arrays_of(encoder: Encoder) -> dict[str, Any]:
    """The pretrained weights of an encoder: float32 arrays that may be written to."""
    import numpy as np

    arrays = {}
    for name, tensor in encoder.pretrained_weights().items():
        if tensor.is_floating_point():
            array = tensor.detach().float().cpu().numpy()
            arrays[name] = np.require(array, requirements=["C", "W"])
    return arrays


def _base(packed: Packed) -> dict[str, Any]:
    """The pretrained tensors of packed weights; an error says what they are needed for."""
    with _explained(packed.path):
        return base_of(packed.record["base"])


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except PluginFailure:
        raise
    except UserError as error:
        what = f"the model is stored as changes of pretrained weights: {error.what}"
        raise replace(error, what=what, where=f"{path}\n{error.where}".strip()) from error


def _built(name: str, params: Mapping[str, Any]) -> Encoder:
    """The encoder of a record."""
    plugin = registry.get("encoder", name)
    use = PluginUse(name=name, **params)
    call = Call(plugin, "Params", (use.params,))
    try:
        with calling(call, passing=(ValidationError,)):
            made = plugin.Params.model_validate(use.params)
    except ValidationError as error:
        raise PluginError(f"{call.who} does not accept {use.params}: {error}") from None
    return typing.cast(Encoder, make(plugin, made))


def _short(fingerprint: Mapping[str, Any]) -> str:
    """A fingerprint in few letters."""
    values = (fingerprint.get(name) for name in ("sha256", "commit"))
    return str(next((value for value in values if value), fingerprint))[:12]
