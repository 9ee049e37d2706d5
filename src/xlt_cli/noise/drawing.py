"""Drawing noise on texts.

What a condition draws belongs to the example: it is named by the condition, its seed, the
example's languages and its id, so that every model sees the same noise, and every strength the
same draws.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from xlt_cli.api import Condition, Example, Place


def generator(condition: Condition, place: Place, example: Example) -> random.Random:
    """The random numbers of an example in one of the places that a condition acts in."""
    languages = "-".join(example.languages)
    return random.Random(f"{condition.name}/{condition.seed}/{place}/{languages}/{example.id}")


def edited(condition: Condition, examples: Sequence[Example]) -> list[Example]:
    """The examples as a condition that acts on texts edits them, in their order."""
    return [condition.edit(e, generator(condition, "text", e)) for e in examples]
