"""The rows of an evaluation as token ids, under a condition.

What a condition draws belongs to the example: it is named by the condition, its seed, the
example's languages and its id, so that every model sees the same noise, and every strength the
same draws.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from xlt_cli.api import Condition, Example
from xlt_cli.data.features import Featuriser
from xlt_cli.problems import Encoded


def encoded(
    condition: Condition, featuriser: Featuriser, examples: Sequence[Example]
) -> list[Encoded]:
    """The rows of a language, edited and cut as the condition does; each is tokenized once."""
    acts = condition.acts
    if not changes_inputs(condition):
        return featuriser.clean(examples)
    if "text" in acts:
        examples = [condition.edit(e, _rng(condition, "text", e)) for e in examples]
    if "segmentation" not in acts:
        return featuriser.fresh(examples)
    segment = condition.segmenter(featuriser.tokenizer)
    return [featuriser.segmented(e, segment, _rng(condition, "segmentation", e)) for e in examples]


def changes_inputs(condition: Condition) -> bool:
    """Whether the token ids differ from the clean ones."""
    return not {"text", "segmentation"}.isdisjoint(condition.acts)


def _rng(condition: Condition, place: str, example: Example) -> random.Random:
    languages = "-".join(example.languages)
    return random.Random(f"{condition.name}/{condition.seed}/{place}/{languages}/{example.id}")
