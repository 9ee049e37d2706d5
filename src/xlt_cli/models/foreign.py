"""A model that xlt did not train: a folder, a model on a hub, or an encoder as it is pretrained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xlt_cli import registry
from xlt_cli.api import Encoder, EncoderModel, Head
from xlt_cli.errors import PluginError, UserError, did_you_mean
from xlt_cli.registry.calls import Call, calling
from xlt_cli.registry.checks import encoders
from xlt_cli.runs.provenance import weights_hash
from xlt_cli.spec import PluginUse
from xlt_cli.spec.building import checkpoint_encoder
from xlt_cli.spec.opened_names import resolve
from xlt_cli.weights import packed_in


@dataclass(frozen=True)
class Foreign:
    """The model, and the plugin that opens it.

    Attributes:
        folder: its files; None for an encoder as it is pretrained, which has no head.
        name: what its directory of results is called.
        about: where it is from: its path, or its id and commit.
        settings: what its answers depend on besides weights; empty for a plugin's defaults.
        outputs: the labels of its outputs in order, where the user states them.
    """

    encoder: Encoder
    folder: Path | None
    name: str
    about: dict[str, Any]
    settings: dict[str, Any]
    outputs: tuple[str, ...] | None

    def labels(self) -> tuple[str, ...] | None:
        """The labels of its outputs: as stated, or as it names them itself."""
        if self.folder is None:
            return None
        return self.outputs or self.encoder.checkpoint_labels(self.folder)

    def weights(self) -> str:
        """Identifies the weights."""
        if self.folder is not None:
            return weights_hash(self.folder)
        said = json.dumps([self.encoder.name, self.encoder.fingerprint()], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    def load(self, head: Head) -> EncoderModel:
        """The model with a head: its own, or one without weights.

        Raises:
            UserError: it has no such head.
        """
        if self.folder is None and head.has_weights:
            raise UserError(
                f"'{self.name}' is an encoder as it is pretrained, without a head for {head.kind}",
                "--model",
                "train it on the task, or test it on one whose head has no weights, such as "
                "sentence retrieval",
            )
        self.labels()  # what its config says of them wrongly, transformers says less clearly
        head = replace(head, outputs=self.outputs)
        new_head = self.folder is not None and not head.has_weights
        return self.encoder.load_model(head, self.folder, new_head=new_head)


def locate(model: str, use: PluginUse, outputs: Sequence[str] | None) -> Foreign:
    """Finds a model by its path, its hub id or the name of its encoder, fetching it where needed.

    Args:
        use: the encoder plugin that opens it, with parameters.
        outputs: the labels of its outputs in order, where the user states them.

    Raises:
        UserError: there is no such model, or the plugin cannot open it as asked.
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
        if packed_in(path) is not None and plugin.pinned is Encoder.pinned:
            raise PluginError(
                f"the encoder '{use.name}' does not open packed weights",
                str(path),
                "`xlt export RUN --out DIR` writes ordinary ones",
            )
        encoder = checkpoint_encoder(use, {"model": str(path)})
        name, about = path.resolve().name, {"model": str(path.resolve())}
        return Foreign(encoder, path, name, about, settings, _words(outputs))
    if model in registry.names("encoder"):
        return _pretrained(model, use, settings, outputs)
    call = Call(plugin, "opens", (model,))
    with calling(call):
        given = encoders.opened(call, plugin.opens(model))
    if given is None:
        raise UserError(
            "--model takes a checkpoint directory, a hub id (owner/name) or an encoder's name; "
            "this is none of them",
            model,
            did_you_mean(model, registry.names("encoder")),
        )
    encoder = checkpoint_encoder(use, given)
    folder = encoder.folder()
    if folder is None:
        raise PluginError(f"the encoder '{use.name}' opens folders only", "--encoder", model)
    name = model.partition("@")[0].replace("/", "--")
    about = {"model": model, **encoder.fingerprint()}
    return Foreign(encoder, folder, name, about, settings, _words(outputs))


def _pretrained(
    name: str, use: PluginUse, settings: dict[str, Any], outputs: Sequence[str] | None
) -> Foreign:
    if outputs is not None:
        raise UserError(f"'{name}' is an encoder and has no outputs to name", "--labels")
    own = use if use.name == name else PluginUse(name=name)
    encoder = checkpoint_encoder(own, {})
    encoder.check()
    about = {"model": name, **encoder.fingerprint()}
    return Foreign(encoder, None, name, about, settings if own is use else {}, None)


def _words(outputs: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if outputs is None else tuple(outputs)
