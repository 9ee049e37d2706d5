"""The report of a search: its trials, best first, and what was optimised."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from xlt_cli.api.reports import Column, Piece, Report, Row, Table, Text, Value
from xlt_cli.reports.records import record_table
from xlt_cli.reports.values import MARK, over_seeds

DONE, STOPPED, FAILED = "done", "stopped early", "failed"

_ORDER = (DONE, STOPPED, "begun", FAILED)


@dataclass(frozen=True)
class TrialRun:
    """A run of a trial.

    Attributes:
        state: as lists of runs have it.
        value: the figure that is optimised; None where the run is not done.
        collapsed: whether it gives one answer to every row of dev.
    """

    run: str
    path: str
    seed: int
    state: str
    value: float | None
    error: str = ""
    collapsed: bool = False


@dataclass(frozen=True)
class Tried:
    """A trial.

    Attributes:
        state: `begun`, `done`, `stopped early` or `failed`.
        values: by the path of the field.
        value: the mean over seeds; of one that was stopped the last score on dev of its first seed.
        why: it failed.
        steps: how many evaluations on dev were looked at to decide whether to stop it.
    """

    trial: int
    state: str
    values: Mapping[str, Any]
    value: float | None
    runs: Sequence[TrialRun]
    why: str = ""
    steps: int = 0

    @property
    def collapsed(self) -> list[TrialRun]:
        """Its runs that give one answer to every row."""
        return [run for run in self.runs if run.collapsed]


@dataclass(frozen=True)
class Searched:
    """The trials of a point of a sweep.

    Attributes:
        point: its label.
        optimized: the figure that is optimised, in words.
        oracle: a sentence that says why the choice is not zero-shot; empty if it is.
        space: what is searched, by the path of the field.
        planned: how many trials there will be.
    """

    point: str
    optimized: str
    metric: str
    lower_is_better: bool
    oracle: str
    sampler: str
    space: Mapping[str, Any]
    planned: int
    trials: Sequence[Tried]

    @property
    def ranked(self) -> list[Tried]:
        """The trials, best first; then those that were stopped, are not done, or failed.

        A trial with a run that collapsed comes after those without, whatever its score.
        """
        sign = 1 if self.lower_is_better else -1

        def place(one: Tried) -> tuple[int, bool, float, int]:
            value = sign * one.value if one.value is not None else 0.0
            return _ORDER.index(one.state), bool(one.collapsed), value, one.trial

        return sorted(self.trials, key=place)

    @property
    def best(self) -> Tried | None:
        """The best trial that is done."""
        return next((one for one in self.ranked if one.state == DONE), None)

    @property
    def left(self) -> int:
        """How many trials are still to be drawn."""
        return max(0, self.planned - len(self.trials))

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it, best first."""
        return {**asdict(self), "left": self.left, "trials": [asdict(one) for one in self.ranked]}


def report(searched: Sequence[Searched]) -> Report:
    """The trials of each point, best first."""
    pieces: list[Piece] = []
    for one in searched:
        pieces += _point(one, alone=len(searched) == 1)
    return Report(pieces, values=[one.as_dict() for one in searched], records=_records(searched))


def planned_report(searched: Sequence[Searched]) -> Report:
    """What is known before a search goes on: its space, the runs of its trials, what is left."""
    lines = []
    for one in searched:
        lines.append(f"{one.point}: {one.optimized} by {one.sampler}")
        if one.oracle:
            lines.append(f"  {one.oracle}")
        lines += [f"  {path}: {_space(space)}" for path, space in one.space.items()]
        lines += [
            f"  trial {trial.trial} {_settings(trial)} seed={run.seed} {run.state} -> {run.run}"
            for trial in one.trials
            for run in trial.runs
        ]
        lines.append(f"  {len(one.trials)} of {one.planned} trials drawn, {one.left} to be drawn")
    values = [one.as_dict() for one in searched]
    return Report([Text("\n".join(lines), whole=True)], values=values, records=_records(searched))


def short(value: Any) -> str:
    """A value as tables have it: numbers with four digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _point(one: Searched, alone: bool) -> list[Piece]:
    direction = "lowest first" if one.lower_is_better else "best first"
    title = f"{one.optimized}, {direction}; over seeds: mean (standard deviation)"
    title = title if alone and one.point == "base" else f"{one.point}: {title}"
    mark = " (oracle)" if one.oracle else ""
    paths = list(one.space)
    columns = [Column("trial", "right"), *(Column(path, "right") for path in paths)]
    columns += [Column(f"score{mark}", "right"), Column("seeds", "right"), Column("state")]
    rows = []
    for trial in one.ranked:
        shown: list[Value] = [short(trial.values[path]) if path in trial.values else None
                              for path in paths]  # fmt: skip
        state = trial.state
        if state == STOPPED:
            state = f"{state}, after {trial.steps} evaluations on dev"
        done = [run for run in trial.runs if run.value is not None]
        rows.append(Row([str(trial.trial), *shown, _score(one, trial), str(len(done)), state]))
    pieces: list[Piece] = [Table(title, columns, rows)]
    if one.oracle:
        pieces.append(Text(one.oracle, "caution"))
    if any(trial.collapsed for trial in one.trials):
        pieces.append(Text(f"{MARK} a run of this trial gives one answer to every row", "caution"))
    failed = [f"trial {trial.trial} failed: {trial.why}" for trial in one.ranked if trial.why]
    pieces += [Text(line, "caution", whole=True) for line in failed]
    if one.left:
        pieces.append(Text(f"{one.left} of {one.planned} trials are still to be drawn"))
    if one.best is not None:
        lines = [f"  {run.run}  seed {run.seed}" for run in one.best.runs]
        head = f"runs of the best trial, {one.best.trial} (`xlt eval RUN`):"
        pieces.append(Text("\n".join([head, *lines]), whole=True))
    return pieces


def _score(one: Searched, trial: Tried) -> Value:
    """The mean of a trial; of one that was stopped its last score on dev."""
    values = [run.value for run in trial.runs if run.value is not None]
    if trial.state == DONE and values:
        return over_seeds(one.metric, values, MARK if trial.collapsed else "")
    if trial.value is not None:
        return over_seeds(one.metric, [trial.value])
    return None


def _settings(trial: Tried) -> str:
    return " ".join(f"{path}={short(value)}" for path, value in trial.values.items())


def _space(about: Mapping[str, Any]) -> str:
    if about.get("choices") is not None:
        return f"one of {', '.join(map(short, about['choices']))}"
    how = [f"step {short(about['step'])}"] if about.get("step") is not None else []
    how += ["logarithmic"] if about.get("log") else []
    return ", ".join([f"{short(about['low'])} to {short(about['high'])}", *how])


def _records(searched: Sequence[Searched]) -> Table:
    """A line for each run of a trial; a trial without runs has one."""
    paths = list(dict.fromkeys(path for one in searched for path in one.space))
    names = ["point", "trial", *paths, "state", "value", "metric", "oracle"]
    names += ["run", "seed", "run_value", "error"]
    lines: list[dict[str, Any]] = []
    for one in searched:
        for trial in one.ranked:
            about = {
                "point": one.point,
                "trial": trial.trial,
                **{path: trial.values.get(path) for path in paths},
                "state": trial.state,
                "value": trial.value,
                "metric": one.metric,
                "oracle": bool(one.oracle),
                "error": trial.why,
            }
            runs = [
                {"run": run.run, "seed": run.seed, "run_value": run.value} for run in trial.runs
            ]
            lines += [{**about, **run} for run in runs or [{}]]
    return record_table(names, lines)
