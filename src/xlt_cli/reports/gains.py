"""A comparison as values that can be stored: figures, gains, verdicts; JSON and CSV.

Figures and gains are in [0, 1] and [-1, 1], each with its 95% interval; the gain in a language
also with its p-value, and with Holm's over the languages of the task and the method.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Table
from xlt_cli.reports.claims import NOT_MEASURED, QUICK, Verdict, despite_collapse, verdict
from xlt_cli.reports.comparison import SAMPLES, Comparison, Gain, Group, group
from xlt_cli.reports.groups import members
from xlt_cli.reports.measured import Measured
from xlt_cli.reports.records import record_table
from xlt_cli.reports.validity import collapsed
from xlt_cli.runs.cells import Pair
from xlt_cli.stats.significance import holm

COLUMNS = (
    *("task", "metric", "method", "quantity", "cell", "seeds"),
    *("value", "low", "high", "p", "p_holm"),
)


class TaskGains:
    """What one task shows.

    Args:
        about: task, split, metric, limit, trained_on, notes; kept as they are.
        runs: {method: {seed: what it answered}} of the finished runs.
        methods: all methods, in the order of the tables.
        baseline: the one of them that gains are over.
        near: languages near the source language.
        by: facts by which the languages that were not trained on are grouped as well.

    Attributes:
        collapsed: of the methods that have some, the seeds of runs that give one answer to every
            row. They are in all figures; `upright` is the comparison without them.
    """

    def __init__(
        self,
        about: Mapping[str, Any],
        runs: Mapping[str, Mapping[int, Measured]],
        methods: Sequence[str],
        baseline: str,
        near: Sequence[str],
        by: Sequence[str] = (),
    ) -> None:
        self.about, self.methods = dict(about), list(methods)
        self.comparison = Comparison(runs, baseline)
        self.groups = group(self.comparison.pairs, self.about["trained_on"], near)
        unseen = [pair[0] for pair in self.groups.get("zero_shot", [])]
        self.by = {fact: members(unseen, fact) for fact in by}
        source = [pair[0] for pair in self.groups.get("source", [])]
        self.collapsed = {
            method: seeds
            for method in self.methods
            if (
                seeds := [
                    s for s, m in sorted(runs.get(method, {}).items()) if collapsed(m.looks, source)
                ]
            )
        }
        self.upright = self.comparison.without(self.collapsed)

    def as_dict(self) -> dict[str, Any]:
        """Per method: its seeds, and figures and gains of averages and languages."""
        kinds = {name: [pair[0] for pair in self.groups.get(name, [])] for name in _LANGUAGES}
        cells: dict[str, Sequence[Pair]] = {f"average:{k}": v for k, v in self.groups.items()}
        for fact, named in self.by.items():
            for name, own in named.items():
                cells[group_cell(fact, name)] = [(language, language) for language in own]
        cells |= {pair[0]: [pair] for name in _LANGUAGES for pair in self.groups.get(name, [])}
        return {
            **self.about,
            "languages": kinds,
            "averages": {name: len(own) for name, own in self.groups.items()},
            **({"by": self.by} if self.by else {}),
            "methods": {method: self._method(method, cells) for method in self.methods},
        }

    def judge(
        self, of: Group, than: Group | None, points: float | None, quick: bool
    ) -> dict[str, dict[str, Any]]:
        """A claim's verdict for each robust method, with the gain that it rests on."""
        return {
            method: self._judge(method, of, than, points, quick)
            for method in self.methods
            if method != self.comparison.baseline
        }

    def _method(self, method: str, cells: Mapping[str, Sequence[Pair]]) -> dict[str, Any]:
        values = self._figures(self.comparison, method, cells)
        if method in self.collapsed:
            values["collapsed_seeds"] = self.collapsed[method]
        if self._rests_on(method):
            values["without_collapsed"] = self._figures(self.upright, method, cells)
        return values

    def _figures(
        self, comparison: Comparison, method: str, cells: Mapping[str, Sequence[Pair]]
    ) -> dict[str, Any]:
        figures = {name: comparison.figure(method, members) for name, members in cells.items()}
        gains: dict[str, Gain | None] = {}
        if method != comparison.baseline:
            gains = {name: comparison.gain(method, members) for name, members in cells.items()}
        tests = self._tests(gains)
        paired = next((gain.seeds for gain in gains.values() if gain), ())
        return {
            "seeds": sorted(comparison.runs.get(method, {})),
            "paired_seeds": list(paired),
            "figures": {k: f.interval().as_dict() for k, f in figures.items() if f},
            "gains": {
                name: {**gain.estimate.interval().as_dict(), **tests.get(name, {})}
                for name, gain in gains.items()
                if gain
            },
        }

    def _rests_on(self, method: str) -> list[str]:
        """The collapsed runs that have a part in a method's figures or gains, in words."""
        mine = self.comparison.runs.get(method, {})
        words = []
        for name in dict.fromkeys([method, self.comparison.baseline]):
            if seeds := [str(seed) for seed in self.collapsed.get(name, []) if seed in mine]:
                words.append(f"{name} seed {', '.join(seeds)}")
        return words

    def _tests(self, gains: Mapping[str, Gain | None]) -> dict[str, dict[str, float]]:
        """By language: the gain's p-value, and the one adjusted for looking at all of them."""
        languages = [pair[0] for pair in self.groups.get("all", [])]
        known = {language: gain for language in languages if (gain := gains.get(language))}
        values = [gain.estimate.p_value() for gain in known.values()]
        return {
            language: {"p": value, "p_holm": p_holm}
            for language, value, p_holm in zip(known, values, holm(values), strict=True)
        }

    def _judge(
        self, method: str, of: Group, than: Group | None, points: float | None, quick: bool
    ) -> dict[str, Any]:
        gain = self._gain(self.comparison, method, of, than)
        interval = gain.estimate.interval() if gain else None
        judged = _judged(gain, points, quick)
        # What is undecided without looking at the figures stays so for that reason.
        fallen = [] if judged.remark in (NOT_MEASURED, QUICK) else self._rests_on(method)
        if fallen:
            left = _judged(self._gain(self.upright, method, of, than), points, quick)
            judged = despite_collapse(judged, left, "; ".join(fallen))
        return {
            "verdict": judged.word,
            "remark": judged.remark,
            "seeds": list(gain.seeds) if gain else [],
            "gain": interval.as_dict() if interval else None,
        }

    def _gain(
        self, comparison: Comparison, method: str, of: Group, than: Group | None
    ) -> Gain | None:
        if of not in self.groups or (than is not None and than not in self.groups):
            return None
        if than is None:
            return comparison.gain(method, self.groups[of])
        samples = {of, than} == SAMPLES
        return comparison.larger(method, self.groups[of], self.groups[than], samples)


def group_cell(fact: str, name: str) -> str:
    """What the mean of a group of languages is called, as in the records of evaluations."""
    return f"average:zero_shot:{fact}={name}"


def _judged(gain: Gain | None, points: float | None, quick: bool) -> Verdict:
    if gain is None:
        return verdict(None, points, 0, quick)
    return verdict(gain.estimate.interval(), points, len(gain.seeds), quick, gain.languages)


_LANGUAGES: tuple[Group, ...] = ("source", "near", "distant")


def records(tasks: Sequence[Mapping[str, Any]]) -> Table:
    """One line per figure and gain: `cell` is a language or an average.

    Where a run has collapsed there is a column more, `collapsed`: how many of the seeds have (for
    a gain: here or in the baseline), or `left out`.
    """
    fallen = any("without_collapsed" in m for task in tasks for m in task["methods"].values())
    return record_table(
        (*COLUMNS, "collapsed") if fallen else COLUMNS,
        (
            {"task": task["task"], "metric": task["metric"], **row}
            for task in tasks
            for row in _rows(task)
        ),
    )


def _rows(task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    fallen = any("without_collapsed" in own for own in task["methods"].values())
    for method, own in task["methods"].items():
        left = own.get("without_collapsed")
        for quantity, seeds in (("figures", "seeds"), ("gains", "paired_seeds")):
            about = {"method": method, "quantity": quantity.removesuffix("s")}
            count = len(own[seeds]) - len((left or own)[seeds])
            more: dict[str, object] = {"collapsed": count} if fallen else {}
            for cell, interval in own[quantity].items():
                yield {**about, "cell": cell, "seeds": len(own[seeds]), **interval, **more}
            more = {"collapsed": "left out"}
            for cell, interval in left[quantity].items() if left and count else ():
                yield {**about, "cell": cell, "seeds": len(left[seeds]), **interval, **more}
