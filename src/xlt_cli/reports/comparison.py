"""Methods against a baseline: paired differences of a metric, with intervals over seeds and items.

Everything is compared with itself as far as it can be: a method's run with the baseline's run of
the same seed, on the same resample of the test items in all methods, seeds and (aligned) languages.
What the two share, hard items above all, cancels.

The interval is a crossed bootstrap (items x seeds; cf. Owen 2007, The pigeonhole bootstrap): each
replicate draws the items, and then the seeds with replacement. A bootstrap over K seeds
understates their variance by (K - 1) / K, and knows that variance from K seeds only, so each
replicate's distance from the mean over the seeds is scaled by sqrt(K / (K - 1)) and by
t / z, the quantiles of Student's t for K - 1 degrees of freedom and of the normal distribution at
the interval's level. docs/explanation/statistics.md has its coverage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from xlt_cli.errors import DataError
from xlt_cli.languages import among
from xlt_cli.problems import Prediction
from xlt_cli.reports.summary import Counting, check_alignment
from xlt_cli.reports.validity import Look, cell_name, look
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.predictions import Answers
from xlt_cli.stats.intervals import Resampled, Sample, average, difference, over_seeds, resample

Group = Literal[
    "source",
    "zero_shot",
    "near",
    "distant",
    "all",
    "generalized",
    "generalized_zero_shot",
    "generalized_near",
    "generalized_distant",
]
"""An average over cells; `group` says over which."""


@dataclass(frozen=True)
class Measured:
    """What one run answered, cell by cell.

    Attributes:
        scores: the metric with its replicates, in [0, 1].
        rows: a hash of the ids and gold labels; equal where two runs were tested on the same.
        looks: what the rows of each cell have in common; empty if nobody looked.
    """

    scores: dict[Pair, Resampled]
    rows: dict[Pair, str]
    looks: dict[Pair, Look] = field(default_factory=dict)

    def mean(self, cells: Sequence[Pair]) -> Resampled:
        """The unweighted mean over cells."""
        return average([self.scores[pair] for pair in cells])


@dataclass(frozen=True)
class Gain:
    """A method minus the baseline, mean over the seeds that both finished.

    Attributes:
        figure: in [-1, 1], with its replicates.
        seeds: those it is a mean over; with one, the replicates vary over items alone.
    """

    figure: Resampled
    seeds: tuple[int, ...]


def measure(
    problem: Counting,
    metric: str,
    answers: Mapping[Pair, Answers],
    aligned: bool,
) -> Measured:
    """The figures of one run's answers; runs with the same rows get the same resamples.

    Args:
        aligned: one id is the same item in every language, if the labels do not speak against it.
    """
    pairs = sorted(answers)  # the order decides which weights an item gets
    cells = {
        cell_name(p): Sample(answers[p].ids, statistics_of(problem, answers[p])) for p in pairs
    }
    scores = resample(cells, problem.score, aligned and _labels_agree(answers))
    return Measured(
        {pair: scores[cell_name(pair)][metric] for pair in pairs},
        {pair: _hash(answers[pair]) for pair in pairs},
        {p: look(answers[p].golds, answers[p].predicted, problem.labels) for p in pairs},
    )


def group(
    pairs: Sequence[Pair], trained_on: Collection[str], near: Collection[str]
) -> dict[Group, list[Pair]]:
    """The cells that each average is over; averages without a cell are left out.

    source: languages trained on. zero_shot: the others, which are near or distant. all: both.
    generalized: pairs of different languages; generalized_zero_shot: neither trained on;
    generalized_near: each trained on or near; generalized_distant: all others.

    Raises:
        UserError: a language is unknown, so that its group is.
    """
    languages = {language for pair in pairs for language in pair}
    seen = {language for language in languages if among(language, trained_on)}
    close = seen | {language for language in languages if among(language, near)}
    standard = [pair for pair in pairs if pair[0] == pair[1]]
    mixed = [pair for pair in pairs if pair[0] != pair[1]]
    unseen = [pair for pair in standard if pair[0] not in seen]
    cells: dict[Group, list[Pair]] = {
        "source": [pair for pair in standard if pair[0] in seen],
        "zero_shot": unseen,
        "near": [pair for pair in unseen if pair[0] in close],
        "distant": [pair for pair in unseen if pair[0] not in close],
        "all": standard,
        "generalized": mixed,
        "generalized_zero_shot": [pair for pair in mixed if not set(pair) & seen],
        "generalized_near": [pair for pair in mixed if set(pair) <= close],
        "generalized_distant": [pair for pair in mixed if not set(pair) <= close],
    }
    return {name: members for name, members in cells.items() if members}


@dataclass(frozen=True)
class Comparison:
    """The finished runs of one task: {method: {seed: what it answered}}.

    Attributes:
        baseline: the method that the others are compared with.
    """

    runs: Mapping[str, Mapping[int, Measured]]
    baseline: str

    def __post_init__(self) -> None:
        """Raises DataError if two runs were not tested on the same rows."""
        every = [t.rows for seeds in self.runs.values() for t in seeds.values()]
        if any(rows != every[0] for rows in every):
            raise DataError(
                "the runs were tested on different rows and cannot be compared",
                hint="the data have changed between runs; use another --runs-dir for the new data",
            )

    @property
    def pairs(self) -> list[Pair]:
        """The cells that were tested."""
        tests = [t for seeds in self.runs.values() for t in seeds.values()]
        return list(tests[0].scores) if tests else []

    def figure(self, method: str, cells: Sequence[Pair]) -> Resampled | None:
        """A method's own figure, mean over its seeds; None if none is finished."""
        runs = self.runs.get(method, {})
        return over_seeds([runs[seed].mean(cells) for seed in sorted(runs)]) if runs else None

    def gain(self, method: str, cells: Sequence[Pair]) -> Gain | None:
        """A method minus the baseline; None if there is no seed that both finished."""
        each = self.differences(method, cells)
        return Gain(over_seeds(list(each.values())), tuple(each)) if each else None

    def differences(self, method: str, cells: Sequence[Pair]) -> dict[int, Resampled]:
        """A method minus the baseline, for each seed that both finished."""
        mine, theirs = self.runs.get(method, {}), self.runs.get(self.baseline, {})
        seeds = sorted(set(mine) & set(theirs))
        return {s: difference(mine[s].mean(cells), theirs[s].mean(cells)) for s in seeds}

    def without(self, seeds: Mapping[str, Collection[int]]) -> Comparison:
        """The same without some seeds of some methods."""
        kept = {
            method: {s: one for s, one in runs.items() if s not in seeds.get(method, ())}
            for method, runs in self.runs.items()
        }
        return Comparison(kept, self.baseline)

    def larger(self, method: str, of: Sequence[Pair], than: Sequence[Pair]) -> Gain | None:
        """By how much a method gains more in some cells than in others."""
        first, second = self.gain(method, of), self.gain(method, than)
        if first is None or second is None:
            return None
        # Both have drawn the same items and the same seeds.
        return Gain(difference(first.figure, second.figure), first.seeds)


def statistics_of(problem: Counting, answers: Answers) -> np.ndarray:
    """[N, S], computed once for each gold label with its answer: most rows repeat one."""
    kinds: dict[Any, int] = {}
    pairs = zip(answers.golds, answers.predicted, strict=True)
    rows = [kinds.setdefault(pair, len(kinds)) for pair in pairs]
    return problem.statistics([Prediction("", *pair) for pair in kinds])[rows]


def _labels_agree(answers: Mapping[Pair, Answers]) -> bool:
    golds = {cell_name(p): dict(zip(a.ids, a.golds, strict=True)) for p, a in answers.items()}
    try:
        check_alignment("", golds)
    except DataError:
        return False
    return True


def _hash(answers: Answers) -> str:
    rows = zip(answers.ids, answers.golds, strict=True)
    return hashlib.sha256("\n".join(f"{i}\t{gold}" for i, gold in rows).encode()).hexdigest()
