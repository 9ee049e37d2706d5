"""From a batch of rows to their records."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from xlt_analyses.alignment.distances import compare
from xlt_analyses.alignment.radii import (
    Anchor,
    Probing,
    certified_radii,
    empirical_radii,
    hidden_move,
)
from xlt_analyses.alignment.records import SourceRow, TranslatedRow
from xlt_cli.api import Batch, EncoderModel, Record


def source(
    model: EncoderModel,
    labels: Sequence[str],
    golds: Mapping[str, str],
    batch: Batch,
    probing: Probing,
) -> list[Record]:
    """The records of rows in the language of training.

    Args:
        golds: by id, in the order of the batch.
    """
    anchor = Anchor.of(model, batch, list(golds))
    radii = empirical_radii(model, anchor, probing)
    moved = hidden_move(model, anchor, radii.noise)
    decided = anchor.decided.tolist()
    certified: list[float | None] = [None] * len(golds)
    if probing.samples:
        answers, sure = certified_radii(model, anchor, probing)
        certified = [
            float(radius) if answer == decision else 0.0
            for answer, radius, decision in zip(answers, sure, decided, strict=True)
        ]
    rows = [
        SourceRow(
            identifier,
            gold,
            labels[decision],
            round(epsilon, 6),
            censored,
            round(hidden, 6),
            None if radius is None else round(radius, 6),
        )
        for (identifier, gold), decision, epsilon, censored, hidden, radius in zip(
            golds.items(),
            decided,
            radii.epsilon.tolist(),
            radii.censored.tolist(),
            moved.tolist(),
            certified,
            strict=True,
        )
    ]
    return [dataclasses.asdict(row) for row in rows]


def translated(
    model: EncoderModel,
    labels: Sequence[str],
    ids: Sequence[str],
    source_rows: Batch,
    translations: Batch,
) -> list[Record]:
    """The records of translations; row i of both batches is `ids[i]`."""
    seen = compare(model, source_rows, translations)
    columns = (seen.decided, seen.shifted, seen.words, seen.hidden, seen.total)
    rows = [
        TranslatedRow(
            i,
            labels[decided],
            labels[shifted],
            round(words, 6),
            round(hidden, 6),
            round(total, 6),
        )
        for i, decided, shifted, words, hidden, total in zip(
            ids, *(column.tolist() for column in columns), strict=True
        )
    ]
    return [dataclasses.asdict(row) for row in rows]
