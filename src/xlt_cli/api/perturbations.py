"""Perturbations: noise on text, on its segmentation, on embeddings."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
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
    """The second half of the model, applied to the view's batch, or to `batch` if it is given."""

    def __call__(self, embeddings: torch.Tensor, batch: Batch | None = None) -> torch.Tensor: ...


@dataclass(frozen=True, kw_only=True)
class View:
    """A batch between the two halves of the model.

    Attributes:
        embeddings: the output of the first half for the batch, [B, L, D], with its gradient graph.
        batch: the batch itself.
        perturbable: True for the positions that noise may change (neither padding nor special
            tokens), [B, L].
        states: maps embeddings to last hidden states, [B, L, H].
        logits: maps embeddings to logits, [B, C], or [B, L, C] if the head is per token.
        loss: maps logits to the task's loss of each row, summed over its predictions, [B].
        parameters_fixed: a context for passes from which only a gradient with regard to embeddings
            is taken. Such passes may be cheaper in it; their results are the same.
    """

    embeddings: torch.Tensor
    batch: Batch
    perturbable: torch.Tensor
    states: SecondHalf
    logits: SecondHalf
    loss: Callable[[torch.Tensor], torch.Tensor]
    parameters_fixed: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(frozen=True, kw_only=True)
class Seam(View):
    """The batch that a perturbation works on.

    Attributes:
        draws: random numbers that belong to each example and do not depend on its batch. Runs are
            reproducible and resumable only if all random numbers come from here.
        progress: the fraction of the stage's updates that are done, in [0, 1), for schedules.
        companions: the additional views that the perturbation asked for (see `Companion`); their
            row i belongs to row i of the batch.
        module: the perturbation's `own_module`, in training; None in evaluation.
    """

    draws: Draws
    progress: float = 0.0
    companions: tuple[View, ...] = ()
    module: torch.nn.Module | None = None


class Perturbation(Plugin):
    """Base class of perturbations. Subclass one of the three kinds, which determine where it acts:

    `TextPerturbation`, `SegmentationPerturbation` (how words are split into pieces) or
    `EmbeddingPerturbation`.

    Attributes:
        problems: the names of the only problems that it is made for; None for all. Restrictions
            that depend on properties of a problem belong in `problem_fault`.
        strength: the name of the parameter that controls its strength, where 0 means no noise;
            empty if there is none.
        at_evaluation: what it does as a condition of an evaluation, or why it is for training only.
    """

    plugin_kind = "perturbation"
    problems: ClassVar[tuple[str, ...] | None] = None
    strength: ClassVar[str] = ""
    at_evaluation: ClassVar[str] = ""

    def problem_fault(self, problem: Problem) -> str:
        """The reason why it cannot be used with a problem; empty if it can. By default by
        `problems`."""
        return not_among(problem, self.problems)

    def fetch(self) -> None:
        """Downloads and checks the data that it needs, e.g. a lexicon; called before training
        begins.

        Raises:
            DataError, OfflineError: the data is missing or malformed.
        """

    def fingerprint(self) -> dict[str, str]:
        """Hashes of the data that it uses, by name; none by default."""
        return {}


class TextPerturbation(Perturbation):
    """Noise on the text.

    Attributes:
        for_problem: the problem of the examples, with its labels and, for token labelling, the
            scheme of its tags; set before training.
    """

    at_evaluation = "each example is replaced by its noisy version"
    for_problem: Problem | None = None

    def edited(self, example: Example, texts: Sequence[Edit]) -> Example:
        """The example with each of its `editable()` texts edited.

        The example is returned unchanged if its labels, tags or answers would not be correct for
        the edited texts.
        """
        problem = self.for_problem
        edited = example.edited(texts) if problem is None else problem.edited(example, texts)
        return example if edited is None else edited

    @abstractmethod
    def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
        """The examples to train on in place of this one; a pure function of (example, rng).

        Labels and tags must stay correct. To train on the clean example as well, return it too.
        """


class SegmentationPerturbation(Perturbation):
    """Noise on how words are split into pieces of the vocabulary."""

    at_evaluation = "the words of each example are cut into other pieces"

    @abstractmethod
    def segmenter(
        self, tokenizer: PreTrainedTokenizerBase
    ) -> Callable[[str, random.Random], list[int]]:
        """Returns a function from (text, rng) to token ids without special tokens; the function is
        pure.

        Raises:
            PluginError: the tokenizer is not supported.
        """


Companion = Literal["", "noisy", "partner", "translations"]
"""The additional views of each example that a loss can ask for:

    noisy         the example after the stage's noise on text and segmentation (the example itself
                  stays clean then): one view
    partner       another example of the stage, drawn afresh in each epoch: one view
    translations  a sentence and its translation, drawn from `parallel()`: two views
"""


class EmbeddingPerturbation(Perturbation):
    """Noise on the word embeddings.

    Attributes:
        companion: the additional views that the loss needs for each example.
    """

    at_evaluation = "it is a loss, without noise of its own that could be put on embeddings"
    companion: ClassVar[Companion] = ""

    def phase(self, progress: float) -> Hashable:
        """The part of a stage's progress that the loss depends on, as a hashable value. On a GPU,
        an update is recorded once for each value and then replayed.

        None, the default, means that the loss cannot be recorded, because its computation depends
        on values on the device, or on progress in another way.
        """
        return None

    def own_module(self, width: int) -> torch.nn.Module | None:
        """A new module whose parameters are trained with the model; it is available as
        `seam.module`.

        Called once for each stage, before training. Its initial weights are drawn from torch's
        global generator. The module is stored in checkpoints and is not part of the published
        model.

        Args:
            width: the dimension D of the embeddings.
        """
        return None

    @abstractmethod
    def loss(self, seam: Seam) -> torch.Tensor:
        """The robust loss of each example, [B].

        The loss of an example must not depend on other rows of the batch, except for `companions`.
        """

    def parallel(self) -> Sequence[SequenceExample]:
        """Pairs of a sentence and its translation, for the companion `translations`."""
        return ()

    def perturbed(self, seam: Seam) -> torch.Tensor:
        """The noisy embeddings, [B, L, D], for use in evaluation.

        Raises:
            PluginError: the perturbation only defines a loss for training.
        """
        raise PluginError(f"the perturbation '{self.name}' is for training only")

    @property
    def gaussian(self) -> bool:
        """Whether `perturbed` adds independent Gaussian noise with the same deviation in all
        coordinates that it changes. Certified answers require such noise."""
        return False

    def deviation(self, seam: Seam) -> torch.Tensor:
        """The standard deviation of Gaussian noise on each coordinate, [B].

        Raises:
            PluginError: the noise is not `gaussian`.
        """
        raise PluginError(
            f"the noise of '{self.name}' is not Gaussian, so nothing can be certified with it"
        )
