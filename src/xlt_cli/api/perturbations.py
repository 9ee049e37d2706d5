"""Perturbations: noise on text, on its segmentation, on embeddings."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from xlt_cli.api.examples import Edit, Example, SequenceExample
from xlt_cli.api.models import Batch
from xlt_cli.api.plugin import Plugin
from xlt_cli.api.problems import Problem, not_among
from xlt_cli.compute.draws import Draws
from xlt_cli.errors import PluginError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


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
        module: the perturbation's `own_module`, in training; None in evaluation.
    """

    draws: Draws
    progress: float = 0.0
    companions: tuple[View, ...] = ()
    module: torch.nn.Module | None = None


class Perturbation(Plugin):
    """Noise; subclass the one of three kinds that says where it acts.

    `TextPerturbation`, `SegmentationPerturbation` (how words are cut into pieces) or
    `EmbeddingPerturbation`.

    Attributes:
        problems: the names of the problems that it is made for, if it is made for some alone; None
            for all. What any problem may have or not is asked in `problem_fault`.
        strength: the parameter that says how strong it is, 0 for no noise; empty if none does.
    """

    plugin_kind = "perturbation"
    problems: ClassVar[tuple[str, ...] | None] = None
    strength: ClassVar[str] = ""

    def problem_fault(self, problem: Problem) -> str:
        """Why it cannot be used with a problem; empty if it can. By default as `problems` says."""
        return not_among(problem, self.problems)

    def fetch(self) -> None:
        """Brings and checks what it works with, e.g. a lexicon; called before training begins.

        Raises:
            DataError, OfflineError: it is missing or malformed.
        """

    def fingerprint(self) -> dict[str, str]:
        """Hashes of what it works with, by name; none by default."""
        return {}


class TextPerturbation(Perturbation):
    """Noise on the text.

    Attributes:
        for_problem: the problem whose examples it changes, with its labels and, in token labelling,
            the scheme of its tags; set before training.
    """

    for_problem: Problem | None = None

    def edited(self, example: Example, texts: Sequence[Edit]) -> Example:
        """The example with an edit of each of its `editable()` texts.

        It stays as it is where its labels, tags or answers would not be true of the edited texts.
        """
        problem = self.for_problem
        edited = example.edited(texts) if problem is None else problem.edited(example, texts)
        return example if edited is None else edited

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

    def own_module(self, width: int) -> torch.nn.Module | None:
        """A new module whose parameters are trained with the model; it comes back as `seam.module`.

        Called once for each stage, before training; its initial weights are drawn from torch's
        global generator. It is kept in checkpoints, and no part of the model that is published.

        Args:
            width: of the embeddings, D.
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
