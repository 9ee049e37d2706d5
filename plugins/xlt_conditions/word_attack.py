"""What the attacks on words share: they see the model's answers and losses, nothing else."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import Field

from xlt_cli.api import (
    Condition,
    Example,
    MeasuredColumn,
    MeasuredTable,
    PluginParams,
    Prediction,
    Problem,
    Reply,
    Search,
    Searched,
    SpecError,
    Task,
)
from xlt_cli.problems import MultipleChoice
from xlt_conditions.wording import Parted, Sides, Word, Wording


class WordAttackParams(PluginParams):
    """The budget of an attack, and which words it may touch."""

    queries: int = Field(500, ge=1, description="examples that may be asked about for each row")
    seconds: float | None = Field(
        None,
        gt=0,
        description="for each cell; rows that are not begun by then are left out of its figures. "
        "Results then depend on the machine",
    )
    share: float = Field(
        1.0, ge=0, le=1, description="of a row's words that may be replaced, at most"
    )
    sides: Sides = Field("both", description="which texts of a pair are attacked")


@dataclass(frozen=True)
class Attempt:
    """An example on the way.

    Attributes:
        forms: what stands in place of words, by their number.
    """

    forms: Mapping[int, str]
    example: Example
    reply: Reply

    @property
    def loss(self) -> float:
        return self.reply.loss

    @property
    def flipped(self) -> bool:
        """Whether the answer is wrong."""
        return bool(self.reply.prediction.predicted != self.reply.prediction.gold)


Attempts = Generator[Sequence[Example], Sequence[Reply], list[Attempt]]
Attack = Generator[Sequence[Example], Sequence[Reply], Attempt]


class AttackedRow:
    """A row under attack.

    Attributes:
        candidates: for each word that has any, by its number, what may stand in its place.
        most: how many words may be replaced.
        left: how many examples may still be asked about.
    """

    def __init__(
        self, wording: Wording, candidates: Mapping[int, Sequence[str]], params: WordAttackParams
    ) -> None:
        self.wording = wording
        self.candidates = candidates
        self.most = int(params.share * len(wording.words) + 1e-9)
        self.left = params.queries

    def tried(self, versions: Sequence[Mapping[int, str]]) -> Attempts:
        """The model's replies to versions of the row, as far as the budget goes."""
        pairs = [(forms, self.wording.replaced(forms)) for forms in versions]
        kept = [(forms, example) for forms, example in pairs if example is not None][: self.left]
        if not kept:
            return []
        self.left -= len(kept)
        replies = yield [example for _, example in kept]
        return [
            Attempt(forms, example, reply)
            for (forms, example), reply in zip(kept, replies, strict=True)
        ]


class WordAttack(Condition):
    """An attack that replaces words until the answer is wrong.

    A row whose clean answer is wrong is left as it is.
    """

    acts = ("search",)
    measured = MeasuredTable(
        "attack",
        "attack on words",
        (
            MeasuredColumn("accuracy_under_attack", "accuracy under attack", "share"),
            MeasuredColumn("success", "right answers broken", "share"),
            MeasuredColumn("changed", "words changed in these", "share"),
            MeasuredColumn("queries", "queries a row"),
            MeasuredColumn("without_candidates", "rows without candidates", "share"),
        ),
    )

    @property
    def _budget(self) -> WordAttackParams:
        return cast(WordAttackParams, self.params)

    def problem_fault(self, problem: Problem) -> str:
        if not (problem.votes or isinstance(problem, MultipleChoice)):
            return "it attacks the one label of an example, and the answers here are others"
        return super().problem_fault(problem)

    def accept(self, task: Task) -> None:
        if task.texts == 1 and self._budget.sides == "second":
            raise SpecError(f"the rows of '{task.name}' have one text, no second one", "sides")

    @abstractmethod
    def candidates(self, word: Word) -> Sequence[str]:
        """What may stand in a word's place, in any case of letters."""

    def parted(self) -> Parted | None:
        """What finds words in a run of characters without spaces; None if nothing does."""
        return None

    @abstractmethod
    def attack(self, row: AttackedRow, clean: Attempt) -> Attack:
        """The attempt that the attack on a row whose clean answer is right ends with."""

    def search(self, example: Example, rng: random.Random) -> Search:
        wording = Wording(example, self.for_problem, self._budget.sides, self.parted())
        listed = {
            number: [wording.fitted(form, word) for form in self.candidates(word)]
            for number, word in enumerate(wording.words)
        }
        row = AttackedRow(wording, {n: forms for n, forms in listed.items() if forms}, self._budget)
        row.left -= 1
        (reply,) = yield [example]
        clean = end = Attempt({}, example, reply)
        if not clean.flipped:
            end = yield from self.attack(row, clean)
        values = {
            "clean_right": float(not clean.flipped),
            "changed": len(end.forms) / max(1, wording.size),
            "candidates": len(row.candidates) / max(1, len(wording.words)),
        }
        return Searched(end.example, end.reply, values)

    def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
        """Shares of all rows; `success` and `queries` of those whose clean answer was right, and
        `changed` of those that were broken; None where there is no such row."""
        attacked = [p for p in predictions if p.values.get("clean_right")]
        broken = [p for p in attacked if p.predicted != p.gold]
        right = [p for p in predictions if p.predicted == p.gold]
        bare = [p for p in predictions if not p.values.get("candidates")]
        return {
            "accuracy_under_attack": _share(right, predictions),
            "success": _share(broken, attacked),
            "changed": _mean([p.values["changed"] for p in broken]),
            "queries": _mean([p.values["queries"] for p in attacked]),
            "without_candidates": _share(bare, predictions),
        }

    def notes(self) -> Sequence[str]:
        p = self._budget
        return [
            f"at most {p.queries:,} queries a row; an attack that finds nothing does not show that "
            "there is nothing to be found"
        ]


def _share(some: Sequence[object], of: Sequence[object]) -> float | None:
    return len(some) / len(of) if of else None


def _mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None
