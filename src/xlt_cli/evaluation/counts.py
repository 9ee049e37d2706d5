"""Stored cells, and what figures are computed from."""

from __future__ import annotations

from collections.abc import Sequence

from xlt_cli.errors import DataError
from xlt_cli.evaluation.plan import Plan
from xlt_cli.reports.summary import Counted, counted
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store


def stored(plan: Plan, store: Store) -> list[Cell]:
    """The cells that a store has of the model under test."""
    return store.done(words=plan.task.problem.by_words)


def read(plan: Plan, store: Store, cells: Sequence[Cell]) -> dict[Cell, Counted]:
    """What the figures of stored cells are computed from.

    Raises:
        DataError: a metric needs probabilities, and they were left out of an archive.
    """
    scorer = plan.scorer
    if scorer.needs_probabilities and store.lacks_probabilities():
        needing = ", ".join(f"'{one.name}'" for one in scorer.extra if one.probabilities)
        raise DataError(
            f"{needing} needs the probabilities of the labels, and the archive was written "
            "without them (--answers-only)",
            store.path.name,
            f"leave {needing} out, or archive the runs again without --answers-only",
        )
    read_cell = store.read if scorer.needs_probabilities else store.bare
    return {cell: counted(scorer, read_cell(cell)) for cell in cells}
