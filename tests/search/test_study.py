"""Trials are drawn as Optuna draws them, and none is lost or drawn twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from searches import RATE, SIZE, SPACE, planned
from searches import studies_of as opened

from xlt_cli.errors import RunError
from xlt_cli.search.journal import JOURNAL
from xlt_cli.search.planning import Plan
from xlt_cli.search.study import Study

NUMBERS: dict[str, Any] = {RATE: SPACE[RATE], "stages.0.epochs": {"low": 1, "high": 9}}
GRID: dict[str, Any] = {SIZE: [8, 16, 32], "stages.0.epochs": {"low": 1, "high": 5, "step": 2}}


def study_in(folder: Path, *made: Plan) -> Study:
    return opened(folder, made)[0][1]


def score(values: dict[str, Any]) -> float:
    return sum(float(value) * (1, 10)[place] for place, value in enumerate(values.values()))


def own_sampler(name: str, number: int) -> Any:
    seed = int(np.random.SeedSequence([7, number]).generate_state(1)[0])
    match name:
        case "tpe":
            return optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        case "cma-es":
            return optuna.samplers.CmaEsSampler(seed=seed)
    return optuna.samplers.RandomSampler(seed=seed)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("name", ["tpe", "random", "cma-es"])
@pytest.mark.parametrize("restarted", [False, True])
def test_values_are_those_of_optunas_own_study(tmp_path: Path, name: str, restarted: bool) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    (plan,) = planned({"space": NUMBERS, "trials": 14, "sampler": name, "seed": 7})
    theirs = optuna.create_study(direction="maximize")
    study = study_in(tmp_path, plan)
    for number in range(14):
        theirs.sampler = own_sampler(name, number)
        asked = theirs.ask()
        values = {
            RATE: asked.suggest_float(RATE, 1e-5, 1e-3, log=True),
            "stages.0.epochs": asked.suggest_int("stages.0.epochs", 1, 9),
        }
        theirs.tell(asked, score(values))
        if restarted:
            study = study_in(tmp_path, plan)
        trial = study.ask()
        assert dict(trial.values) == values
        study.done(trial.number, score(values))


def test_a_grid_is_tried_whole_and_each_combination_once(tmp_path: Path) -> None:
    (plan,) = planned({"space": GRID, "sampler": "grid"})
    assert plan.trials == 9
    found = set()
    for _ in range(plan.trials):
        study = study_in(tmp_path, plan)
        trial = study.ask()
        found.add(tuple(trial.values.values()))
        study.done(trial.number, 0.5)
    assert found == {(size, epochs) for size in (8, 16, 32) for epochs in (1, 3, 5)}


def test_steps_are_written_without_noise(tmp_path: Path) -> None:
    space = {"encoder.dropout": {"low": 0.0, "high": 0.3, "step": 0.1}}
    (plan,) = planned({"space": space, "sampler": "grid"})
    study = study_in(tmp_path, plan)
    drawn = {study.ask().values["encoder.dropout"] for _ in range(4)}
    assert drawn == {0.0, 0.1, 0.2, 0.3}


def test_a_begun_trial_is_taken_up_with_its_values(tmp_path: Path) -> None:
    (plan,) = planned({"space": SPACE, "trials": 3})
    begun = study_in(tmp_path, plan).ask()
    again = study_in(tmp_path, plan).go_on(begun.number)
    assert again == begun
    study = study_in(tmp_path, plan)
    assert [trial.state for trial in study.trials] == ["begun"]


def test_a_driver_that_ends_while_it_draws_has_drawn_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plan,) = planned({"space": SPACE, "trials": 3})
    wanted = study_in(tmp_path / "whole", plan).ask()
    real, calls = optuna.storages.JournalStorage.set_trial_param, [0]

    def killed(self: Any, *arguments: Any) -> None:
        calls[0] += 1
        if calls[0] == 2:
            raise KeyboardInterrupt
        real(self, *arguments)

    torn_study = study_in(tmp_path / "torn", plan)
    with monkeypatch.context() as patch:
        patch.setattr(optuna.storages.JournalStorage, "set_trial_param", killed)
        with pytest.raises(KeyboardInterrupt):
            torn_study.ask()
    study = study_in(tmp_path / "torn", plan)
    (torn,) = study.trials
    assert list(torn.values) == [RATE]
    assert study.go_on(0).values.keys() == wanted.values.keys()
    assert study.trials[0].values[RATE] == torn.values[RATE] == wanted.values[RATE]


def test_a_torn_line_and_a_lock_of_a_killed_driver_are_removed(tmp_path: Path) -> None:
    (plan,) = planned({"space": SPACE, "trials": 3})
    begun = study_in(tmp_path, plan).ask()
    journal = tmp_path / "journal" / JOURNAL
    with journal.open("a", encoding="utf-8") as file:
        file.write('{"op_code":')
    journal.with_name(f"{journal.name}.lock").touch()
    study = study_in(tmp_path, plan)
    assert study.go_on(0) == begun
    study.done(0, 0.5)
    assert [trial.state for trial in study_in(tmp_path, plan).trials] == ["done"]


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    (plan,) = planned({"space": SPACE, "trials": 3})
    study_in(tmp_path, plan).ask()
    journal = tmp_path / "journal" / JOURNAL
    first, *others = journal.read_text("utf-8").splitlines(keepends=True)
    journal.write_text("".join([first[:5] + "\n", *others]), "utf-8")
    with pytest.raises(RunError, match="journal of the search is damaged"):
        study_in(tmp_path, plan)


@pytest.mark.parametrize("rule", ["median", "hyperband"])
def test_runs_are_stopped_where_optunas_own_study_stops_them(tmp_path: Path, rule: str) -> None:
    rng = np.random.default_rng(0)
    (plan,) = planned({"space": SPACE, "trials": 12, "stop_early": rule})
    pruners: dict[str, Any] = {
        "median": optuna.pruners.MedianPruner,
        "hyperband": optuna.pruners.HyperbandPruner,
    }
    study = study_in(tmp_path, plan)
    theirs = optuna.create_study(study_name=plan.name, direction="maximize", pruner=pruners[rule]())
    stopped = []
    for _ in range(12):
        trial, asked = study.ask(), theirs.ask()
        curve = list(rng.random(6))
        ends = False
        for step, value in enumerate(curve, start=1):
            asked.report(value, step)
            wanted = asked.should_prune()
            assert study.report(trial.number, curve[:step]) == wanted
            if wanted:
                ends = True
                break
        stopped.append(ends)
        if ends:
            study.stopped(trial.number)
            theirs.tell(asked, state=optuna.trial.TrialState.PRUNED)
        else:
            study.done(trial.number, curve[-1])
            theirs.tell(asked, curve[-1])
    assert any(stopped)
    assert not all(stopped)
