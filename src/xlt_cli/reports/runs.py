"""The listing of runs: what each is, how far it is, and its headline figures.

A row is what `xlt runs --json` prints of a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Figure, Piece, Report, Table, Text
from xlt_cli.reports.evaluation import HEADLINES, origin
from xlt_cli.reports.records import record_table
from xlt_cli.reports.values import MARK, figure, metric_name, metric_unit, size_in_words

Listed = Mapping[str, Any]

_OF_RUN = ("run", "state", "seed", "created", "encoder", "point", "pruned", "bytes")
_OF_EVALUATION = ("directory", "task", "split", "place", "metric", "collapsed", *HEADLINES)


def report(rows: Sequence[Listed]) -> Report:
    """A block for each run: a name is never cut, however narrow the terminal is."""
    pieces: list[Piece] = [Text("\n".join(_block(row)), whole=True) for row in rows]
    if any(collapsed(row) for row in rows):
        pieces.append(Text(f"{MARK} collapsed: the model gives one answer to every row"))
    return Report(pieces, values=list(rows), records=_records(rows))


def collapsed(row: Listed) -> bool:
    """Whether a run gives one answer to every row: on dev, or in an evaluation."""
    return bool(row["collapsed_on_dev"]) or any(e["collapsed"] for e in row["evaluations"])


def zero_shot(row: Listed) -> float | None:
    """A run's zero-shot average in the first of its evaluations that has one."""
    figures = (evaluation["zero_shot"] for evaluation in row["evaluations"])
    return next((value for value in figures if value is not None), None)


def _block(row: Listed) -> list[str]:
    mark = f" {MARK}" if collapsed(row) else ""
    date = str(row["created"] or "")[:16].replace("T", " ")
    weights = "weights pruned" if row["pruned"] else ""
    beside = "  ".join(part for part in (date, size_in_words(row["bytes"]), weights) if part)
    return [f"{row['run']}  {row['state']}{mark}  {beside}", *(f"  {x}" for x in _lines(row))]


def _lines(row: Listed) -> list[str]:
    """What a run is, its score on dev, and a line for each evaluation."""
    if row["state"] == "damaged":
        return [row["message"]]
    stages = [f"{t} [{m}]" for t, m in zip(row["tasks"], row["methods"], strict=True)]
    lines = [", ".join(part for part in (row["encoder"], " -> ".join(stages)) if part)]
    if row["point"]:
        lines.append(f"point: {row['point']}")
    if row["overrides"]:
        lines.append("set: " + " ".join(row["overrides"]))
    if row["state"] == "failed" and row["message"]:
        lines.append(f"error: {row['message'].splitlines()[0]}")
    if row["dev"]:
        lines.append(_dev(row))
    return [line for line in [*lines, *map(_evaluation, row["evaluations"])] if line]


def _dev(row: Listed) -> str:
    dev, mark = row["dev"], MARK if row["collapsed_on_dev"] else ""
    languages, metric = "+".join(dev["languages"]), metric_name(dev["metric"])
    about = f"{dev['task']} {dev['split']} {languages} {metric}".strip()
    oracle = ", oracle" if dev["oracle"] else ""
    score = _shown(dev["metric"], dev["score"], mark)
    return f"dev {score} ({about}, step {dev['step']} of {dev['steps']}{oracle})"


def _evaluation(evaluation: Listed) -> str:
    """An evaluation's figures; those of a collapsed run bear a mark."""
    if not evaluation["up_to_date"]:
        return f"{evaluation['directory']}: not summed up, `xlt eval` or `xlt train` does"
    mark, metric = MARK if evaluation["collapsed"] else "", evaluation["metric"]
    labels = ("trained on", f"zero-shot ({evaluation['zero_shot_languages']})", "all pairs")
    figures = [
        f"{label} {_shown(metric, evaluation[name], mark)}"
        for name, label in zip(HEADLINES, labels, strict=True)
        if evaluation[name] is not None
    ]
    place = f"{evaluation['directory']}{origin(evaluation)}"
    return f"{place} {metric_name(metric)}: {', '.join(figures)}"


def _shown(metric: str, value: float, mark: str) -> str:
    return figure(Figure(value, unit=metric_unit(metric), mark=mark))


def _records(rows: Sequence[Listed]) -> Table:
    """A line for each evaluation; a run without any has a line of its own."""
    names = (*_OF_RUN, "tasks", "methods", "dev_metric", "dev_score", *_OF_EVALUATION)
    lines = []
    for row in rows:
        dev = row["dev"] or {}
        about = {name: row[name] for name in _OF_RUN} | {
            "tasks": " -> ".join(row["tasks"]),
            "methods": " -> ".join(row["methods"]),
            "dev_metric": dev.get("metric"),
            "dev_score": dev.get("score"),
        }
        for evaluation in row["evaluations"] or [{}]:
            lines.append({**about, **{name: evaluation.get(name) for name in _OF_EVALUATION}})
    return record_table(names, lines)
