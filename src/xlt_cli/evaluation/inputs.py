"""The rows of an evaluation as token ids, under a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from xlt_cli.api import Condition, Example
from xlt_cli.data.features import Featuriser
from xlt_cli.noise import changes
from xlt_cli.noise.drawing import Noisy, generator
from xlt_cli.problems import Encoded, Problem


@dataclass(frozen=True)
class Inputs:
    """The rows of a language under a condition, by their ids.

    Attributes:
        changes: what the condition's noise did to the texts of each; None where it does not act
            on inputs.
        counted: what was counted as words.
    """

    rows: dict[str, Encoded]
    changes: dict[str, changes.RowChange] | None = None
    counted: str = "words"


def clean(featuriser: Featuriser, examples: Sequence[Example]) -> Inputs:
    """The rows of a language as they are; they are tokenized once for all runs."""
    return Inputs(_by_id(featuriser.clean(examples)))


def noisy(
    condition: Condition,
    featuriser: Featuriser,
    examples: Sequence[Example],
    draw: Callable[[Sequence[Example]], Noisy],
) -> Inputs:
    """The rows of a language, edited and cut as the condition does.

    Args:
        draw: gives the rows as the condition edits them.
    """
    acts = condition.acts
    drawn = draw(examples) if "text" in acts else None
    after = drawn.examples if drawn is not None else examples
    if "segmentation" in acts:
        segment = condition.segmenter(featuriser.tokenizer)
        rows = _by_id(
            featuriser.segmented(e, segment, generator(condition, "segmentation", e)) for e in after
        )
    else:
        rows = _by_id(featuriser.clean(after))
    if drawn is not None:
        ids = (example.id for example in examples)
        return Inputs(rows, dict(zip(ids, drawn.changes, strict=True)))
    before = _by_id(featuriser.clean(examples))
    pieces = {key: changes.in_pieces(before[key], row) for key, row in rows.items()}
    return Inputs(rows, pieces, "pieces")


def of_cell(
    first: Inputs, second: Inputs, same: bool, problem: Problem
) -> tuple[list[Encoded], changes.Changed | None]:
    """The rows of a cell, and what noise did to them.

    Args:
        same: whether both texts are in one language.
    """
    if same:
        rows = list(first.rows.values())
        changed = None if first.changes is None else list(first.changes.values())
    else:
        shared = [key for key in first.rows if key in second.rows]
        rows = [problem.pair(first.rows[key], second.rows[key]) for key in shared]
        changed = None
        if first.changes is not None and second.changes is not None:
            one, other = first.changes, second.changes
            changed = [changes.of_pair(one[key], other[key]) for key in shared]
    return rows, None if changed is None else changes.total(changed, first.counted)


def changes_inputs(condition: Condition) -> bool:
    """Whether the token ids differ from the clean ones."""
    return not {"text", "segmentation"}.isdisjoint(condition.acts)


def _by_id(rows: Iterable[Encoded]) -> dict[str, Encoded]:
    return {row.id: row for row in rows}
