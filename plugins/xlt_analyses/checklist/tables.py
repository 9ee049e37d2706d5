"""Failures of behavioural tests as a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from xlt_analyses.checklist.failures import Case, Rate, by, cases, mean_rate, rate
from xlt_cli.api import Measured, MeasuredRun
from xlt_cli.api.reports import Column, Figure, Matrix, Piece, Report, Row, Stack, Table, Value

OTHERS, ALL = "average:others", "average:all"
"""In place of a language: the mean over all but the source language, and over all."""
LINES = (
    *("run", "language", "capability", "test", "type"),
    *("cases", "failures", "rate", "low", "high"),
)
ABOUT = (
    "failures: MFT, an answer that is not the label; INV, a change of the texts that changes the "
    "answer; DIR, a change that moves the probability of a label in the other direction"
)


@dataclass(frozen=True)
class Rates:
    """Failure rates of some cases of a run: of a capability, or of one of its tests.

    Attributes:
        test: empty for a whole capability.
        types: those of the tests.
        rates: by language, then the means.
    """

    capability: str
    test: str
    types: str
    rates: Mapping[str, Rate]


def report(measured: Measured, shown: int) -> Report:
    """The whole report.

    Args:
        shown: failures of each test that are printed with their texts.
    """
    source = str(measured.about["source"])
    every = {run.name: _cases(run) for run in measured.runs}
    rates = {name: list(_rates(some, source)) for name, some in every.items()}
    pieces: list[Piece] = []
    for name, some in every.items():
        pieces += [_table(name, rates[name], source), _matrix(name, rates[name])]
        failures = _failures(name, some, shown)
        pieces += [failures] if failures.rows else []
    notes = [*measured.about["notes"], ABOUT]
    return Report(
        pieces,
        notes=notes,
        values={
            **measured.about,
            "runs": {
                run.name: _values(run, rates[run.name], every[run.name]) for run in measured.runs
            },
            "notes": notes,
        },
        records=_lines(rates),
    )


def _cases(run: MeasuredRun) -> list[Case]:
    return [case for language, own in run.records.items() for case in cases(language, own)]


def _rates(some: Sequence[Case], source: str) -> Iterator[Rates]:
    """Capability by capability, each with its tests behind it."""
    for capability, languages in by(some, lambda case: case.capability).items():
        own = [case for part in languages.values() for case in part]
        yield _of(capability, "", own, languages, source)
        for test, parts in by(own, lambda case: case.test).items():
            yield _of(capability, test, [c for p in parts.values() for c in p], parts, source)


def _of(
    capability: str,
    test: str,
    own: Sequence[Case],
    languages: Mapping[str, Sequence[Case]],
    source: str,
) -> Rates:
    rates = {language: rate(part) for language, part in languages.items()}
    others = {language: part for language, part in languages.items() if language != source}
    if len(others) < len(languages) and others:
        rates[OTHERS] = mean_rate(others)
    rates[ALL] = mean_rate(languages)
    types = ", ".join(dict.fromkeys(case.type for case in own))
    return Rates(capability, test, types, rates)


def _table(run: str, rates: Sequence[Rates], source: str) -> Table:
    """A row for each capability, and one for each of its tests."""
    languages = list(dict.fromkeys(x for one in rates for x in one.rates if x not in (OTHERS, ALL)))
    last = OTHERS if source in languages and len(languages) > 1 else ALL
    columns = [Column("capability"), Column("test"), Column("type"), Column("cases", "right")]
    shown: list[tuple[str, str]] = []
    if source in languages:
        shown.append((source, f"failures\nin {source}"))
    if len(languages) > 1:
        count = len(languages) - (last == OTHERS)
        several = f"other languages ({count})" if last == OTHERS else f"{count} languages"
        shown.append((last, f"failures in\n{several}"))
    elif source not in languages:
        shown.append((languages[0], f"failures\nin {languages[0]}"))
    rows = []
    for place, one in enumerate(rates):
        ends = place + 1 == len(rates) or not rates[place + 1].test
        most = max(own.cases or 0 for own in one.rates.values())
        figures = [_figure(one.rates.get(name)) for name, _ in shown]
        cells = [one.capability if not one.test else "", one.test, one.types, most, *figures]
        rows.append(Row(cells, strong=not one.test, rule=ends))
    columns += [Column(title, "right") for _, title in shown]
    return Table(f"{run}: failure rates", columns, rows)


def _matrix(run: str, rates: Sequence[Rates]) -> Matrix:
    whole = [one for one in rates if not one.test]
    languages = list(dict.fromkeys(x for one in whole for x in one.rates if x not in (OTHERS, ALL)))
    cells = {
        (one.capability, language): Figure(own.interval.value)
        for one in whole
        for language, own in one.rates.items()
        if language in languages
    }
    title = f"{run}: failure rates of capabilities (down) in languages (across)"
    return Matrix(title, [one.capability for one in whole], languages, cells)


def _failures(run: str, some: Sequence[Case], shown: int) -> Table:
    """The first failures of each test, a language at a time."""
    rows, count = [], 0
    for languages in by([case for case in some if case.failed], lambda case: case.test).values():
        count += sum(map(len, languages.values()))
        turns = [
            part[turn]
            for turn in range(max(map(len, languages.values())))
            for part in languages.values()
            if turn < len(part)
        ]
        rows += [
            Row([case.test, case.language, _texts(case), case.expected, case.answered])
            for case in turns[:shown]
        ]
    names = ("test", "language", "texts", "expected", "answer")
    title = f"{run}: failures ({len(rows)} of {count:,})"
    return Table(title, [Column(name) for name in names], rows)


def _texts(case: Case) -> Value:
    return Stack([" / ".join(row["texts"]) for row in case.rows])


def _figure(own: Rate | None) -> Figure | None:
    if own is None:
        return None
    return Figure(own.interval.value, own.interval.low, own.interval.high)


def _values(run: MeasuredRun, rates: Sequence[Rates], some: Sequence[Case]) -> dict[str, Any]:
    return {
        "run": run.run,
        "seed": run.seed,
        "weights": run.weights,
        "rates": [
            {
                "capability": one.capability,
                "test": one.test,
                "types": one.types,
                "languages": {name: _rate_values(own) for name, own in one.rates.items()},
            }
            for one in rates
        ],
        "failures": [
            {
                "id": case.id,
                "language": case.language,
                "texts": [row["texts"] for row in case.rows],
                "expected": case.expected,
                "answered": case.answered,
            }
            for case in some
            if case.failed
        ],
    }


def _rate_values(own: Rate) -> dict[str, Any]:
    counts = {"cases": own.cases, "failures": own.failures}
    return {name: n for name, n in counts.items() if n is not None} | asdict(own.interval)


def _lines(rates: Mapping[str, Sequence[Rates]]) -> Table:
    """A line for each rate."""
    rows = [
        Row([run, language, one.capability, one.test, one.types, own.cases, own.failures,
             own.interval.value, own.interval.low, own.interval.high])
        for run, several in rates.items()
        for one in several
        for language, own in one.rates.items()
    ]  # fmt: skip
    return Table("failure rates", [Column(name) for name in LINES], rows)
