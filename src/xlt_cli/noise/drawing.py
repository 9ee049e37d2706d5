"""Drawing noise on texts.

What a condition draws belongs to the example: it is named by the condition, its seed, the
example's languages and its id, so that every model sees the same noise, and every strength the
same draws.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from xlt_cli.api import Condition, Example, Place, Problem
from xlt_cli.noise.changes import RowChange, in_texts


@dataclass(frozen=True)
class Noisy:
    """Rows under noise.

    Attributes:
        examples: those that stand in for the rows, in their order.
        changes: what the noise did to the texts of each.
    """

    examples: list[Example]
    changes: list[RowChange]


def prepared(condition: Condition, problem: Problem) -> Condition:
    """The condition, which knows the problem of the rows from now on."""
    for plugin in (condition, *condition.parts.values()):
        if hasattr(plugin, "for_problem"):
            plugin.for_problem = problem
    return condition


def generator(condition: Condition, place: Place, example: Example) -> random.Random:
    """The random numbers of an example in one of the places that a condition acts in."""
    languages = "-".join(example.languages)
    return random.Random(f"{condition.name}/{condition.seed}/{place}/{languages}/{example.id}")


def draw(condition: Condition, examples: Sequence[Example]) -> Noisy:
    """The rows as a condition that acts on texts edits them."""
    noisy = [condition.edit(e, generator(condition, "text", e)) for e in examples]
    pairs = zip(examples, noisy, strict=True)
    return Noisy(noisy, [in_texts(one, other) for one, other in pairs])
