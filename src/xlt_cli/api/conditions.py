"""Conditions: what is done to the inputs of an evaluation, or to the way of answering them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from xlt_cli.api.examples import Example
from xlt_cli.api.perturbations import Perturbation, Seam
from xlt_cli.api.plugin import Plugin
from xlt_cli.api.problems import Prediction, Problem, not_among
from xlt_cli.api.tasks import Task

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

Place = Literal["text", "segmentation", "answer"]
"""Where a condition acts: examples, how their words are cut, how a batch is answered."""


@dataclass(frozen=True)
class Answer:
    """How a batch was answered.

    Attributes:
        logits: what stands for the model's logits, [B, C] or [B, L, C]; the problem decodes them.
        abstained: True for examples without an answer, which count as wrong, [B]; None: for none.
        values: further numbers of each example by name, [B], stored beside its prediction.
    """

    logits: torch.Tensor
    abstained: torch.Tensor | None = None
    values: Mapping[str, torch.Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class MeasuredColumn:
    """A figure of a cell beyond the metrics, as tables show it.

    Attributes:
        shown: `share`: in percent; `number`; `curve`: pairs of a number and the share at it.
    """

    name: str
    title: str
    shown: Literal["share", "number", "curve"] = "number"


@dataclass(frozen=True)
class MeasuredTable:
    """The figures of a condition: their name in `results.json`, and the table that shows them."""

    name: str
    title: str
    columns: tuple[MeasuredColumn, ...]


class Condition(Plugin):
    """What is done in an evaluation; a subclass overrides the methods of the places it acts in.

    Attributes:
        acts: where it acts; one that acts nowhere is the evaluation as it is.
        problems: the names of the problems that it is made for, if it is made for some alone; None
            for all. What any problem may have or not is asked in `problem_fault`.
        measured: what `figures` returns; None for nothing.
        for_problem: the problem of the cells, set before the first is predicted.
    """

    plugin_kind = "condition"
    acts: ClassVar[tuple[Place, ...]] = ()
    problems: ClassVar[tuple[str, ...] | None] = None
    measured: ClassVar[MeasuredTable | None] = None
    for_problem: Problem | None = None

    @property
    def seed(self) -> int:
        """Names all randomness, together with the condition and the example: the parameter
        `seed`, where there is one."""
        return int(getattr(self.params, "seed", 0))

    def problem_fault(self, problem: Problem) -> str:
        """Why it cannot be used with a problem; empty if it can. By default as `problems` says."""
        return not_among(problem, self.problems)

    def accept(self, task: Task) -> None:
        """Refuses what it cannot be used with; called when a spec is read.

        Raises:
            SpecError: `where` names the parameter at fault, or is empty.
        """

    def fetch(self) -> None:
        """Brings and checks what it works with; by default, what its parts do."""
        for part in self.parts.values():
            if isinstance(part, Perturbation):
                part.fetch()

    def fingerprint(self) -> dict[str, str]:
        """Hashes of what it works with, by name, which are part of its cells' key; by default,
        those of its parts."""
        perturbations = [part for part in self.parts.values() if isinstance(part, Perturbation)]
        return {k: v for part in perturbations for k, v in part.fingerprint().items()}

    def edit(self, example: Example, rng: random.Random) -> Example:
        """`text`: the example to answer in this one's place; a pure function of (example, rng).

        Its id and its label stay; tags go with their words.
        """
        return example

    def segmenter(
        self, tokenizer: PreTrainedTokenizerBase
    ) -> Callable[[str, random.Random], list[int]]:
        """`segmentation`: a function from a text to token ids without special tokens."""
        raise NotImplementedError

    def answer(self, seam: Seam) -> Answer:
        """`answer`: the answers to a batch, from between the two halves of the model.

        Called without gradients. An attack turns them on (`torch.enable_grad()`) and has the gold
        labels in `seam.loss`. `seam.draws` are the examples' own random numbers.
        """
        return Answer(seam.logits(seam.embeddings))

    def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
        """Figures of a cell beyond the metrics, as JSON values, named as `measured` says."""
        return {}

    def notes(self) -> Sequence[str]:
        """What must be said beside the figures."""
        return ()
