"""The report of the languages of a task: facts, and what tokenizers make of the texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xlt_cli.api.reports import Column, Report, Row, Table
from xlt_cli.reports import by_language
from xlt_cli.reports.records import record_table

Values = Mapping[str, Any]

COLUMNS = ("encoder", "task", "split", "language", "rows")
"""Of the records; facts and measures follow."""


def report(values: Values) -> Report:
    """A table for each encoder, or one of facts alone.

    Args:
        values: of `interface.tokenizers.languages_of`.
    """
    notes = list(values["notes"])
    if values["limit"]:
        notes.append(f"only the first {values['limit']:,} rows of each language")
    lines = list(_lines(values))
    further = dict.fromkeys(name for line in lines for name in line if name not in COLUMNS)
    return Report(
        [_table(values, encoder) for encoder in values["encoders"] or [None]],
        notes=notes,
        values=values,
        records=record_table((*COLUMNS, *further), lines),
    )


def _table(values: Values, encoder: Values | None) -> Table:
    told = {x: _told(values, encoder, x) for x in values["languages"]}
    names = by_language.names([{"facts": told}])
    rows = [
        Row([x, own["rows"], *by_language.values({"facts": told}, x)])
        for x, own in values["languages"].items()
    ]
    columns = [Column("language"), Column("rows", "right"), *by_language.columns_of(names)]
    name = f": {encoder['encoder']}" if encoder else ""
    return Table(f"{values['task']} {values['split']}{name}", columns, rows)


def _told(values: Values, encoder: Values | None, language: str) -> dict[str, Any]:
    own = values["languages"][language]
    facts = {name: own[name] for name in ("family", "script", "resource")}
    return {**facts, **(encoder["languages"][language] if encoder else {})}


def _lines(values: Values) -> Iterator[dict[str, Any]]:
    for encoder in values["encoders"] or [None]:
        for language, own in values["languages"].items():
            yield {
                "encoder": encoder["encoder"] if encoder else None,
                "task": values["task"],
                "split": values["split"],
                "language": language,
                "rows": own["rows"],
                **_told(values, encoder, language),
            }
