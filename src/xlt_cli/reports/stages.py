"""The listing of shared stages: what each is, how far it is, and the runs that use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Piece, Report, Text
from xlt_cli.reports.records import record_table
from xlt_cli.reports.values import size_in_words

_NAMES = ("key", "state", "encoder", "task", "languages", "perturbations", "seed", "parent")


def report(listed: Sequence[Mapping[str, Any]]) -> Report:
    """A block for each stage."""
    pieces: list[Piece] = [Text("\n".join(_block(stage)), whole=True) for stage in listed]
    lines = [
        {
            **stage,
            "languages": "+".join(stage["languages"] or ()),
            "perturbations": " + ".join(stage["perturbations"] or ()),
            "runs": " ".join(stage["runs"]),
        }
        for stage in listed
    ]
    records = record_table((*_NAMES, "bytes", "runs"), lines)
    return Report(pieces, values=list(listed), records=records)


def _block(stage: Mapping[str, Any]) -> list[str]:
    methods = " + ".join(stage["perturbations"] or ()) or "ERM"
    languages = "+".join(stage["languages"] or ())
    after = f", after {stage['parent'][:8]}" if stage["parent"] else ""
    used = ", ".join(stage["runs"]) or "no run"
    return [
        f"{stage['key']}  {stage['state']}  {size_in_words(stage['bytes'])}",
        f"  {stage['encoder']}, {stage['task']} ({languages}) [{methods}], seed {stage['seed']}"
        f"{after}",
        f"  used by {used}",
    ]
