"""Task heads over hidden states, for any encoder that runs in two halves.

An encoder without a head of its own gets one in one line:

    model = WithHead(backbone, head, pooling="mean", dropout=0.1)

where `backbone` is a `torch.nn.Module` with `hidden_size`, `embed(batch)`, `encode(embeddings,
batch)` and `save(directory)`. The result is an `xlt_cli.api.EncoderModel`. This module imports
torch: import it inside the method that builds the model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from xlt_cli import registry
from xlt_cli.api import Batch, Head
from xlt_cli.errors import UserError
from xlt_cli.problems.head_choice import builder_for
from xlt_cli.problems.label_names import label_order

_WIDTH = {"cls": 1, "mean": 1, "cls-mean": 2, "segments": 4}
POOLINGS = tuple(_WIDTH)

INFO_FILE = "xlt_head.json"
WEIGHTS_FILE = "head.safetensors"
_FORMAT = 1
_INITIAL_STD = 0.02  # BERT's, arXiv:1810.04805


class Backbone(Protocol):
    """What `WithHead` asks of a module: `EncoderModel` without its logits.

    One whose layers can be read has two more: `layers`, their number, and `states_of(layer,
    embeddings, batch)`, the hidden states after so many of them, [B, L, H].
    """

    @property
    def hidden_size(self) -> int:
        """Width of the hidden states."""
        ...

    def embed(self, batch: Batch) -> torch.Tensor:
        """Word embeddings, [B, L, D]."""
        ...

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Last hidden states, [B, L, H]."""
        ...

    def save(self, directory: Path) -> None:
        """Writes config and weights."""
        ...


def masked_mean(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the positions where `mask` [B, L] is true; zeros where there is none: [B, H]."""
    weights = mask.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


def pool(hidden: torch.Tensor, batch: Batch, pooling: str) -> torch.Tensor:
    """One vector per example: [B, L, H] -> [B, W], W = H, 2 H (cls-mean) or 4 H (segments).

    `cls` is the first token, `mean` the mean over all tokens but padding, `segments` the
    comparison [u, v, |u - v|, u * v] of the two texts' means without special tokens
    (InferSent, arXiv:1705.02364).

    Raises:
        UserError: for `segments` on examples that are not pairs of texts.
    """
    if pooling == "cls":
        return hidden[:, 0]
    if pooling == "segments":
        return _compare(hidden, batch)
    mean = masked_mean(hidden, batch.attention_mask)
    return mean if pooling == "mean" else torch.cat([hidden[:, 0], mean], dim=-1)


def _compare(hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
    if any(len(languages) != 2 for languages in batch.languages):
        raise UserError(
            "the pooling 'segments' compares two texts, but the examples of this task have one",
            hint="use the pooling 'cls', 'mean', 'cls-mean', or 'native' for the encoder's "
            "own head",
        )
    text = ~batch.special_mask & batch.attention_mask.bool()
    u, v = (masked_mean(hidden, text & (batch.text_ids == i)) for i in (0, 1))
    return torch.cat([u, v, (u - v).abs(), u * v], dim=-1)


class SequenceHead(nn.Module):
    """Pooling, dropout, a tanh layer, dropout, a linear layer: [B, L, H] -> [B, C]."""

    def __init__(self, hidden_size: int, labels: int, pooling: str, dropout: float) -> None:
        super().__init__()
        self.pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(_WIDTH[pooling] * hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, labels)
        _initialise(self)

    def forward(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        pooled = self.dropout(pool(hidden, batch, self.pooling))
        logits: torch.Tensor = self.out(self.dropout(torch.tanh(self.dense(pooled))))
        return logits


class SentenceVector(nn.Module):
    """Pooling alone: [B, L, H] -> [B, H]."""

    def __init__(self, pooling: str) -> None:
        super().__init__()
        self.pooling = pooling

    def forward(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        return pool(hidden, batch, self.pooling)


class TokenHead(nn.Module):
    """Dropout and a linear layer at each token: [B, L, H] -> [B, L, C]."""

    def __init__(self, hidden_size: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(hidden_size, labels)
        _initialise(self)

    def forward(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        logits: torch.Tensor = self.out(self.dropout(hidden))
        return logits


def _initialise(head: nn.Module) -> None:
    """As BERT's heads: from torch's global generator, biases zero."""
    for module in head.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=_INITIAL_STD)
            nn.init.zeros_(module.bias)


@dataclass(frozen=True)
class HeadInfo:
    """What `xlt_head.json` says of a saved head.

    Attributes:
        kind: its shape.
        pooling: the head plugin that built it; None: the one named as the shape.
    """

    kind: str
    labels: tuple[str, ...]
    pooling: str | None
    dropout: float


class WithHead(nn.Module):
    """A backbone with a head that a plugin builds: an `EncoderModel`.

    Args:
        backbone: an `nn.Module` with the methods of `Backbone`.
        head: what the problem asks for.
        pooling: the name of a head plugin of that shape, if the problem asks for none itself; None
            for the one named as the shape, for problems that have but one kind of head (token
            labelling).
        dropout: probability, in the head.

    Raises:
        UserError: there is no such head, or it is one of another shape; or the problem asks for the
            states of a layer, and the backbone has no `states_of`.
    """

    def __init__(
        self, backbone: Backbone, head: Head, pooling: str | None, dropout: float = 0.1
    ) -> None:
        super().__init__()
        pooling = head.pooling or pooling
        self.info = HeadInfo(head.kind, tuple(head.labels), pooling, dropout)
        self._outputs, self._layer = head.outputs, head.layer
        if head.layer is not None:
            _check_layer(backbone, head.layer)
        self.backbone = backbone
        builder = builder_for(head, pooling)
        self.head: nn.Module = builder.build(backbone.hidden_size, len(head.labels), dropout)

    @property
    def hidden_size(self) -> int:
        return self.backbone.hidden_size

    def embed(self, batch: Batch) -> torch.Tensor:
        return self.backbone.embed(batch)

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return self.backbone.encode(embeddings, batch)

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        logits: torch.Tensor = self.head(self._read(embeddings, batch), batch)
        return logits

    def _read(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The hidden states that the head reads."""
        if self._layer is None:
            return self.encode(embeddings, batch)
        backbone: Any = self.backbone
        states: torch.Tensor = backbone.states_of(self._layer, embeddings, batch)
        return states

    def forward(self, batch: Batch, embeddings: torch.Tensor | None = None) -> torch.Tensor:
        """The logits, for wrappers (DDP) that only run `forward`."""
        return self.logits(self.embed(batch) if embeddings is None else embeddings, batch)

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """The head's parameters."""
        return self.head.parameters()

    def save(self, directory: Path) -> None:
        """The backbone's own files, `head.safetensors` and `xlt_head.json`."""
        from safetensors.torch import save_file

        self.backbone.save(directory)
        weights = {name: value.contiguous() for name, value in self.head.state_dict().items()}
        save_file(weights, str(directory / WEIGHTS_FILE))
        info = json.dumps({"format": _FORMAT, **asdict(self.info)}, indent=2, ensure_ascii=False)
        (directory / INFO_FILE).write_text(info + "\n", encoding="utf-8")

    def load_head(self, directory: Path) -> None:
        """Reads the head's weights, its outputs brought into this model's order of labels.

        Raises:
            UserError: if the file is missing or damaged, or the labels are others.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        saved = read_head_info(directory)
        path = directory / WEIGHTS_FILE
        try:
            weights = load_file(str(path))
            names = self._outputs or saved.labels
            if len(names) != len(saved.labels):
                raise UserError(
                    f"{len(names)} labels are stated for the {len(saved.labels)} outputs of the "
                    "checkpoint",
                    str(directory),
                )
            order = label_order(
                names, self.info.labels, str(directory), stated=self._outputs is not None
            )
            if order != list(range(len(order))):
                for name in ("out.weight", "out.bias"):
                    weights[name] = weights[name][order]
            self.head.load_state_dict(weights)
        except (OSError, SafetensorError, KeyError, IndexError, RuntimeError) as problem:
            raise UserError(
                "the head's weights cannot be read", str(path), _first_line(problem)
            ) from problem


def _check_layer(backbone: Backbone, layer: int) -> None:
    count: int | None = getattr(backbone, "layers", None)
    if count is None:
        raise UserError(
            "this encoder gives the states of its last layer only",
            "layer",
            "leave `layer` out of the task's parameters",
        )
    if layer > count:
        raise UserError(
            f"layer {layer} is asked for, and the encoder has {count}",
            "layer",
            f"choose one from 0 (the embeddings) to {count}",
        )


def read_head_info(directory: Path) -> HeadInfo:
    """Reads `xlt_head.json`; raises UserError if it is missing or damaged."""
    path = directory / INFO_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format"] != _FORMAT:
            raise ValueError(
                f"its format is {raw['format']}; this version of xlt supports {_FORMAT}"
            )
        if raw["pooling"] not in (*registry.names("head"), None):
            raise ValueError(f"its pooling '{raw['pooling']}' is unknown")
        labels = tuple(str(label) for label in raw["labels"])
        return HeadInfo(raw["kind"], labels, raw["pooling"], float(raw["dropout"]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UserError(
            "the description of the head cannot be read", str(path), _first_line(problem)
        ) from problem


def _first_line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else ''}"
