"""Cases: phrases with values in their slots, the same in every language and on every machine."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import NamedTuple

from xlt_cli.api import derive
from xlt_tasks.checklist.templates import SLOT, Templates, Test, Value, reference, slots_of

CHANGED = "/changed"
"""Ends the id of a row that is the changed version of another."""


class Row(NamedTuple):
    """A row of a test in a language."""

    id: str
    test: Test
    texts: tuple[str, ...]
    label: str


def rows(templates: Templates, language: str) -> Iterator[Row]:
    """The rows of all tests in a language, each case followed by its changed version."""
    for test in templates.tests:
        if language not in templates.languages_of(test):
            continue
        labels = (test.label, test.changed_label or test.label)
        for number, chosen in enumerate(cases(templates, test)):
            for which, texts in enumerate(test.versions):
                said = tuple(_said(templates, text, language, chosen) for text in texts)
                yield Row(f"{test.name}/{number}" + CHANGED * which, test, said, labels[which])


def _said(templates: Templates, text: str, language: str, chosen: Mapping[Value, int]) -> str:
    phrase, renamed = reference(text)
    said = templates.phrases[phrase][language]
    words = (
        templates.values(value[0], form, language)[chosen[renamed.get(value, value)]]
        for value, form in slots_of(said)
    )
    return SLOT.sub(lambda _: next(words), said)


def cases(templates: Templates, test: Test) -> list[dict[Value, int]]:
    """Which value each slot has, case by case; no two cases are the same.

    The values of one slot differ. All combinations if there are no more than are asked for, or
    else as many drawn at random. What is drawn depends on the test's name and slots and on the
    number of their values alone.
    """
    used = templates.used(test).items()
    sizes = {name: templates.size(name) for name, _ in used}
    if math.prod(math.perm(sizes[name], len(own)) for name, own in used) <= test.cases:
        orders = [permutations(range(sizes[name]), len(own)) for name, own in used]
        values = [(name, number) for name, own in used for number in own]
        return [
            dict(zip(values, (index for part in order for index in part), strict=True))
            for order in product(*orders)
        ]
    rng = random.Random(derive("checklist", test.name))
    made: dict[tuple[int, ...], dict[Value, int]] = {}
    while len(made) < test.cases:
        drawn: dict[Value, int] = {}
        for name, own in used:
            left = list(range(sizes[name]))
            drawn |= {(name, number): left.pop(int(rng.random() * len(left))) for number in own}
        made.setdefault(tuple(drawn.values()), drawn)
    return list(made.values())
