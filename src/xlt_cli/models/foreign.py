"""A checkpoint that xlt did not train: a folder, or a model on a hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli import registry
from xlt_cli.api import Encoder
from xlt_cli.errors import PluginError, UserError
from xlt_cli.registry.calls import Call, calling
from xlt_cli.registry.checks import encoders
from xlt_cli.spec import PluginUse
from xlt_cli.spec.building import checkpoint_encoder
from xlt_cli.spec.opened_names import resolve


@dataclass(frozen=True)
class Foreign:
    """The checkpoint, and the plugin that opens it.

    Attributes:
        name: what its directory of results is called.
        about: where it is from: its path, or its id and commit.
        settings: what its answers depend on besides weights; empty for a plugin's defaults.
        outputs: the labels of its outputs in order, where the user states them.
    """

    encoder: Encoder
    folder: Path
    name: str
    about: dict[str, Any]
    settings: dict[str, Any]
    outputs: tuple[str, ...] | None

    def labels(self) -> tuple[str, ...] | None:
        """The labels of its outputs: as stated, or as it names them itself."""
        return self.outputs or self.encoder.checkpoint_labels(self.folder)


def locate(model: str, use: PluginUse, outputs: Sequence[str] | None) -> Foreign:
    """Finds a checkpoint by its path or its hub id, fetching it where needed.

    Args:
        use: the encoder plugin that opens it, with parameters.
        outputs: the labels of its outputs in order, where the user states them.

    Raises:
        UserError: there is no such checkpoint, or the plugin cannot open it as asked.
        OfflineError: it would have to be fetched and cannot be.
    """
    resolve(use, "--encoder")
    plugin = registry.get("encoder", use.name, "--encoder")
    if outputs is not None and plugin.checkpoint_labels is Encoder.checkpoint_labels:
        raise PluginError(f"the encoder '{use.name}' does not support --labels", "--labels")
    settings: dict[str, Any] = {"encoder": use.model_dump(mode="json")} if use.params else {}
    if outputs is not None:
        settings["labels"] = list(outputs)
    path = Path(model).expanduser()
    if path.is_dir():
        encoder = checkpoint_encoder(use, {"model": str(path)})
        name, about = path.resolve().name, {"model": str(path.resolve())}
        return Foreign(encoder, path, name, about, settings, _words(outputs))
    call = Call(plugin, "opens", (model,))
    with calling(call):
        given = encoders.opened(call, plugin.opens(model))
    if given is None:
        raise UserError(
            "--model takes a checkpoint directory or a hub id (owner/name); this is neither",
            model,
        )
    encoder = checkpoint_encoder(use, given)
    folder = encoder.folder()
    if folder is None:
        raise PluginError(f"the encoder '{use.name}' opens folders only", "--encoder", model)
    name = model.partition("@")[0].replace("/", "--")
    about = {"model": model, **encoder.fingerprint()}
    return Foreign(encoder, folder, name, about, settings, _words(outputs))


def _words(outputs: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if outputs is None else tuple(outputs)
