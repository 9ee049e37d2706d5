"""A mixed-effects model over cells: the terms of the model, its fit, and what follows, as values.

A row is a figure of one run in one language under one condition. Systems are fixed effects, and so
are conditions and covariates. Languages and seeds are random. So is what a system has in a language
(system:language) and with a seed (system:seed, a run): without these, all cells of a run would
count as independent evidence for its system, and intervals would be far too narrow (Barr and others
2013). The same holds for conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xlt_cli.errors import DataError
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.mixed import Mixed, fitted
from xlt_cli.stats.trend import expit, inside, logit

SYSTEM, LANGUAGE, SEED, CONDITION = "system", "language", "seed", "condition"

FEWEST = 3
"""Levels of a random effect below which nothing useful is known of its variance."""

FEW = 5
"""Levels of a random effect below which its variance is poorly known, which a note says."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Observed:
    """A row of the model.

    Attributes:
        value: of the metric.
        rows: how many test items it is over.
        covariates: by name: numbers, or names of levels.
        sampled: by name, the levels of further factors that are samples, as languages are.
    """

    system: str
    language: str
    seed: str
    condition: str
    value: float
    rows: int
    covariates: Mapping[str, float | str]
    sampled: Mapping[str, str] = field(default_factory=dict)

    def level(self, name: str) -> str:
        """The level of a factor."""
        own = self.sampled.get(name)
        return own if own is not None else str(getattr(self, name))


@dataclass(frozen=True)
class Question:
    """What a model is asked for.

    Attributes:
        baseline: the system that others are compared with.
        share: whether the metric is a share, which the model takes the logit of.
        metric: its name.
        beside: covariates with an effect of their own.
        by: covariates whose effect may differ between systems; conditions are always.
        level: how often an interval may miss the truth.
    """

    baseline: str
    share: bool
    metric: str
    beside: Sequence[str] = ()
    by: Sequence[str] = ()
    level: float = 0.05


def model(rows: Sequence[Observed], asked: Question) -> Values:
    """Fits the model; the values of `xlt mixed-model --json`.

    Raises:
        DataError: there are too few systems, languages or seeds, or terms cannot be told apart.
    """
    _check_levels(rows)
    made = _Model(rows, asked)
    return made.values()


def _check_levels(rows: Sequence[Observed]) -> None:
    for name, fewest in ((SYSTEM, 2), (LANGUAGE, FEWEST), (SEED, FEWEST)):
        count = len({getattr(row, name) for row in rows})
        if count < fewest:
            raise DataError(
                f"a mixed-effects model needs {fewest} {name}s or more; there "
                f"{'is' if count == 1 else 'are'} {count}",
                hint="compare fewer with `xlt compare`, which pairs runs by seed and row"
                if name != SYSTEM
                else "name them: A=RUNS B=RUNS",
            )


class _Model:
    def __init__(self, rows: Sequence[Observed], asked: Question) -> None:
        self.rows, self.asked = rows, asked
        systems = list(dict.fromkeys(row.system for row in rows))
        self.others = [name for name in systems if name != asked.baseline]
        conditions = list(dict.fromkeys(row.condition for row in rows))
        own = [CONDITION] if len(conditions) > 1 else []
        self.by = [*own, *asked.by]
        self.beside = [name for name in asked.beside if name not in self.by]
        self.columns = {name: self._column(name) for name in (*self.by, *self.beside)}
        self.centres = {
            name: float(np.mean(np.array(column, dtype=np.float64)))
            for name, column in self.columns.items()
            if _numeric(column)
        }
        self.system = [row.system for row in rows]
        names, self.design = self._design(self.system)
        self.names = names
        self.random = dict(self._random())
        self._check_design()
        values = np.array([row.value for row in rows])
        if asked.share:
            counts = [row.rows for row in rows]
            values = logit(np.array([inside(x, n) for x, n in zip(values, counts, strict=True)]))
        if np.ptp(values) == 0:
            raise DataError("the figures do not vary", hint="there is nothing to model")
        self.fit: Mixed = fitted(values, self.design, self.random)

    def _column(self, name: str) -> list[float | str]:
        if name == CONDITION:
            return [row.condition for row in self.rows]
        return [row.covariates[name] for row in self.rows]

    def _design(self, system: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """The design, with these systems in its rows."""
        own = [(f"system {name}", _is(system, name)) for name in self.others]
        terms: list[tuple[str, np.ndarray]] = [("(Intercept)", np.ones(len(system))), *own]
        for name in (*self.by, *self.beside):
            parts = list(self._parts(name))
            terms += parts
            if name in self.by:
                terms += [(f"{one} : {part}", x * y) for one, x in own for part, y in parts]
        return [name for name, _ in terms], np.column_stack([column for _, column in terms])

    def _parts(self, name: str) -> Iterator[tuple[str, np.ndarray]]:
        """A number less its mean; or an indicator for each level but the first."""
        column = self.columns[name]
        if name in self.centres:
            yield name, np.array(column, dtype=np.float64) - self.centres[name]
            return
        for level in self._levels(name)[1:]:
            yield f"{name} {level}", _is(column, level)

    def _levels(self, name: str) -> list[Any]:
        levels = list(dict.fromkeys(self.columns[name]))
        return levels if name == CONDITION else sorted(levels)

    def _random(self) -> Iterator[tuple[str, list[str]]]:
        """The factors with random intercepts; none that says the same as another or as a row."""
        crossed = [(), (SYSTEM,)]
        if CONDITION in self.by:
            crossed += [(CONDITION,), (SYSTEM, CONDITION)]
        # Those that say the same as fixed effects could not be told apart from them.
        seen = {_alike(self._levels_of(fixed)) for fixed in crossed if fixed}
        for fixed in crossed:
            for sampled in (LANGUAGE, SEED, *self.rows[0].sampled):
                names = (*fixed, sampled)
                levels = self._levels_of(names)
                alike = _alike(levels)
                if alike in seen or max(alike) + 1 in (1, len(levels)):
                    continue
                seen.add(alike)
                yield ":".join(names), levels

    def _levels_of(self, names: Sequence[str]) -> list[str]:
        return [":".join(row.level(name) for name in names) for row in self.rows]

    def _check_design(self) -> None:
        languages = len({row.language for row in self.rows})
        about = [n for n in (*self.by, *self.beside) if n != CONDITION and self._of_languages(n)]
        used = sum(len(list(self._parts(name))) for name in about)
        if languages < used + 1 + FEWEST - 1:
            raise DataError(
                f"{languages} languages are too few for {', '.join(about)}, which take {used} "
                "coefficients beside the mean",
                hint="leave some of them out, or test in more languages",
            )
        for index in range(1, self.design.shape[1]):
            part = self.design[:, : index + 1]
            if np.linalg.matrix_rank(part) <= index:
                raise DataError(
                    f"the effect of '{self.names[index]}' cannot be told apart from the others: "
                    "it never varies, or always together with them",
                    hint="leave it out, or add runs or languages in which it differs",
                )

    def _of_languages(self, name: str) -> bool:
        """Whether a covariate says something of languages, and not of runs."""
        pairs = zip(self.rows, self.columns[name], strict=True)
        found = {(row.language, value) for row, value in pairs}
        return len(found) == len({row.language for row in self.rows})

    def values(self) -> Values:
        fit, asked = self.fit, self.asked
        counts = {name: len(set(levels)) for name, levels in self.random.items()}
        sampled = {n: len({getattr(row, n) for row in self.rows}) for n in (LANGUAGE, SEED)}
        return {
            "formula": self._formula(),
            "metric": asked.metric,
            "scale": "logit" if asked.share else "metric",
            "baseline": asked.baseline,
            "level": asked.level,
            "rows": len(self.rows),
            "levels": {SYSTEM: len(self.others) + 1, **sampled},
            "conditions": list(dict.fromkeys(row.condition for row in self.rows)),
            "differences": [one for other in self.others for one in self._differences(other)],
            "fixed": [
                {"term": name, **self._estimated(fit.estimate(weights))}
                for name, weights in zip(self.names, np.eye(len(self.names)), strict=True)
            ],
            "random": [
                {
                    "term": name,
                    "levels": counts[name],
                    "variance": variance,
                    "deviation": variance**0.5,
                    "zero": variance == 0,
                }
                for name, variance in fit.variances.items()
            ],
            "residual": {"variance": fit.residual, "deviation": fit.residual**0.5},
            "reml_criterion": fit.criterion,
            "converged": fit.converged,
            "centres": self.centres,
            "few": [name for name, count in sampled.items() if count < FEW],
        }

    def _formula(self) -> str:
        """In lme4's notation."""
        response = f"logit({self.asked.metric})" if self.asked.share else self.asked.metric
        fixed = [f"{SYSTEM} * {name}" for name in self.by] or [SYSTEM]
        random = [f"(1 | {name})" for name in self.random]
        return f"{response} ~ {' + '.join([*fixed, *self.beside, *random])}"

    def _differences(self, other: str) -> Iterator[Values]:
        """A system less the baseline: in the mean over all rows, and at each level."""
        whole = np.ones(len(self.rows), dtype=bool)
        yield self._difference(other, "", "", whole)
        for name in self.by:
            if name in self.centres:
                continue
            for level in self._levels(name):
                yield self._difference(other, name, level, _is(self.columns[name], level) > 0)

    def _difference(self, other: str, name: str, level: str, where: np.ndarray) -> Values:
        means = [
            self._design([system] * len(self.rows))[1][where].mean(axis=0)
            for system in (other, self.asked.baseline)
        ]
        estimate = self.fit.estimate(means[0] - means[1])
        found = {"system": other, "by": name, "at": level, **self._estimated(estimate)}
        if not self.asked.share:
            return found
        at = float(means[1] @ self.fit.coefficients)
        start = float(expit(at))
        moved = {key: float(expit(at + found[key])) - start for key in ("value", "low", "high")}
        return {**found, "at_baseline": start, "points": moved}

    def _estimated(self, estimate: Estimate) -> Values:
        interval = estimate.interval(self.asked.level).as_dict()
        return {**interval, "error": estimate.error, "df": estimate.df, "p": estimate.p_value()}


def _alike(levels: Iterable[str]) -> tuple[int, ...]:
    """Which level each row has, numbered as they come: the same for factors that say the same."""
    first: dict[str, int] = {}
    return tuple(first.setdefault(level, len(first)) for level in levels)


def _numeric(column: Sequence[float | str]) -> bool:
    return not any(isinstance(value, str) for value in column)


def _is(column: Sequence[float | str], level: float | str) -> np.ndarray:
    return np.array([float(value == level) for value in column])
