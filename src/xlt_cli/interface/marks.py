"""p-values of the cells of a table against a baseline, by the tests of `xlt compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.interface.comparable import check_seeds, directories, evaluations
from xlt_cli.interface.compare import compared_in
from xlt_cli.interface.runs import Run
from xlt_cli.reports.by_language import CLEAN
from xlt_cli.reports.entries import TEST, TRAINED_ON, ZERO_SHOT, Entry
from xlt_cli.reports.pivot import Asked
from xlt_cli.reports.systems import Settings
from xlt_cli.runs.directory import Run as Directory

Values = dict[str, Any]

TRAINED = ("encoder", "stage")
REST = (*TRAINED, *TEST)
AVERAGES = {
    ZERO_SHOT: "zero_shot",
    TRAINED_ON: "source",
    f"{TRAINED_ON} and {ZERO_SHOT}": "all",
}
"""The averages of a comparison, by the group of languages that they are over."""


def mark_against(
    baseline: str,
    level: float,
    cells: Sequence[Values],
    entries: Sequence[Entry],
    runs: Mapping[str, Directory],
    asked: Asked,
) -> None:
    """Notes `p` of each cell: of no difference from the baseline; None where there is no test.

    Systems are compared that differ in their method alone. Single languages have the p-value after
    Holm's correction over the languages.

    Raises:
        SpecError: there is no such method, or methods or seeds do not stand as they must.
        RunError: the runs of a method are not its seeds.
        DataError: runs were not tested on the same rows.
    """
    if "method" not in asked.axes:
        hint = "take `method` as rows or columns"
        raise SpecError("a baseline needs the methods apart", "baseline", hint)
    apart = {"seed", "run"} & set(asked.axes)
    if apart:
        hint = "leave it out of rows and columns"
        raise SpecError(f"tests are over seeds, not by {apart.pop()}", "baseline", hint)
    methods = list(dict.fromkeys(entry.place["method"] for entry in entries))
    if baseline not in methods:
        raise SpecError(f"unknown method '{baseline}'", "baseline", did_you_mean(baseline, methods))
    found = _tests(Settings(baseline, level, "holm", None), entries, runs)
    apart_languages = "language" in asked.axes
    for cell in cells:
        method, tested = cell["method"], cell["tested"]
        cell["of_baseline"] = method == baseline
        tests = [] if method == baseline else found.get(tuple(tested[n] for n in REST), [])
        known = (_p(one, cell, apart_languages) for one in tests)
        cell["p"] = next((p for p in known if p is not None), None)


def _tests(
    settings: Settings, entries: Sequence[Entry], runs: Mapping[str, Directory]
) -> dict[tuple[str, ...], list[Values]]:
    """The comparisons of methods that have the rest in common, by that rest and the metric."""
    blocks: dict[tuple[str, ...], dict[str, dict[str, None]]] = {}
    names: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
    for place in (entry.place for entry in entries):
        block = (*(place[name] for name in TRAINED), place["metric"])
        blocks.setdefault(block, {}).setdefault(place["method"], {})[place["run"]] = None
        if place["condition"] == CLEAN:
            rest = tuple(place[name] for name in REST)
            names.setdefault(block, {})[place["evaluation"]] = rest
    found: dict[tuple[str, ...], list[Values]] = {}
    for block, systems in blocks.items():
        if settings.baseline not in systems or len(systems) < 2:
            continue
        given = {name: [Run(runs[run]) for run in own] for name, own in systems.items()}
        by_name = directories(given, Path())
        check_seeds(by_name, settings.baseline)
        stored = {
            name: {seed: evaluations(run) for seed, run in own.items()}
            for name, own in by_name.items()
        }
        every = [known for own in stored.values() for known in own.values()]
        for name, rest in names.get(block, {}).items():
            if all(name in known for known in every):
                one = compared_in(stored, name, block[-1], settings, [])
                found.setdefault(rest, []).append(one)
    return found


def _p(one: Values, cell: Values, apart: bool) -> float | None:
    """The p-value of a cell, if the comparison has a gain over the same languages.

    Args:
        apart: whether languages are rows or columns.
    """
    gain, languages = one["gains"].get(cell["method"]), cell["languages"]
    if gain is None or not set(languages) <= set(one["languages"]):
        return None
    if apart:
        return float(gain["cells"][languages[0]]["p_adjusted"])
    group = AVERAGES[cell["tested"]["group"]]
    if one["averages"].get(group) != len(languages):
        return None
    return float(gain["cells"][f"average:{group}"]["p"])
