"""What is counted of answers: confusions, scores of classes, rows that flip between two runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from xlt_cli.api import Record

NONE = "(no answer)"
"""Stands for the answer where the model abstained, or never saw a word."""

Confusions = Mapping[tuple[str, str], int]
"""How often each label got each answer: (label, answer) -> count."""


@dataclass(frozen=True)
class Scores:
    """Of one class; None where it is undefined.

    Attributes:
        gold: rows (words) with this label.
        answered: rows (words) that got it as their answer.
    """

    gold: int
    answered: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Flips:
    """Rows that two runs share.

    Attributes:
        lost: those that the first has right and the second wrong, by id.
        gained: those that the first has wrong and the second right.
        p: of McNemar's exact test that lost and gained rows are equally likely.
    """

    rows: int
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    p: float


def pairs(record: Record) -> Iterable[tuple[str, str]]:
    """The label of a row and its answer, or those of each of its words."""
    gold, predicted = record["gold"], record["predicted"]
    if isinstance(gold, str):
        yield gold, NONE if predicted is None else str(predicted)
        return
    answers = [None] * len(gold) if predicted is None else predicted
    for label, answer in zip(gold, answers, strict=True):
        yield label, NONE if answer is None else str(answer)


def is_right(record: Record) -> bool:
    """Whether the answer is the label; whether all tags of a sentence are."""
    return all(label == answer for label, answer in pairs(record))


def confusions(records: Sequence[Record]) -> Confusions:
    """The answers to all rows, or words."""
    return Counter(pair for record in records for pair in pairs(record))


def labels_of(languages: Iterable[Confusions]) -> list[str]:
    """All labels and answers, sorted; what stands for no answer comes last."""
    names = {name for counted in languages for pair in counted for name in pair}
    return sorted(names - {NONE}) + ([NONE] if NONE in names else [])


def scores(counted: Confusions) -> dict[str, Scores]:
    """Precision, recall and F1 of each class that is a label or an answer."""
    classes = {}
    for name in labels_of([counted]):
        if name == NONE:
            continue
        right = counted.get((name, name), 0)
        gold = sum(count for (label, _), count in counted.items() if label == name)
        answered = sum(count for (_, answer), count in counted.items() if answer == name)
        classes[name] = Scores(
            gold,
            answered,
            right / answered if answered else None,
            right / gold if gold else None,
            2 * right / (gold + answered),
        )
    return classes


def flips(first: Sequence[Record], second: Sequence[Record]) -> Flips:
    """How the answers of two runs to the same rows differ in being right."""
    others = {record["id"]: is_right(record) for record in second}
    shared = [(str(r["id"]), is_right(r), others[r["id"]]) for r in first if r["id"] in others]
    lost = tuple(i for i, before, after in shared if before and not after)
    gained = tuple(i for i, before, after in shared if after and not before)
    return Flips(len(shared), lost, gained, mcnemar(len(lost), len(gained)))


def mcnemar(lost: int, gained: int) -> float:
    """The two-sided p-value of McNemar's exact test (1947): a binomial test of one half."""
    from scipy.stats import binomtest

    return float(binomtest(lost, lost + gained, 0.5).pvalue) if lost + gained else 1.0


def as_values(counted: Confusions) -> dict[str, Any]:
    """Confusions and scores as JSON values."""
    names = labels_of([counted])
    return {
        "confusions": {
            label: {a: counted[label, a] for a in names if (label, a) in counted}
            for label in names
            if any((label, answer) in counted for answer in names)
        },
        "classes": {name: asdict(of_class) for name, of_class in scores(counted).items()},
    }
