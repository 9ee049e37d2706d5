"""A mixed-effects model over cells: runs are found, their stored figures are read and modelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xlt_cli.errors import DataError, RunError, SpecError, did_you_mean
from xlt_cli.interface.comparable import Given
from xlt_cli.interface.runs import root_of
from xlt_cli.interface.tables import records_of
from xlt_cli.interface.tabulate import found_runs, placed, stored_results
from xlt_cli.runs import predictions
from xlt_cli.runs.directory import Run as Directory

if TYPE_CHECKING:
    import pandas

    from xlt_cli.api.reports import Report
    from xlt_cli.reports.entries import Entry
    from xlt_cli.reports.mixed import Observed

IN_DISTRIBUTION = "in-distribution"
MEASURED = ("fertility", "pieces_per_character", "unknown")
FACTORS = ("family", "script", "group")
COVARIATES = (IN_DISTRIBUTION, "resource", "distance", *MEASURED, *FACTORS)
"""What may stand in a model beside systems and conditions."""


class Modelled:
    """A fitted model, as `xlt mixed-model` prints it.

    Attributes:
        values: formula, differences, fixed and random effects, as `xlt mixed-model --json` prints
            them.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"<Modelled {self.formula}>"

    @property
    def formula(self) -> str:
        """The model in the notation of lme4."""
        return str(self.values["formula"])

    @property
    def report(self) -> Report:
        """The report, as pieces that the formats render."""
        from xlt_cli.reports.modelled import report

        return report(self.values)

    def frame(self) -> pandas.DataFrame:
        """Differences and effects as a pandas data frame, one in a row.

        Returns:
            The columns of `xlt mixed-model --format csv`.
        """
        return records_of(self.report).frame()


def mixed_model(
    systems: Mapping[str, Given | Sequence[Given]],
    *,
    runs_dir: str | Path | None = None,
    baseline: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    covariates: Sequence[str] = (),
    by: Sequence[str] = (),
    level: float = 0.05,
) -> Modelled:
    """Fits a linear mixed-effects model to the stored figures of systems.

    A row is a run's figure in one language under one condition, on the logit scale if the metric is
    a share. Systems are fixed effects, and so are conditions if there are several. Languages and
    seeds are random, each also within a system.

    Args:
        systems: by name, their runs, which are its seeds: a name or path, perhaps with `*`; a
            `Run`; or several.
        runs_dir: where runs are looked for by name; default: `$XLT_RUNS_DIR`, or `runs`.
        baseline: the system that others are compared with; default: the first.
        where: the values that are taken, by dimension of `tabulate`; default: the zero-shot
            languages, in each task's own metric.
        covariates: fixed effects beside the systems: family, script, group (trained on, zero-shot),
            resource (class, as a number), distance, in-distribution (the logit of the run's mean
            figure in the languages that all systems were trained on), and, as far as they were
            measured before, fertility, pieces_per_character and unknown.
        by: covariates whose effect may differ between systems.
        level: how often an interval may miss the truth.

    Returns:
        Formula, estimates and components of variance.

    Raises:
        SpecError: an option is wrong.
        RunError: there is no such run, it has no results, or two runs cannot be told apart.
        DataError: there are too few systems, languages or seeds, or several tests.
    """
    from xlt_cli.reports import mixed, pivot
    from xlt_cli.reports.entries import TRAINED_ON, entries

    if len(systems) < 2:
        raise SpecError("a comparison needs two systems", "mixed-model", "name them: A=RUNS B=RUNS")
    if not 0 < level < 1:
        raise SpecError(f"a level lies between 0 and 1, not {level}", "level", "e.g. 0.05")
    if baseline is not None and baseline not in systems:
        hint = did_you_mean(baseline, list(systems))
        raise SpecError(f"unknown system '{baseline}'", "baseline", hint)
    names = list(dict.fromkeys([*by, *covariates]))
    for name in names:
        if name not in COVARIATES:
            hint = did_you_mean(name, COVARIATES) or f"known: {', '.join(COVARIATES)}"
            raise SpecError(f"unknown covariate '{name}'", "covariates", hint)
    every: list[Entry] = []
    for method, run in found_runs(systems, root_of(runs_dir)):
        results = [_with_facts(run, one, names) for one in stored_results(run)]
        if not results:
            hint = f"evaluate it: `xlt eval {run.name}`"
            raise RunError(f"'{run.name}' has no results", str(run.path), hint)
        every += entries(placed(method, run), results)
    grouped = ["group"] if "group" in names else ["condition"]
    asked = pivot.Asked(["method"], grouped, dict(where or {}), "deviation")
    chosen = pivot.chosen(every, asked)
    _check_one_test(chosen)
    if IN_DISTRIBUTION in names:
        chosen = [one for one in chosen if one.place["group"] != TRAINED_ON]
    first = chosen[0]
    share = first.figure.get("unit", "share") == "share"
    known = _in_distribution(every, share) if IN_DISTRIBUTION in names else {}
    rows = [_row(entry, names, known) for entry in chosen]
    start = baseline or next(iter(systems))
    rows.sort(key=lambda row: row.condition != "clean")
    rows.sort(key=lambda row: row.system != start)
    metric = first.place["metric"]
    values = mixed.model(rows, mixed.Question(start, share, metric, covariates, by, level))
    fallen = any(entry.fallen for entry in chosen)
    about = {name: first.place[name] for name in ("task", "split", "limit")}
    return Modelled({**about, **values, "collapsed": fallen, "notes": []})


def _check_one_test(chosen: Sequence[Entry]) -> None:
    """Raises DataError if figures are of several tests, or a cell of a run is there twice."""
    from xlt_cli.reports.entries import TEST
    from xlt_cli.reports.pivot import NONE

    for name in TEST:
        values = list(dict.fromkeys(entry.place[name] or NONE for entry in chosen))
        if name != "condition" and len(values) > 1:
            raise DataError(
                f"the figures differ in {name} ({', '.join(values)})",
                hint=f"a model is of one test: take one with `--where {name}={values[0]}`",
            )
    seen: set[tuple[str, ...]] = set()
    for place in (entry.place for entry in chosen):
        cell = tuple(place[name] for name in ("run", "language", "condition"))
        if cell in seen:
            raise DataError(
                f"'{place['run']}' has its figure in {place['language']} in more than one "
                f"evaluation, {place['evaluation']} among them",
                hint=f"take one with `--where evaluation={place['evaluation']}`",
            )
        seen.add(cell)


def _with_facts(run: Directory, result: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The results of an evaluation with what is known of its languages, as far as it is asked."""
    facts: dict[str, dict[str, Any]] = {language: {} for language in result["languages"]}
    if set(MEASURED) & set(names):
        path = run.evaluations / result["evaluation"]
        newest = [weights for _, weights in predictions.cells_of(path).values()][-1:]
        kept = predictions.Store(path, {}, *newest).pieces()
        for language, own in kept.items():
            facts.get(language, {}).update({name: own.get(name) for name in MEASURED})
    if "distance" in names:
        from xlt_cli.languages import typology

        for language, known in facts.items():
            known["distance"] = typology.distance(language, sorted(result["trained_on"])).value
    return {**result, "facts": facts}


def _in_distribution(every: Sequence[Entry], share: bool) -> dict[tuple[str, ...], float]:
    """The mean figure of each run under each condition, in the languages that all systems were
    trained on: that of one which was trained on more languages would be of another test.

    Raises:
        DataError: there is no such language.
    """
    from xlt_cli.reports.entries import TRAINED_ON
    from xlt_cli.stats.trend import inside, logit

    trained: dict[str, set[str]] = {}
    for entry in every:
        if entry.place["group"] == TRAINED_ON:
            trained.setdefault(entry.place["method"], set()).add(entry.place["language"])
    shared = set.intersection(*trained.values()) if trained else set()
    if trained and not shared:
        raise DataError(
            "there is no language that all systems were trained on and tested in",
            hint=f"leave `{IN_DISTRIBUTION}` out",
        )
    found: dict[tuple[str, ...], list[float]] = {}
    for entry in every:
        if entry.place["group"] == TRAINED_ON and entry.place["language"] in shared:
            value = entry.figure["value"]
            shown = float(logit(inside(value, entry.rows))) if share else value
            found.setdefault(_test(entry), []).append(shown)
    return {key: float(np.mean(values)) for key, values in found.items()}


def _test(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.place[name] for name in ("run", "evaluation", "condition", "metric"))


def _row(entry: Entry, names: Sequence[str], known: Mapping[tuple[str, ...], float]) -> Observed:
    from xlt_cli.reports.mixed import Observed

    place = entry.place
    return Observed(
        place["method"],
        place["language"],
        place["seed"],
        place["condition"],
        entry.figure["value"],
        entry.rows,
        {name: _covariate(name, entry, known) for name in names},
    )


def _covariate(name: str, entry: Entry, known: Mapping[tuple[str, ...], float]) -> float | str:
    """A covariate of a figure.

    Raises:
        DataError: it is not known.
    """
    from xlt_cli.reports.groups import UNKNOWN

    language, run = entry.place["language"], entry.place["run"]
    if name in FACTORS or name == "resource":
        value = entry.place[name]
        if value != UNKNOWN:
            return float(value) if name == "resource" else value
        hint = f"leave `{name}` out, or the language: `--where language=...`"
        raise DataError(f"the {name} of the language '{language}' is not known", hint=hint)
    if name == IN_DISTRIBUTION:
        if _test(entry) in known:
            return known[_test(entry)]
        hint = "evaluate it in the languages that it was trained on"
        raise DataError(f"'{run}' has no figure in distribution", hint=hint)
    measured = entry.facts.get(name)
    if measured is None:
        hint = f"measure it: `xlt eval {run} --columns {name}`"
        raise DataError(f"'{run}' has no {name} of the language '{language}'", hint=hint)
    return float(measured)
