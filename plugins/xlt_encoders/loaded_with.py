"""What a model is loaded with: where its weights are, and what the parameters say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.api import Head, UserError
from xlt_encoders.lowest_layers import keep_lowest

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig

_DROPOUT = re.compile(r"dropout|pdrop")


@dataclass(frozen=True)
class Settings:
    """What the parameters say of the model; see `EncoderParams`.

    Attributes:
        tokenizer_gives_segments: asks the model's tokenizer whether `tokenizer(a, b)` returns
            segment ids; called for the few architectures where it matters.
    """

    pooling: str
    freeze_embeddings: bool
    freeze_layers: int
    layers: int | None
    dropout: float | None
    tokenizer_gives_segments: Callable[[], bool]

    @property
    def head_plugin(self) -> str | None:
        """The head plugin to build; None for the one that belongs to the problem's head."""
        return None if self.pooling == "native" else self.pooling


@dataclass(frozen=True)
class Weights:
    """Where weights come from: a folder, of a model that may be packed, or a state dict with
    `folder` None.

    Attributes:
        where: what errors call it.
        head_folder: where a head of xlt's own is, if it is not in the same folder.
        layers: how many of the layers are used, from the lowest on; None: all.
    """

    where: str
    config: PreTrainedConfig
    folder: Path | None = None
    state_dict: dict[str, torch.Tensor] | None = None
    trust_remote_code: bool = False
    head_folder: Path | None = None
    layers: int | None = None


def set_labels(config: PreTrainedConfig, labels: Sequence[str]) -> None:
    if not labels:  # outputs without names
        return
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: i for i, label in enumerate(labels)}


def set_problem(config: PreTrainedConfig, head: Head) -> None:
    if head.kind != "sequence-classification":
        return
    # transformers refuses to open a config of one label that is to be classified.
    one = len(head.labels) == 1
    config.problem_type = None if one else "single_label_classification"


def cut(weights: Weights, settings: Settings) -> Weights:
    """Of the lowest layers alone, where so few are asked for."""
    count = settings.layers
    if count is None or not keep_lowest(weights.config, count):
        return weights
    return replace(weights, layers=count)


def set_dropout(config: PreTrainedConfig, dropout: float | None) -> None:
    """Sets every dropout of the architecture; raises UserError if it has none."""
    if dropout is None:
        return
    names = [
        name
        for name, value in config.to_dict().items()
        if _DROPOUT.search(name) and isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if not names:
        raise UserError(f"'{config.model_type}' models have no dropout to set", "dropout")
    for name in names:
        setattr(config, name, dropout)
