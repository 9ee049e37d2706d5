"""Encoders: a tokenizer, and a model that runs in two halves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from xlt_cli.api.plugin import Plugin

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


STAGED = 1 << 16
"""Bytes that CUDA takes from ordinary memory without waiting for the device."""


@dataclass
class Batch:
    """Features of several examples, padded on the right to the longest or further.

    A model that needs its padding on the left shifts the rows itself, and returns what belongs to
    tokens where the tokens are in the batch; it then has an attribute `pads_left` that is True.

    Attributes:
        input_ids: token ids, [B, L].
        attention_mask: 1 for tokens and 0 for padding, [B, L].
        token_type_ids: the segment ids that `tokenizer(a, b)` returns, zeros where it returns
            none, [B, L].
        special_mask: True for special tokens and padding, [B, L].
        text_ids: which of the example's texts a token belongs to (padding: any), [B, L].
        languages: the language of each text, per example.
        targets: class ids [B], or tag ids [B, L] with -100 where nothing is to be predicted.
        parts: where examples have several rows that belong together: which of its example's a row
            is, 0 for the first, [B]; the rows of an example stand next to each other.
        companions: batches whose rows travel with this one's (see `Companion`), each padded to
            a length of its own; a translation has nothing to predict, and empty targets.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    token_type_ids: torch.Tensor
    special_mask: torch.Tensor
    text_ids: torch.Tensor
    languages: list[tuple[str, ...]]
    targets: torch.Tensor
    parts: torch.Tensor | None = None
    companions: tuple[Batch, ...] = ()

    def __len__(self) -> int:
        return len(self.languages)

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device; a GPU that is busy is not waited for."""
        return Batch(
            **{name: _sent(tensor, device) for name, tensor in self.tensors().items()},
            languages=self.languages,
            companions=tuple(companion.to(device) for companion in self.companions),
        )

    def select(self, rows: Sequence[int]) -> Batch:
        """Some rows of the batch, in that order, with the same padding."""
        return Batch(
            **{name: t[rows] if len(t) else t for name, t in self.tensors().items()},
            languages=[self.languages[row] for row in rows],
            companions=tuple(companion.select(rows) for companion in self.companions),
        )

    def repeat(self, times: int) -> Batch:
        """The batch's rows again and again, e.g. to run two versions of them in one pass."""
        return Batch(
            **{n: t.repeat(times, *[1] * (t.dim() - 1)) for n, t in self.tensors().items()},
            languages=self.languages * times,
            companions=tuple(companion.repeat(times) for companion in self.companions),
        )

    def tensors(self) -> dict[str, torch.Tensor]:
        """Its own tensors, by name."""
        others = ("languages", "companions")
        own = vars(self).items()
        return {name: value for name, value in own if name not in others and value is not None}

    def firsts(self) -> torch.Tensor | None:
        """For each row the first row of its example, [B]; None where each row is an example."""
        if self.parts is None:
            return None
        import torch

        return torch.arange(len(self), device=self.parts.device) - self.parts


def _sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    large = tensor.nbytes > STAGED and tensor.device.type == "cpu" and device.type == "cuda"
    return (tensor.pin_memory() if large else tensor).to(device, non_blocking=True)


@dataclass(frozen=True)
class Head:
    """What a problem asks of a model: the shape of its head, and its outputs in their order.

    Attributes:
        kind: the shape of the head; an encoder that has no head of its own for it takes one of the
            head plugins of this `shape` (see `xlt_cli.problems.heads.WithHead`).
        labels: the names of the outputs.
        outputs: the labels of a checkpoint's outputs in their order, where the user states them;
            they count instead of the names that the checkpoint gives them.
        per_token: whether there are outputs for each token, [B, L, C], or for each row, [B, C].
    """

    kind: str
    labels: tuple[str, ...]
    outputs: tuple[str, ...] | None = None
    per_token: bool = False


@runtime_checkable
class EncoderModel(Protocol):
    """A `torch.nn.Module` that runs in two halves; the seam between them is where noise goes.

    `logits(embed(batch), batch)` equals the model's ordinary forward pass. What is computed for a
    row depends on no other row of the batch and on no padding; the runner tries it on each load.
    A model that is told the languages of its texts, or a module in it, may have a method
    `check_languages(languages)` that raises a UserError for those that it lacks; it is called
    before training.
    """

    def embed(self, batch: Batch) -> torch.Tensor:
        """Word embeddings of the tokens, before positions and normalisation: [B, L, D]."""
        ...

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Last hidden states: [B, L, H]."""
        ...

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The head's output: [B, C], or [B, L, C] where the head is per token."""
        ...

    def head_parameters(self) -> Iterable[torch.nn.Parameter]:
        """The head's parameters, which may have a learning rate of their own."""
        ...

    def save(self, directory: Path) -> None:
        """Writes config and safetensors weights, so that `Encoder.load_model` can read them."""
        ...


class Encoder(Plugin):
    """A pretrained multilingual encoder."""

    plugin_kind = "encoder"

    @abstractmethod
    def load_tokenizer(self, checkpoint: Path | None = None) -> PreTrainedTokenizerBase:
        """The tokenizer; from a checkpoint directory where one is given."""

    @abstractmethod
    def load_model(
        self, head: Head, checkpoint: Path | None = None, *, new_head: bool = False
    ) -> EncoderModel:
        """The model with a head: pretrained with a new head, or as saved in a checkpoint.

        With `new_head`, the checkpoint gives everything but the head (a later stage with other
        labels). New weights are drawn from torch's global generator, which the runner seeds.
        """

    @classmethod
    def opens(cls, name: str) -> dict[str, Any] | None:
        """The parameters that stand for a name which is no plugin's: `org/model`, `./folder`.

        None if this encoder does not open it. Nothing is fetched for it.

        Raises:
            UserError: the name is a path, and nothing is there.
        """
        return None

    def head_plugin(self, head: Head) -> str | None:
        """The head plugin that builds the head of a new model; runs record where it comes from.

        None if the encoder has such a head of its own. By default what the parameter `pooling`
        names.
        """
        return getattr(self.params, "pooling", None)

    def folder(self) -> Path | None:
        """The folder with the encoder's own files, fetched where needed; None if it has none."""
        return None

    def checkpoint_labels(self, checkpoint: Path) -> tuple[str, ...] | None:
        """The labels of a checkpoint's outputs, in order; None if it does not name them.

        An encoder that opens checkpoints which xlt did not train defines it, and `load_model`
        then obeys `head.outputs`.

        Raises:
            UserError: the checkpoint contradicts itself.
        """
        return None

    @abstractmethod
    def fingerprint(self) -> dict[str, str]:
        """What identifies the weights: a hash, or the commit that a revision resolved to."""

    def fetch(self) -> None:
        """Brings everything that a later offline run needs."""
        self.load_tokenizer()
        self.fingerprint()
