"""Errors as a report: for each run confusions and scores of classes, and rows with their texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_analyses.errors.counts import (
    NONE,
    Confusions,
    Flips,
    as_values,
    confusions,
    flips,
    is_right,
    labels_of,
    pairs,
    scores,
)
from xlt_cli.api import Measured, MeasuredRun, Record
from xlt_cli.api.reports import (
    Column,
    Figure,
    Matrix,
    Piece,
    Report,
    Row,
    Table,
    Text,
    Value,
)

MOST = 10
"""Labels of a matrix; of more, the most frequent confusions are listed."""

TOKENS = "a row is a sentence, right where all its tags are; confusions and classes count words"
SINGLE = "p: McNemar's exact test of each language alone, not corrected for their number"

LINES = ("run", "language", "kind", "label", "answer", "quantity", "value")


@dataclass(frozen=True)
class Compared:
    """Two runs on the rows of one language, and the flips."""

    language: str
    first: Mapping[str, Record]
    second: Mapping[str, Record]
    flips: Flips


def report(measured: Measured, shown: int) -> Report:
    """The whole report.

    Args:
        shown: rows of each language and kind whose texts are printed.
    """
    counted = {
        run.name: {x: confusions(records) for x, records in run.records.items()}
        for run in measured.runs
    }
    compared = list(_compared(*measured.runs)) if len(measured.runs) == 2 else []
    pieces: list[Piece] = []
    for run in measured.runs:
        pieces += [*_confused(run.name, counted[run.name]), _classes(run.name, counted[run.name])]
    if compared:
        names = [run.name for run in measured.runs]
        pieces.append(Text(f"from {names[0]} to {names[1]}:"))
        pieces += [_flipped(compared), *_flipped_rows(names, compared, shown)]
    else:
        pieces += _wrong_rows(measured.runs[0], shown)
    notes = list(measured.about["notes"])
    notes += [TOKENS] if _of_words(measured) else []
    notes += [SINGLE] if len(compared) > 1 else []
    values = _values(measured, counted, compared, notes)
    return Report(pieces, notes=notes, values=values, records=_lines(counted, compared))


def _compared(first: MeasuredRun, second: MeasuredRun) -> Iterator[Compared]:
    for language, records in first.records.items():
        others = second.records[language]
        yield Compared(
            language,
            {record["id"]: record for record in records},
            {record["id"]: record for record in others},
            flips(records, others),
        )


def _confused(run: str, languages: Mapping[str, Confusions]) -> Iterator[Piece]:
    """A matrix for each language, or a table of what is confused most."""
    labels = labels_of(languages.values())
    if len(labels) > MOST:
        yield _most_confused(run, languages)
        return
    golds = [label for label in labels if label != NONE]
    for language, counted in languages.items():
        cells = {
            pair: Figure(count, unit="number", digits=0)
            for pair, count in counted.items()
            if pair[0] in golds
        }
        title = f"{run}, {language}: labels (down) and answers (across)"
        yield Matrix(title, golds, labels, cells)


def _most_confused(run: str, languages: Mapping[str, Confusions]) -> Table:
    rows = []
    for language, counted in languages.items():
        wrong = [(pair, n) for pair, n in counted.items() if pair[0] != pair[1]]
        most = sorted(wrong, key=lambda one: (-one[1], one[0]))[:MOST]
        for place, ((label, answer), count) in enumerate(most):
            of_label = sum(n for (gold, _), n in counted.items() if gold == label)
            cells: list[Value] = [language, label, answer, count, Figure(count / of_label)]
            rows.append(Row(cells, rule=place == len(most) - 1))
    columns = [
        Column("language"),
        Column("label"),
        Column("answer"),
        Column("count", "right"),
        Column("% of label", "right"),
    ]
    return Table(f"{run}: most frequent confusions", columns, rows)


def _classes(run: str, languages: Mapping[str, Confusions]) -> Table:
    rows = []
    for language, counted in languages.items():
        classes = list(scores(counted).items())
        for place, (name, own) in enumerate(classes):
            figures = [_share(own.precision), _share(own.recall), _share(own.f1)]
            cells = [language, name, own.gold, own.answered, *figures]
            rows.append(Row(cells, rule=place == len(classes) - 1))
    columns = [
        Column("language"),
        Column("class"),
        *(Column(name, "right") for name in ("labels", "answers", "precision", "recall", "F1")),
    ]
    return Table(f"{run}: scores of classes", columns, rows)


def _flipped(compared: Sequence[Compared]) -> Table:
    rows = []
    for place, one in enumerate(compared):
        own = one.flips
        p = Figure(own.p, unit="number")
        cells: list[Value] = [one.language, own.rows, len(own.lost), len(own.gained), p]
        rows.append(Row(cells, rule=place == len(compared) - 1))
    if len(compared) > 1:
        sums = [sum(len(part) for part in parts) for parts in _parts(compared)]
        rows.append(Row(["all", sum(one.flips.rows for one in compared), *sums, None], strong=True))
    columns = [
        Column("language"),
        *(Column(name, "right") for name in ("rows", "right to wrong", "wrong to right", "p")),
    ]
    return Table("rows that flip", columns, rows)


def _parts(compared: Sequence[Compared]) -> list[list[tuple[str, ...]]]:
    return [[one.flips.lost for one in compared], [one.flips.gained for one in compared]]


def _flipped_rows(
    names: Sequence[str], compared: Sequence[Compared], shown: int
) -> Iterator[Table]:
    for what in ("right to wrong", "wrong to right"):
        rows, count = [], 0
        for one in compared:
            ids = one.flips.lost if what == "right to wrong" else one.flips.gained
            count += len(ids)
            for i in ids[:shown]:
                answers = [_said(one.first[i], "predicted"), _said(one.second[i], "predicted")]
                gold, text = _said(one.first[i], "gold"), _text(one.first[i])
                rows.append(Row([one.language, i, gold, *answers, text]))
        if rows:
            columns = [Column(n) for n in ("language", "row", "label", *names, "text")]
            yield Table(f"{what} ({len(rows)} of {count:,})", columns, rows)


def _wrong_rows(run: MeasuredRun, shown: int) -> Iterator[Table]:
    rows, count = [], 0
    for language, records in run.records.items():
        wrong = [record for record in records if not is_right(record)]
        count += len(wrong)
        for r in wrong[:shown]:
            said = [_said(r, "gold"), _said(r, "predicted")]
            rows.append(Row([language, str(r["id"]), *said, _text(r)]))
    if rows:
        columns = [Column(name) for name in ("language", "row", "label", "answer", "text")]
        yield Table(f"{run.name}: wrong answers ({len(rows)} of {count:,})", columns, rows)


def _said(record: Record, field: str) -> str:
    """A label; of a sentence, the tags of the words whose tag is wrong."""
    if isinstance(record["gold"], str):
        return NONE if record[field] is None else str(record[field])
    side = 0 if field == "gold" else 1
    return " ".join(pair[side] for pair in pairs(record) if pair[0] != pair[1]) or "all right"


def _text(record: Record) -> str:
    return " / ".join(record["texts"])


def _share(value: float | None) -> Figure | None:
    return None if value is None else Figure(value)


def _of_words(measured: Measured) -> bool:
    records = (r for run in measured.runs for own in run.records.values() for r in own)
    return any(not isinstance(record["gold"], str) for record in records)


def _values(
    measured: Measured,
    counted: Mapping[str, Mapping[str, Confusions]],
    compared: Sequence[Compared],
    notes: Sequence[str],
) -> dict[str, Any]:
    runs = {
        run.name: {
            "run": run.run,
            "seed": run.seed,
            "weights": run.weights,
            "languages": {
                x: {
                    "rows": len(records),
                    "right": sum(map(is_right, records)),
                    **as_values(counted[run.name][x]),
                }
                for x, records in run.records.items()
            },
        }
        for run in measured.runs
    }
    flipped = {
        one.language: {
            "rows": one.flips.rows,
            "p": one.flips.p,
            "right_to_wrong": [_both(one, i) for i in one.flips.lost],
            "wrong_to_right": [_both(one, i) for i in one.flips.gained],
        }
        for one in compared
    }
    return {**measured.about, "runs": runs, "flips": flipped, "notes": list(notes)}


def _both(one: Compared, i: str) -> dict[str, Any]:
    first, second = one.first[i], one.second[i]
    answers = [first["predicted"], second["predicted"]]
    return {"id": i, "gold": first["gold"], "predicted": answers, "texts": first["texts"]}


def _lines(counted: Mapping[str, Mapping[str, Confusions]], compared: Sequence[Compared]) -> Table:
    """A line for each count and score."""
    rows: list[list[Value]] = []
    for run, languages in counted.items():
        for language, own in languages.items():
            rows += [
                [run, language, "confusion", label, answer, "count", count]
                for (label, answer), count in sorted(own.items())
            ]
            for name, of_class in scores(own).items():
                rows += [
                    [run, language, "class", name, "", quantity, value]
                    for quantity, value in vars(of_class).items()
                    if value is not None
                ]
    for one in compared:
        counts = {"right to wrong": len(one.flips.lost), "wrong to right": len(one.flips.gained)}
        rows += [
            ["", one.language, "flips", "", "", name, value]
            for name, value in {"rows": one.flips.rows, **counts, "p": one.flips.p}.items()
        ]
    return Table("errors", [Column(name) for name in LINES], [Row(cells) for cells in rows])
