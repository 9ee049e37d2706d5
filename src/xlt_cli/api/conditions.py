"""Conditions: changes of the inputs of an evaluation, or of the way in which predictions are
made."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from xlt_cli.api.examples import Example
from xlt_cli.api.features import Prediction
from xlt_cli.api.perturbations import Perturbation, Seam
from xlt_cli.api.plugin import Plugin
from xlt_cli.api.problems import Problem, not_among
from xlt_cli.api.tasks import Task

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

Place = Literal["text", "segmentation", "answer", "search"]
"""Where a condition acts: on examples, on the segmentation of words, or on the predictions; or it
searches, with the model's predictions, for the example to be predicted."""


@dataclass(frozen=True)
class Answer:
    """The answer of a condition to a batch.

    Attributes:
        logits: the replacement for the model's logits, [B, C] or [B, L, C]; the problem decodes
            them.
        abstained: True for examples without a prediction, which count as wrong, [B]; None if there
            are none.
        values: additional numbers for each example by name, [B], stored with its prediction.
    """

    logits: torch.Tensor
    abstained: torch.Tensor | None = None
    values: Mapping[str, torch.Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What the model says of an example that a search asks about.

    Attributes:
        loss: the task's, summed over what is predicted for the example.
    """

    prediction: Prediction
    loss: float


@dataclass(frozen=True)
class Searched:
    """Where a search ends.

    Attributes:
        example: the one to answer.
        reply: the one that the search was sent for it.
        values: further numbers by name, stored beside the prediction.
    """

    example: Example
    reply: Reply
    values: Mapping[str, float] = field(default_factory=dict)


Search = Generator[Sequence[Example], Sequence[Reply], Searched]
"""Yields examples to ask the model about, is sent a reply to each, returns where it ends."""


@dataclass(frozen=True)
class MeasuredColumn:
    """A figure of a cell in addition to the metrics, as shown in tables; blank where `figures`
    returns None for it, because the cell has no row that it is of.

    Attributes:
        shown: `share` (as a percentage), `number`, or `curve` (pairs of a number and a share).
        axis: the meaning of the numbers of a curve; curves of several conditions over the same
            axis are also shown together.
    """

    name: str
    title: str
    shown: Literal["share", "number", "curve"] = "number"
    axis: str = ""


@dataclass(frozen=True)
class MeasuredTable:
    """The figures of a condition: their name in `results.json`, and the table that shows them."""

    name: str
    title: str
    columns: tuple[MeasuredColumn, ...]


class Condition(Plugin):
    """A condition of an evaluation; a subclass overrides the methods of the places where it acts.

    Attributes:
        acts: where it acts; empty for the unchanged evaluation.
        problems: the names of the only problems that it is made for; None for all. Restrictions
            that depend on properties of a problem belong in `problem_fault`.
        measured: a description of what `figures` returns; None if it returns nothing.
        former_field: an example of the field that evaluations had for this condition, under its
            name, before there were conditions; empty for those that never had one.
        for_stress: whether it is what `--stress` means: it puts its `perturbation` on every
            example, at a `strength`, and can be drawn several times (`draws`, `seed`).
        for_problem: the problem of the cells, set before the first is predicted.
    """

    plugin_kind = "condition"
    acts: ClassVar[tuple[Place, ...]] = ()
    problems: ClassVar[tuple[str, ...] | None] = None
    measured: ClassVar[MeasuredTable | None] = None
    for_stress: ClassVar[bool] = False
    former_field: ClassVar[str] = ""
    for_problem: Problem | None = None

    @property
    def seed(self) -> int:
        """The seed of all random numbers, together with the condition and the example: the
        parameter `seed`, or 0 if there is none."""
        return int(getattr(self.params, "seed", 0))

    @property
    def seconds(self) -> float | None:
        """How long the searches in a cell may begin: the parameter `seconds`, where there is one;
        None for no limit. Examples that are not begun by then are left out of the cell."""
        seconds: float | None = getattr(self.params, "seconds", None)
        return seconds

    def problem_fault(self, problem: Problem) -> str:
        """The reason why it cannot be used with a problem; empty if it can. By default by
        `problems`."""
        return not_among(problem, self.problems)

    @property
    def draws(self) -> int:
        """Under how many seeds it is tested, from `seed` on; figures are means over them: the
        parameter `draws`, where there is one."""
        return int(getattr(self.params, "draws", 1))

    @property
    def strength(self) -> float | None:
        """How strong it is, 0 for not at all: the parameter `strength`, where there is one.
        Conditions that differ in it alone are the points of a curve."""
        given: float | None = getattr(self.params, "strength", None)
        return given

    def accept(self, task: Task) -> None:
        """Refuses tasks and parts that it cannot be used with; called when a spec is read.

        Raises:
            SpecError: the condition cannot be used; `where` names the parameter, or is empty.
        """

    def fetch(self) -> None:
        """Downloads and checks the data that it needs; by default, that of its parts."""
        for part in self.parts.values():
            if isinstance(part, Perturbation):
                part.fetch()

    def fingerprint(self) -> dict[str, str]:
        """Hashes of the data that it uses, by name, which are part of the key of its cells; by
        default, those of its parts."""
        perturbations = [part for part in self.parts.values() if isinstance(part, Perturbation)]
        return {k: v for part in perturbations for k, v in part.fingerprint().items()}

    def edit(self, example: Example, rng: random.Random) -> Example:
        """`text`: the example to predict in place of this one; a pure function of (example, rng).

        Its id and label stay the same, and each word keeps its tag.
        """
        return example

    def segmenter(
        self, tokenizer: PreTrainedTokenizerBase
    ) -> Callable[[str, random.Random], list[int]]:
        """`segmentation`: a function from a text to token ids without special tokens."""
        raise NotImplementedError

    def answer(self, seam: Seam) -> Answer:
        """`answer`: the answer to a batch, computed between the two halves of the model.

        Called without gradients. An attack enables them (`torch.enable_grad()`) and can use the
        gold labels through `seam.loss`. `seam.draws` are random numbers that belong to the
        examples.
        """
        return Answer(seam.logits(seam.embeddings))

    def search(self, example: Example, rng: random.Random) -> Search:
        """`search`, alone: a generator that looks for the example to answer in this one's place.

        The searches of many examples go on together, so that the model is asked about many at
        once; none sees another. What it yields has the example's id and label. How many examples
        it asked about is stored as the value `queries`.
        """
        raise NotImplementedError

    def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
        """Figures of a cell in addition to the metrics, as JSON values with the names in
        `measured`; from answers and `values`, as an archive may lack probabilities."""
        return {}

    def notes(self) -> Sequence[str]:
        """Notes that are shown with the figures."""
        return ()
