"""A study of Optuna: the trials of a search in one point of a sweep.

A trial is drawn with a sampler whose seed depends on that of the search and the trial's number
alone: a search that was interrupted draws what it would have drawn.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xlt_cli.search.journal import names
from xlt_cli.search.sampling import distribution, optuna, pruner, sampler
from xlt_cli.search.space import Field
from xlt_cli.spec.search import Search, rounded

if TYPE_CHECKING:
    from optuna import Study as OptunaStudy
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage

SETTINGS, RUNS, WHY, AGAIN = "settings", "runs", "why", "again"
"""Attributes of studies and trials."""

STATES = {
    "COMPLETE": "done",
    "PRUNED": "stopped early",
    "FAIL": "failed",
    "RUNNING": "begun",
    "WAITING": "waiting",
}


@dataclass(frozen=True)
class Trial:
    """A trial as the journal has it.

    Attributes:
        state: `waiting` (to be drawn with given values), `begun`, `done`, `stopped early` or
            `failed`.
        values: by the path of the field.
        value: the figure that is optimised; of one that was stopped its last score on dev.
        runs: the names of its runs, by seed.
        why: it failed.
        steps: evaluations on dev that were told.
        repeats: the number of the failed trial whose values it has; None for a new one.
    """

    number: int
    state: str
    values: Mapping[str, Any]
    value: float | None
    runs: Mapping[str, str]
    why: str = ""
    steps: int = 0
    repeats: int | None = None


class Study:
    """The trials of a point; its study is made if the journal has none of this name.

    Args:
        lower_is_better: whether the figure is minimised.
    """

    def __init__(
        self,
        storage: BaseStorage,
        name: str,
        fields: Sequence[Field],
        search: Search,
        lower_is_better: bool,
    ) -> None:
        self.search, self.fields = search, {field.path: field for field in fields}
        self.distributions = {field.path: distribution(field) for field in fields}
        how = {"sampler": self._sampler(0), "pruner": pruner(search)}
        self._study: OptunaStudy
        if name in names(storage):
            self._study = optuna().load_study(storage=storage, study_name=name, **how)
        else:
            direction = "minimize" if lower_is_better else "maximize"
            self._study = optuna().create_study(
                storage=storage, study_name=name, direction=direction, **how
            )
        self._live: dict[int, Any] = {}

    @property
    def direction(self) -> str:
        """`maximize` or `minimize`."""
        return str(self._study.direction.name).lower()

    @property
    def settings(self) -> dict[str, Any] | None:
        """The settings that the study was begun with; None for a new one."""
        found: dict[str, Any] | None = self._study.user_attrs.get(SETTINGS)
        return found

    def keep_settings(self, settings: Mapping[str, Any]) -> None:
        """Notes down the settings of a new study."""
        self._study.set_user_attr(SETTINGS, dict(settings))

    @property
    def trials(self) -> list[Trial]:
        """All trials, by number."""
        return [
            Trial(
                one.number,
                STATES[one.state.name],
                {path: self._read(path, value) for path, value in one.params.items()},
                one.value if one.state.name in ("COMPLETE", "PRUNED") else None,
                one.user_attrs.get(RUNS, {}),
                one.user_attrs.get(WHY, ""),
                len(one.intermediate_values),
                one.user_attrs.get(AGAIN),
            )
            for one in self._study.get_trials(deepcopy=False)
        ]

    def ask(self) -> Trial:
        """Draws the values of a new trial."""
        self._study.sampler = self._sampler(len(self._study.get_trials(deepcopy=False)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of samplers, about their first trials
            live = self._study.ask(self.distributions)
        return self._keep(live)

    def go_on(self, number: int) -> Trial:
        """Takes up a trial that was begun when its driver ended, with the same values."""
        from optuna.trial import Trial as Live

        self._study.sampler = self._sampler(number)
        (frozen,) = (one for one in self._study.get_trials(deepcopy=False) if one.number == number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            live = Live(self._study, frozen._trial_id)
            for path, distribution in self.distributions.items():
                _suggest(live, path, distribution)  # values that it has stay
        return self._keep(live)

    def repeat(self, number: int) -> None:
        """Lets the next trial have the values of one that failed."""
        params = self._study.get_trials(deepcopy=False)[number].params
        self._study.enqueue_trial(params, user_attrs={AGAIN: number})

    def note_runs(self, number: int, runs: Mapping[int, str]) -> None:
        """Notes down which runs a trial has, by seed."""
        self._live[number].set_user_attr(RUNS, {str(seed): name for seed, name in runs.items()})

    def report(self, number: int, scores: Sequence[float]) -> bool:
        """Tells the scores on dev so far; whether the trial should be stopped by a new one."""
        live = self._live[number]
        told = len(self._study.get_trials(deepcopy=False)[number].intermediate_values)
        stop = False
        for step, score in enumerate(scores[told:], start=told + 1):
            live.report(score, step)
            stop = stop or bool(live.should_prune())
        return stop

    def done(self, number: int, value: float) -> None:
        """Tells the figure of a trial."""
        self._study.tell(number, value)

    def stopped(self, number: int) -> None:
        """Tells that a trial was stopped early."""
        from optuna.trial import TrialState

        self._study.tell(number, state=TrialState.PRUNED)

    def failed(self, number: int, why: str) -> None:
        """Tells that a trial has failed."""
        from optuna.trial import TrialState

        self._live[number].set_user_attr(WHY, why)
        self._study.tell(number, state=TrialState.FAIL)

    def _keep(self, live: Any) -> Trial:
        self._live[live.number] = live
        found: Trial = self.trials[live.number]
        return found

    def _read(self, path: str, value: Any) -> Any:
        values = self.fields[path].values if path in self.fields else None
        if values is None or values.choices is None:
            stepped = values is not None and values.step is not None and isinstance(value, float)
            return rounded(value) if stepped else value
        return json.loads(value)

    def _sampler(self, number: int) -> BaseSampler:
        return sampler(self.search, list(self.fields.values()), number)


def _suggest(live: Any, path: str, distribution: Any) -> None:
    """Draws a value of a trial that has none of this field yet."""
    about = distribution._asdict()
    if "choices" in about:
        live.suggest_categorical(path, about["choices"])
        return
    draw = live.suggest_int if isinstance(about["low"], int) else live.suggest_float
    draw(path, about["low"], about["high"], step=about["step"], log=about["log"])
