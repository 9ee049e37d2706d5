"""The labels of a stage's rows, permuted at random over them: a control."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from xlt_cli.api import DataError, Example, Task
from xlt_cli.data.groups import Group, item_of
from xlt_cli.registry.guard import problem_of


def shuffled(groups: Sequence[Group], seed: int) -> list[Group]:
    """Labels permuted over the rows: over items where each has one label in all languages, so that
    translations still share a label; otherwise over all that a task labels in a language.

    A label only takes the place of one that it could be: one of a task for the same head, and of
    the same kind where a task has several (`Problem.label_groups`).

    Raises:
        DataError: rows have no labels that could be shuffled.
    """
    dealt = _dealt(groups, seed)
    permuted = []
    for group in groups:
        kind, own = _kinds(group.task), dealt[_labels(group.task)]
        pools = _pools(group.examples, kind)
        for number, pool in pools.items():
            more = f"/{number}" if number else ""
            random.Random(f"{seed}/labels/{group.task.name}/{group.language}{more}").shuffle(pool)
        rest = {number: iter(pool) for number, pool in pools.items()}
        permuted.append(
            replace(
                group,
                examples=tuple(
                    example.relabelled(_next(rest, own.get(item_of(group.task, example)), kind))
                    for example in group.examples
                ),
            )
        )
    return permuted


def _next(
    rest: Mapping[int, Iterator[str]], of_item: str | None, kind: Callable[[str], int]
) -> Callable[[str], str]:
    """What stands for each of the labels of an example, one after another.

    Args:
        rest: labels of each kind, of which the next is taken.
        of_item: the label of its item, which takes the place of the label of its kind.
    """

    def label_of(label: str) -> str:
        if of_item is not None and kind(label) == kind(of_item):
            return of_item
        return next(rest[kind(label)])

    return label_of


def _labels(task: Task) -> frozenset[str]:
    """What tasks for the same head have in common."""
    return frozenset(task.labels)


def _dealt(groups: Sequence[Group], seed: int) -> dict[frozenset[str], dict[tuple[str, str], str]]:
    """For each head the new labels of items that have one label in all languages."""
    dealt: dict[frozenset[str], dict[tuple[str, str], str]] = {}
    for group in groups:
        own = dealt.setdefault(_labels(group.task), {})
        for example in group.examples if group.task.aligned else ():
            label = example.shared_label()
            if label is not None:
                own.setdefault(item_of(group.task, example), label)
    for number, own in enumerate(dealt.values()):
        pool = list(own.values())
        random.Random(f"{seed}/labels" + (f"/{number}" if number else "")).shuffle(pool)
        own.update(zip(own, pool, strict=True))
    return dealt


def _kinds(task: Task) -> Callable[[str], int]:
    """Which of the groups of a task's labels a label is in."""
    kinds = {
        label: number
        for number, group in enumerate(problem_of(task).label_groups)
        for label in group
    }
    return lambda label: kinds.get(label, 0)


def _pools(examples: Sequence[Example], kind: Callable[[str], int]) -> dict[int, list[str]]:
    """All labels of some rows by their kind, in order.

    Raises:
        DataError: they have none that could be shuffled.
    """
    pools: dict[int, list[str]] = defaultdict(list)

    def note(label: str) -> str:
        pools[kind(label)].append(label)
        return label

    for example in examples:
        example.relabelled(note)
    if examples and not pools:
        raise DataError(
            f"a {type(examples[0]).__name__} has no labels that could be shuffled",
            hint="remove `labels: shuffled`",
        )
    return pools
