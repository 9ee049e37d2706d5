"""The plugin contract: everything that a plugin author imports, and nothing heavy.

A plugin is a class of one of three kinds, found through an entry point:

    ============  ======================  ==================================================
    kind          entry-point group       what it brings
    ============  ======================  ==================================================
    Encoder       `xlt.encoders`          a tokenizer and a model that runs in two halves
    Perturbation  `xlt.perturbations`     noise on text, on its segmentation, on embeddings
    Task          `xlt.tasks`             examples per split and language, and their problem
    ============  ======================  ==================================================

Every plugin class states `api_version = 1` itself (a literal, not `API_VERSION`: it says which
contract the plugin was written for), a `name`, a `summary`, and a `Params` model against which
its parameters are validated before anything is loaded. Plugin modules import torch, transformers
and datasets inside the methods that need them, so that `xlt list-plugins` answers at once.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from xlt_cli.draws import Draws
from xlt_cli.errors import (
    DataError,
    OfflineError,
    PluginError,
    ResultWarning,
    UserError,
    did_you_mean,
)
from xlt_cli.user_cache import user_cache

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

    from xlt_cli.problems.base import Problem

API_VERSION = 1

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")


class PluginParams(BaseModel):
    """Base of every `Params`: unknown names are refused, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Plugin(ABC):
    """What the three kinds share.

    Attributes:
        api_version: the contract's version that the plugin was written for.
        name: the name used in specs; equals the entry point's name.
        summary: one line for `xlt list-plugins`.
        reference: the paper or model card behind it.
        speaks: ISO codes of the languages it can serve; None where it serves any.
        caveat: what must be said wherever results that it took part in are shown.
    """

    api_version: ClassVar[int]
    name: ClassVar[str]
    summary: ClassVar[str]
    reference: ClassVar[str] = ""
    speaks: ClassVar[tuple[str, ...] | None] = None
    caveat: ClassVar[str] = ""

    class Params(PluginParams):
        """No parameters."""

    def __init__(self, params: Any = None) -> None:
        self.params = self.Params() if params is None else params


# --------------------------------------------------------------------------------- examples


@dataclass(frozen=True, slots=True)
class SequenceExample:
    """One row of a sequence-classification task.

    Attributes:
        id: the row's identity within its split. In an aligned task the same id is the same item
            in every language.
        texts: one text, or the two texts of a pair.
        label: one of the task's labels.
        languages: the language of each text.
    """

    id: str
    texts: tuple[str, ...]
    label: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenExample:
    """One sentence of a token-labelling task: its words and a tag for each of them."""

    id: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    languages: tuple[str, ...]


Example = SequenceExample | TokenExample


@dataclass(frozen=True)
class Rows:
    """What `Task.load` returns: the examples of one split in one language, and where they are from.

    Attributes:
        examples: in the source's order.
        source: the file's path, or `repository@commit` for the hub.
        notes: what a reader of the results must know, e.g. rows left out and why.
    """

    examples: tuple[Example, ...]
    source: str
    notes: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------ models


@dataclass
class Batch:
    """Features of several examples, padded on the right to the longest.

    Attributes:
        input_ids: token ids, [B, L].
        attention_mask: 1 for tokens and 0 for padding, [B, L].
        token_type_ids: the segment ids that the tokenizer's model expects, [B, L].
        special_mask: True for special tokens and padding, [B, L].
        text_ids: which of the example's texts a token belongs to (padding: any), [B, L].
        languages: the language of each text, per example.
        targets: class ids [B], or tag ids [B, L] with -100 where nothing is to be predicted.
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
    companions: tuple[Batch, ...] = ()

    def __len__(self) -> int:
        return len(self.languages)

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        return Batch(
            **{name: t.to(device, non_blocking=True) for name, t in self.tensors().items()},
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
        return {name: value for name, value in vars(self).items() if name not in others}


@dataclass(frozen=True)
class Head:
    """What a problem asks of a model: the kind of output, and its labels in order of their ids."""

    kind: Literal["sequence-classification", "token-classification"]
    labels: tuple[str, ...]


@runtime_checkable
class EncoderModel(Protocol):
    """A `torch.nn.Module` that runs in two halves; the seam between them is where noise goes.

    `logits(embed(batch), batch)` equals the model's ordinary forward pass.
    """

    def embed(self, batch: Batch) -> torch.Tensor:
        """Word embeddings of the tokens, before positions and normalisation: [B, L, D]."""
        ...

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Last hidden states: [B, L, H]."""
        ...

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The head's output: [B, C] for a sequence head, [B, L, C] for a token head."""
        ...

    def head_parameters(self) -> Iterable[torch.nn.Parameter]:
        """The head's parameters, which may have a learning rate of their own."""
        ...

    def save(self, directory: Path) -> None:
        """Writes config and safetensors weights, so that `Encoder.load_model` can read them."""
        ...


class Encoder(Plugin):
    """A pretrained multilingual encoder."""

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

    @abstractmethod
    def fingerprint(self) -> dict[str, str]:
        """What identifies the weights: a hash, or the commit that a revision resolved to."""

    def fetch(self) -> None:
        """Brings everything that a later offline run needs."""
        self.load_tokenizer()
        self.fingerprint()


# ----------------------------------------------------------------------------- perturbations


class SecondHalf(Protocol):
    """The second half of the model on a batch, or on `batch` where another is given."""

    def __call__(self, embeddings: torch.Tensor, batch: Batch | None = None) -> torch.Tensor: ...


@dataclass(frozen=True, kw_only=True)
class View:
    """A batch seen from between the two halves of the model.

    Attributes:
        embeddings: what the first half made of the batch, [B, L, D], with its gradient graph.
        batch: the batch itself.
        perturbable: True for the positions that noise may touch (no padding, no special
            tokens), [B, L].
        states: embeddings to last hidden states, [B, L, H].
        logits: embeddings to logits.
        loss: logits to the task's loss of each example, summed over its predictions, [B].
    """

    embeddings: torch.Tensor
    batch: Batch
    perturbable: torch.Tensor
    states: SecondHalf
    logits: SecondHalf
    loss: Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Seam(View):
    """The batch that a perturbation works on.

    Attributes:
        draws: random numbers of each example, independent of the batch it stands in; with them
            alone, runs are reproducible and resumable.
        progress: the share of the stage's updates made so far, in [0, 1), for schedules.
        companions: what the perturbation asked for beside each example (see `Companion`); row i
            belongs to example i.
    """

    draws: Draws
    progress: float = 0.0
    companions: tuple[View, ...] = ()


class Perturbation(Plugin):
    """Noise; subclass the one of three kinds that says where it acts.

    `TextPerturbation`, `SegmentationPerturbation` (how words are cut into pieces) or
    `EmbeddingPerturbation`.

    Attributes:
        problems: the kinds of problem whose labels it keeps true; None for all.
    """

    problems: ClassVar[tuple[str, ...] | None] = None

    def fetch(self) -> None:
        """Brings and checks what it works with, e.g. a lexicon; called before training begins.

        Raises:
            DataError, OfflineError: it is missing or malformed.
        """

    def fingerprint(self) -> dict[str, str]:
        """Hashes of what it works with, by name; none by default."""
        return {}


class TextPerturbation(Perturbation):
    """Noise on the text."""

    @abstractmethod
    def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
        """The examples to train on in this one's place; a pure function of (example, rng).

        Labels and tags stay true. To keep the clean example, return it as well.
        """


class SegmentationPerturbation(Perturbation):
    """Noise on how words are cut into the pieces of the vocabulary."""

    @abstractmethod
    def segmenter(
        self, tokenizer: PreTrainedTokenizerBase
    ) -> Callable[[str, random.Random], list[int]]:
        """A function from a text to token ids without special tokens, pure in (text, rng).

        Raises:
            PluginError: it cannot work with this tokenizer.
        """


Companion = Literal["", "noisy", "partner", "translations"]
"""What stands beside each example when a loss is computed:

    noisy         the example after the stage's noise on text and segmentation (the example itself
                  stays clean then): one view
    partner       another example of the stage, drawn afresh in each epoch: one view
    translations  a sentence and its translation, drawn from `parallel()`: two views
"""


class EmbeddingPerturbation(Perturbation):
    """Noise on the word embeddings.

    Attributes:
        companion: what the loss needs beside each example.
    """

    companion: ClassVar[Companion] = ""

    def phase(self, progress: float) -> Hashable:
        """What of a stage's progress the loss depends on; on a GPU, an update is then recorded
        once for each value, and replayed.

        None, the default, says that the loss cannot be recorded: it looks at values on the device,
        or depends on progress in another way.
        """
        return None

    @abstractmethod
    def loss(self, seam: Seam) -> torch.Tensor:
        """The robust loss of each example, [B].

        One example's loss depends on no other's; where it needs others, it has `companions`.
        """

    def parallel(self) -> Sequence[SequenceExample]:
        """Pairs of a sentence and its translation, for the companion `translations`."""
        return ()

    def perturbed(self, seam: Seam) -> torch.Tensor:
        """The embeddings with noise, [B, L, D], for use in evaluation.

        Raises:
            PluginError: it has no noise that could be put on embeddings.
        """
        raise PluginError(f"the perturbation '{self.name}' is for training only")

    @property
    def gaussian(self) -> bool:
        """Whether `perturbed` adds noise that is Gaussian, independent and of one deviation in
        all coordinates that it touches; randomized smoothing certifies with such noise only."""
        return False

    def deviation(self, seam: Seam) -> torch.Tensor:
        """The standard deviation of Gaussian noise on each coordinate, [B].

        Raises:
            PluginError: the noise is not `gaussian`.
        """
        raise PluginError(
            f"the noise of '{self.name}' is not Gaussian, so nothing can be certified with it"
        )


# -------------------------------------------------------------------------------------- tasks


class Task(Plugin):
    """Examples in several languages, for one problem.

    Attributes:
        problem: the shape of the task (from `xlt_cli.problems`).
        metric: the published metric, one of the problem's; may depend on the parameters.
        aligned: whether one id is the same item in every language (needed for the generalized
            setting); may depend on the parameters.
        source_language: the language that a stage trains on unless the spec says otherwise.
        demonstration: True for data that must never be taken for evidence.
    """

    problem: ClassVar[type[Problem]]
    metric: str
    aligned: bool = False
    source_language: ClassVar[str] = "en"
    demonstration: ClassVar[bool] = False

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """The labels, in order of their ids."""

    @abstractmethod
    def languages(self, split: Split) -> tuple[str, ...]:
        """The languages that this split is there for."""

    @abstractmethod
    def load(self, split: Split, language: str) -> Rows:
        """The rows of one split in one language.

        Raises:
            DataError: if the data is missing or malformed.
            OfflineError: if it would have to be fetched and cannot be.
        """

    def fetch(self, split: Split, language: str) -> None:
        """Brings everything that a later offline `load` needs."""
        self.load(split, language)


__all__ = [
    "API_VERSION",
    "SPLITS",
    "Batch",
    "Companion",
    "DataError",
    "Draws",
    "EmbeddingPerturbation",
    "Encoder",
    "EncoderModel",
    "Example",
    "Head",
    "OfflineError",
    "Perturbation",
    "Plugin",
    "PluginError",
    "PluginParams",
    "ResultWarning",
    "Rows",
    "Seam",
    "SecondHalf",
    "SegmentationPerturbation",
    "SequenceExample",
    "Split",
    "Task",
    "TextPerturbation",
    "TokenExample",
    "UserError",
    "View",
    "did_you_mean",
    "user_cache",
]
