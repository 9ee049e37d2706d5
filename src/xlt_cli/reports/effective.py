"""The report of effective robustness: for each run a table of test sets, and one of languages.

Everything is read from the values of `references.measure`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Figure, Matrix, Piece, Report, Row, Table, Value
from xlt_cli.reports.records import record_table
from xlt_cli.reports.values import MARK, metric_name, point

Values = Mapping[str, Any]

AVERAGES = {"trained_on": "trained on", "zero_shot": "not trained on"}
"""What the averages of a test set are called."""

COLUMNS = (
    *("run", "set", "task", "split", "condition", "cell", "languages", "n", "references"),
    *("slope", "intercept", "r_squared", "extrapolated", "outside_range"),
    *("metric", "value", "low", "high"),
)

FIGURES = ("in_distribution", "", "expected", "effective_robustness")
"""The figures of a run in a cell; the second is called `figure` in the values, and the last two are
there only where there is a line."""

NOTES = (
    "effective robustness: {0} minus what the line predicts at the run's {0} in "
    "distribution, in points (Taori et al. 2020)",
    "the lines are fitted by least squares on logit axes through the reference runs alone",
    "expected: the line's prediction; in brackets where a further run like the references lies "
    "with 95% probability (prediction interval from the residuals, Student's t)",
    "the intervals of effective robustness resample items, of the run and of the references "
    "together, and fit the line again; which references there are stays as it is",
    "each reference is one point; seeds of one model are not independent, and make the range of "
    "expected figures too narrow",
    "neither kind of interval is corrected for the number of test sets",
)
MOVED = "{} of 0 or 1, which have no logit, count as half an answer from there (1 / (2 rows)): {}"
OUTSIDE = (
    "extrapolated: the run's {} in distribution lies outside the range of the references', "
    "where the line was not fitted"
)


def report(values: Values) -> Report:
    """Tables of each run, with the notes that its figures need."""
    pieces: list[Piece] = []
    for run in values["runs"]:
        rows = list(_rows(values, run["run"]))
        if rows:
            pieces.append(_table(values, run, rows))
        pieces += _matrix(values, run)
    name = metric_name(values["figure"])
    notes = [*(note.format(name) for note in NOTES), *values["notes"]]
    every = [own for _, cell in _cells(values) for own in cell["runs"].values()]
    if any(own.get("extrapolated") for own in every):
        notes.append(OUTSIDE.format(name))
    moved = [name for _, cell in _cells(values) for name in cell.get("moved", ())]
    if moved:
        several = "accuracies" if values["figure"] == "accuracy" else f"figures of {name}"
        notes.append(MOVED.format(several, ", ".join(dict.fromkeys(moved))))
    if any(run["collapsed"] for run in values["runs"]):
        notes.append(f"{MARK}: the model gives one answer to every row")
    title = f"effective robustness over {len(values['references'])} reference runs"
    records = record_table(COLUMNS, _records(values))
    return Report(pieces, title=title, notes=notes, values=values, records=records)


def _table(values: Values, run: Values, rows: Sequence[Row]) -> Table:
    metric, name = metric_name(values["metric"]), run["run"]
    first = next(cell["runs"][name] for _, cell in _cells(values) if name in cell["runs"])
    at = point(_figure(first["in_distribution"]))
    where = f"{values['task']} {values['split']}, {', '.join(values['in_distribution'])}"
    mark = f" {MARK}" if run["collapsed"] else ""
    columns = [
        Column("test set"),
        Column("languages"),
        Column(metric, "right"),
        Column("expected", "right"),
        Column("effective\nrobustness", "right", key="effective_robustness"),
        Column("slope", "right"),
        Column("R²", "right"),
        Column("references", "right"),
        Column(""),
    ]
    return Table(f"{name}{mark}: {metric} {at} in distribution ({where})", columns, rows)


def _rows(values: Values, name: str) -> Iterator[Row]:
    for of, cell in _cells(values):
        own = cell["runs"].get(name)
        if own is None or cell["cell"] not in AVERAGES:
            continue
        line = cell["line"]
        languages = cell["languages"]
        count = languages[0] if len(languages) == 1 else str(len(languages))
        shown: list[Value] = [of["set"], f"{count} {AVERAGES[cell['cell']]}"]
        shown.append(_figure(own[values["figure"]]))
        if line is None:
            yield Row([*shown, None, None, None, None, cell["references"], cell["why"]])
            continue
        yield Row(
            [
                *shown,
                _figure(own["expected"]),
                _figure(own["effective_robustness"], sign=True),
                Figure(line["slope"], unit="number", digits=2),
                None if line["r_squared"] is None else
                Figure(line["r_squared"], unit="number", digits=2),
                cell["references"],
                _remark(own),
            ]
        )  # fmt: skip


def _remark(own: Values) -> str:
    said = []
    if own["outside_range"]:
        side = "above" if own["effective_robustness"]["value"] > 0 else "below"
        said.append(f"{side} the range")
    return ", ".join([*said, *(["extrapolated"] if own["extrapolated"] else [])])


def _matrix(values: Values, run: Values) -> list[Piece]:
    """Effective robustness in each language, where there are several."""
    cells = {
        (of["set"], cell["cell"]): _figure(own["effective_robustness"], sign=True)
        for of, cell in _cells(values)
        if cell["cell"] not in AVERAGES
        for own in [cell["runs"].get(run["run"], {})]
        if "effective_robustness" in own
    }
    rows, columns = (list(dict.fromkeys(key[way] for key in cells)) for way in (0, 1))
    if len(columns) < 2:
        return []
    title = f"{run['run']}: effective robustness by language, in points"
    return [Matrix(title, rows, columns, cells)]


def _cells(values: Values) -> Iterator[tuple[Values, Values]]:
    for of in values["sets"]:
        for cell in of["cells"]:
            yield of, cell


def _figure(stored: Values, sign: bool = False) -> Figure:
    bounds = stored["value"], stored["low"], stored["high"]
    return Figure(*bounds, sign="all" if sign else "none")


def _records(values: Values) -> Iterator[dict[str, Any]]:
    for of, cell in _cells(values):
        about = {name: of[name] for name in ("set", "task", "split", "condition")}
        about |= {"cell": cell["cell"], "languages": len(cell["languages"]), "n": cell["rows"]}
        line = {n: v for n, v in (cell["line"] or {}).items() if n in COLUMNS[:-3]}
        for run, own in cell["runs"].items():
            marks = {name: own.get(name) for name in ("extrapolated", "outside_range")}
            more = {"run": run, "references": cell["references"], **line, **marks}
            for name in (each or values["figure"] for each in FIGURES):
                if name in own:
                    yield {**about, **more, "metric": name, **own[name]}
