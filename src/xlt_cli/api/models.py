"""Encoders: a tokenizer, and a model that runs in two halves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from xlt_cli.api.plugin import Plugin
from xlt_cli.errors import UserError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


STAGED = 1 << 16
"""Number of bytes that CUDA copies from pageable memory without waiting for the device."""


@dataclass
class Batch:
    """Inputs of several examples, padded on the right to the longest one or further.

    A model that needs padding on the left shifts the rows itself, returns outputs of tokens at the
    positions of the batch, and has an attribute `pads_left` that is True.

    Attributes:
        input_ids: token ids, [B, L].
        attention_mask: 1 for tokens and 0 for padding, [B, L].
        token_type_ids: the segment ids that `tokenizer(a, b)` returns, zeros if it returns none,
            [B, L].
        special_mask: True for special tokens and padding, [B, L].
        text_ids: the index of the text that a token belongs to (arbitrary for padding), [B, L].
        languages: the language of each text, per example.
        targets: class ids [B], or tag ids [B, L] with -100 for positions without a prediction.
        parts: if examples have several rows that belong together, the index of each row within its
            example, starting at 0, [B]. The rows of an example are adjacent.
        asked: for a head that predicts for some of the tokens only, the positions of these tokens,
            [B, M]; logits and targets are then in this order. Rows with fewer tokens are padded
            with position 0 and the target -100. None: all tokens.
        companions: batches whose rows belong to those of this batch (see `Companion`), each padded
            to a length of its own. Translations have no labels and empty targets.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    token_type_ids: torch.Tensor
    special_mask: torch.Tensor
    text_ids: torch.Tensor
    languages: list[tuple[str, ...]]
    targets: torch.Tensor
    parts: torch.Tensor | None = None
    asked: torch.Tensor | None = None
    companions: tuple[Batch, ...] = ()

    def __len__(self) -> int:
        return len(self.languages)

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device, copied without waiting for a busy GPU."""
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
        """The batch with its rows repeated, e.g. to run two versions of them in one pass."""
        return Batch(
            **{n: t.repeat(times, *[1] * (t.dim() - 1)) for n, t in self.tensors().items()},
            languages=self.languages * times,
            companions=tuple(companion.repeat(times) for companion in self.companions),
        )

    def tensors(self) -> dict[str, torch.Tensor]:
        """The tensors of the batch, by name, without those of companions."""
        others = ("languages", "companions")
        own = vars(self).items()
        return {name: value for name, value in own if name not in others and value is not None}

    def firsts(self) -> torch.Tensor | None:
        """The index of the first row of each row's example, [B]; None if each row is an example."""
        if self.parts is None:
            return None
        import torch

        return torch.arange(len(self), device=self.parts.device) - self.parts


def _sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    large = tensor.nbytes > STAGED and tensor.device.type == "cpu" and device.type == "cuda"
    return (tensor.pin_memory() if large else tensor).to(device, non_blocking=True)


@dataclass(frozen=True)
class Head:
    """The head that a problem requires of a model: its shape, and its outputs in order.

    Attributes:
        kind: the shape of the head. An encoder without a head of its own for this shape uses a head
            plugin of this `shape` (see `xlt_cli.problems.heads.WithHead`).
        labels: the names of the outputs, if they have names.
        outputs: the labels of a checkpoint's outputs in order, if the user states them; they
            override the names in the checkpoint.
        per_token: whether the logits are [B, L, C], for each token (or [B, M, C], for those in
            `Batch.asked`), or [B, C], for each row.
        over: what the last dimension of the logits is over: `labels`; the entries of the
            `vocabulary`; or the dimensions of the hidden `states`, for a head that returns a vector
            for each row.
        has_weights: whether the head has parameters. One without is put on any model, whatever that
            was trained for: an evaluation takes the encoder alone.
        pooling: the head plugin that builds it, if the problem asks for one; None: the encoder's
            choice.
        layer: the number of layers whose hidden states the head reads, counted from the input on; 0
            for the embeddings, None for the last hidden states.
    """

    kind: str
    labels: tuple[str, ...]
    outputs: tuple[str, ...] | None = None
    per_token: bool = False
    over: Literal["labels", "vocabulary", "states"] = "labels"
    has_weights: bool = True
    pooling: str | None = None
    layer: int | None = None


@runtime_checkable
class EncoderModel(Protocol):
    """A `torch.nn.Module` that runs in two halves, between which noise can be added.

    `logits(embed(batch), batch)` must equal the model's ordinary forward pass. The outputs for a
    row must not depend on other rows of the batch or on padding; the runner checks this when a
    model is loaded (once for all runs of a process that begin with the same one).

    A model that uses the languages of its texts, or a module in it, may have a method
    `check_languages(languages)` that raises a UserError for languages that it does not support; it
    is called before training. So are two others where a stage asks for them:

    - `freeze_parts(embeddings, layers, encoder)` excludes all embeddings, this many layers from the
      input on, or everything but the head from training, and turns their dropout off;
    - `checkpoint_gradients()` makes the backward pass compute the layers again.

    A model that can be trained through adapters has the methods of `TakesAdapters`.

    A model whose head may be new or the encoder's own says which in the attribute `about_head`, a
    text.
    """

    def embed(self, batch: Batch) -> torch.Tensor:
        """Word embeddings of the tokens, before positions and normalisation: [B, L, D]."""
        ...

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Last hidden states: [B, L, H]."""
        ...

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The output of the head: [B, C], or [B, L, C] if the head is per token ([B, M, C] for the
        tokens in `batch.asked`, if it is set)."""
        ...

    def head_parameters(self) -> Iterable[torch.nn.Parameter]:
        """The parameters of the head, which may have a separate learning rate."""
        ...

    def save(self, directory: Path) -> None:
        """Writes config and weights (safetensors) such that `Encoder.load_model` can read them.

        During training it is called for a copy (`copy.deepcopy`, on the CPU) in another thread,
        while the model is trained on. A model that cannot be copied is written while training
        waits.
        """
        ...


class Encoder(Plugin):
    """A pretrained multilingual encoder.

    Attributes:
        offline: whether its weights come with installed packages, so that it needs no network.
    """

    plugin_kind = "encoder"
    offline: ClassVar[bool] = False

    @abstractmethod
    def load_tokenizer(self, checkpoint: Path | None = None) -> PreTrainedTokenizerBase:
        """The tokenizer, from a checkpoint directory if one is given."""

    @abstractmethod
    def load_model(
        self, head: Head, checkpoint: Path | None = None, *, new_head: bool = False
    ) -> EncoderModel:
        """The model with a head: pretrained with a new head, or as saved in a checkpoint.

        With `new_head`, everything except the head is read from the checkpoint (for a later stage
        with other labels). New weights are drawn from torch's global generator, which the runner
        seeds.
        """

    def reopened(self, model: EncoderModel, head: Head, checkpoint: Path) -> EncoderModel | None:
        """A model that was trained, as `load_model(head, checkpoint)` would open the files that its
        `save` has just written to the checkpoint; or None, the default: they have to be opened.

        The runner then tests a model without loading it again. It may be the same model, which is
        trained no more, and it may be on a GPU. Its answers must be those of the loaded one to the
        last bit: return None where anything but the weights may have changed since the model was
        loaded, or where the files hold other numbers.
        """
        return None

    @classmethod
    def opens(cls, name: str) -> dict[str, Any] | None:
        """The parameters for a name that is not the name of a plugin, such as `org/model` or
        `./folder`.

        None if this encoder cannot open the name. Nothing is downloaded.

        Raises:
            UserError: the name is a path that does not exist.
        """
        return None

    def head_plugin(self, head: Head) -> str | None:
        """The name of the head plugin that builds the head of a new model; runs record its
        distribution.

        None if the encoder has such a head of its own. By default the value of the parameter
        `pooling`, unless the head asks for one itself.
        """
        return head.pooling or getattr(self.params, "pooling", None)

    def folder(self) -> Path | None:
        """The folder with the encoder's files, downloaded if necessary; None if it has none."""
        return None

    def checkpoint_labels(self, checkpoint: Path) -> tuple[str, ...] | None:
        """The labels of a checkpoint's outputs, in order; None if it does not name them.

        Encoders that open checkpoints that were not trained with xlt define it; their `load_model`
        then uses `head.outputs`.

        Raises:
            UserError: the labels in the checkpoint contradict each other.
        """
        return None

    def pinned(self) -> dict[str, Any] | None:
        """The parameters with which this encoder has exactly the present pretrained weights, on any
        machine and at any time, or an error; for weights that are published, and never changed.

        Large models that were trained from such weights are stored as changes of them
        (`pretrained_weights`), and `load_model` has to open these: see `saved_weights` of
        `xlt_cli.weights`. None, the default: models are stored as they are saved.
        """
        return None

    def pretrained_weights(self) -> Mapping[str, torch.Tensor]:
        """The pretrained weights, by names that end as those in files that `save` writes.

        Only called for encoders that are `pinned`. The runner may write into the tensors.
        """
        raise NotImplementedError

    def check_adapters(self) -> None:
        """Checks that models of this encoder can be given adapters (`TakesAdapters`), and that what
        it needs for them is installed. Nothing is loaded.

        Raises:
            UserError: they cannot, which is the default.
        """
        raise UserError(
            f"the encoder '{self.name}' cannot be trained through adapters",
            "",
            "leave `adapter` out",
        )

    @abstractmethod
    def fingerprint(self) -> dict[str, str]:
        """Identifies the weights: a hash, or the commit that a revision resolved to."""

    def fetch(self) -> None:
        """Downloads everything that a later offline run needs."""
        self.load_tokenizer()
        self.fingerprint()
