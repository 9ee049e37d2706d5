"""What a spec may say of a search, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from searches import RATE, SIZE, SPACE, done, driver, planned, source_of, to_the_end

from xlt_cli import shipped
from xlt_cli.errors import SpecError
from xlt_cli.runs.making import planned as run_of
from xlt_cli.search.planning import plans, runs_ahead
from xlt_cli.spec.source import read
from xlt_cli.sweep.plan import points

OK: dict[str, Any] = {"space": SPACE, "trials": 3}


def refused(search: dict[str, Any], sweep: dict[str, Any] | None = None, **top: Any) -> str:
    with pytest.raises(SpecError) as caught:
        planned(search, sweep, **top)
    return str(caught.value)


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"space": SPACE}, "`trials` is missing"),
        ({"space": {}, "trials": 3}, "`space` is missing"),
        ({"space": SPACE, "trials": 0}, "greater than or equal to 1"),
        ({**OK, "sampler": "tpee"}, "did you mean 'tpe'"),
        ({**OK, "optimise": {}}, "unknown field 'optimise'"),
        ({**OK, "space": {RATE: {"low": 2, "high": 1}}}, "low (2) is above high (1)"),
        ({**OK, "space": {RATE: {"low": 0, "high": 1e-3, "log": True}}}, "begins above 0"),
        ({**OK, "space": {RATE: {"low": 1e-5}}}, "or a list of choices"),
        ({**OK, "space": {RATE: {"low": "few", "high": 1}}}, "a number is expected"),
        ({**OK, "space": {RATE: {"low": 1e-5, "high": 1e-3, "step": 0}}}, "a step is above 0"),
        ({**OK, "space": {SIZE: {"low": 1, "high": 9, "step": 0.5}}}, "the bounds are integers"),
        ({**OK, "space": {RATE: {"low": 1e-5, "high": 1.0, "log": True, "step": 0.1}}}, "no step"),
        ({**OK, "space": {SIZE: [8, 16, 8]}}, "the value 8 is among the choices twice"),
        ({**OK, "space": {SIZE: []}}, "at least 1 item"),
        ({**OK, "space": {SIZE: {"choices": [8], "low": 1}}}, "either choices or a range"),
        ({**OK, "space": {"stages.0.learning_rat": [1e-5]}}, "did you mean 'learning_rate'"),
        ({**OK, "space": {"stages.1.learning_rate": [1e-5]}}, "has no item '1'"),
        ({**OK, "space": {SIZE: {"low": 0, "high": 8}}}, "sweep.search.space"),
        ({**OK, "space": {SIZE: [8, -1]}}, "batch_size"),
        ({**OK, "space": {RATE: [1e-5, "fast"]}}, "'fast'"),
        ({**OK, "space": {"seeds": [1, 2]}}, "'seeds' cannot be swept"),
        ({**OK, "space": {RATE: [1.0], "stages.0": [{}]}}, "are both searched, and overlap"),
        ({**OK, "sampler": "grid"}, "a grid needs the values of"),
        ({**OK, "sampler": "cma-es"}, "cma-es searches numbers"),
        ({**OK, "sampler": "cma-es", "space": {RATE: SPACE[RATE]}}, "two fields or more"),
        ({**OK, "space": {RATE: 3}}, "give a range, {low: 1e-5, high: 1e-4}, or a list"),
        ({**OK, "space": [RATE]}, "a mapping is expected here"),
        ({**OK, "optimize": {"evaluation": 0}}, "the spec has no evaluation 0"),
        ({**OK, "optimize": {"languages": ["de"], "group": "zero_shot"}}, "languages or a group"),
    ],
)
def test_what_cannot_be_searched_is_refused(search: dict[str, Any], said: str) -> None:
    message = refused(search)
    assert said in message
    assert "spec.yaml:" in message


def test_both_ends_of_a_range_are_tried_and_their_line_is_named() -> None:
    message = refused({"space": {SIZE: {"low": 0, "high": 8}}, "trials": 3})
    assert "spec.yaml:11: sweep.search.space.stages.0.batch_size.low" in message


def test_a_field_is_in_one_axis_only() -> None:
    assert "in the search and in the grid" in refused(OK, {"grid": {SIZE: [8]}})
    assert "in the search and in the points" in refused(OK, {"points": [{SIZE: 8}]})
    assert "in the search and in zip" in refused(OK, {"zip": {SIZE: [8]}})
    assert "which is searched" in refused(OK, {"where": [f"{SIZE} <= 8"]})
    assert "is not varied by the sweep" in refused(OK, {"exclude": [{SIZE: 8}]})


def test_each_point_of_the_sweep_has_a_search_of_its_own() -> None:
    arms = [{"name": "direct"}, {"name": "twice", "before": [{"task": "pawsx", "epochs": 1}]}]
    one, other = planned(OK, {"arms": arms})
    assert [one.name, other.name] == ["direct", "twice"]
    assert [field.loc[1] for field in other.fields] == [1, 1]
    (run,) = other.runs(0, {RATE: 1e-4, SIZE: 16})
    assert [stage.learning_rate for stage in run.spec.stages] == [2e-5, 1e-4]
    assert run.label == "trial 0 twice stages.0.learning_rate=0.0001 stages.0.batch_size=16"


def test_choices_may_be_any_values_and_keep_their_text() -> None:
    noise = [None, "typos", {"name": "typos", "rate": 0.1}]
    (plan,) = planned({"space": {"stages.0.perturbation": noise}, "sampler": "grid"})
    assert plan.trials == 3
    made = [plan.runs(n, {"stages.0.perturbation": value})[0] for n, value in enumerate(noise)]
    assert made[0].spec.stages[0].perturbation == []
    assert made[2].spec.stages[0].perturbation[0].params["rate"] == 0.1


def test_what_is_optimised_is_source_dev_unless_something_else_is_asked_for() -> None:
    (plan,) = planned(OK)
    assert (plan.objective.what, plan.objective.oracle) == ("pawsx dev en accuracy", "")
    dev = {"split": "dev", "languages": ["en", "de"]}
    (plan,) = planned(OK, stages=[{"task": "pawsx", "dev": dev}])
    assert "dev has de, which stage 1 is not trained on" in plan.objective.oracle
    # It also has a part in a choice by another figure, where it selects the step.
    search = {**OK, "optimize": {"group": "trained_on"}}
    about: dict[str, Any] = {"evaluations": [{"split": "dev", "languages": ["en"]}]}
    (plan,) = planned(search, stages=[{"task": "pawsx", "dev": dev}], **about)
    assert "dev has de" in plan.objective.oracle
    last = [{"task": "pawsx", "dev": dev, "select": "last"}]
    (plan,) = planned(search, stages=last, **about)
    assert plan.objective.oracle == ""
    (plan,) = planned({**search, "stop_early": "median"}, stages=last, **about)
    assert "dev has de" in plan.objective.oracle
    assert "no dev" in refused(OK, stages=[{"task": "pawsx", "dev": None, "select": "last"}])


def test_a_figure_of_an_evaluation_may_be_optimised() -> None:
    def objective(**optimize: Any) -> Any:
        (plan,) = planned({**OK, "optimize": optimize}, evaluations=[{"languages": ["en", "de"]}])
        return plan.objective

    assert objective(evaluation="pawsx").what == "pawsx test zero-shot accuracy"
    assert "of de, which the model is not trained on" in objective(evaluation=0).oracle
    assert "of test data" in objective(group="trained_on").oracle
    german = objective(languages=["deu"], metric="macro_f1")
    assert (german.languages, german.metric, german.evaluation) == (("de",), "macro_f1", 0)
    about: dict[str, Any] = {"evaluations": [{"languages": ["en", "de"]}]}
    assert "did you mean 'pawsx'" in refused({**OK, "optimize": {"evaluation": "paws"}}, **about)
    assert "no metric 'acc'" in refused({**OK, "optimize": {"metric": "acc"}}, **about)
    assert "no language 'fr'" in refused({**OK, "optimize": {"languages": ["fr"]}}, **about)
    assert "settings" in refused({**OK, "optimize": {"group": "generalized"}}, **about)


def test_the_search_that_ships_is_valid_and_looks_at_english_dev_alone() -> None:
    source = read(shipped.experiments() / "search.yaml")
    (plan,) = plans(points(source), source)
    assert (plan.trials, plan.objective.oracle, plan.point.spec.evaluations) == (8, "", [])
    assert plan.objective.what == "mini-pawsx dev en accuracy"


EPSILON, ALPHA = "stages.0.perturbation.epsilon", "stages.0.perturbation.alpha"
ADVERSARIAL = {"stages.0.perturbation": {"name": "adversarial"}}


def own(search: Any, **more: Any) -> dict[str, Any]:
    """Two points, of which the second has a search of its own."""
    second = {"name": "adversarial", **ADVERSARIAL, "search": search, **more}
    return {"points": [{"name": "plain", "stages.0.perturbation": None}, second]}


def test_a_point_may_search_fields_of_its_own() -> None:
    """Beside those of all points; over other values, and with another number of trials."""
    space = {EPSILON: {"low": 0.0, "high": 0.5}, SIZE: [64]}
    plain, adversarial = planned(OK, own({"space": space, "trials": 5}))
    assert (plain.name, [field.path for field in plain.fields]) == ("plain", [RATE, SIZE])
    assert [field.path for field in adversarial.fields] == [RATE, SIZE, EPSILON]
    assert (plain.trials, adversarial.trials) == (3, 5)
    (run,) = adversarial.runs(0, {RATE: 1e-4, SIZE: 64, EPSILON: 0.25})
    (perturbation,) = run.spec.stages[0].perturbation
    assert (run.spec.stages[0].batch_size, perturbation.params["epsilon"]) == (64, 0.25)
    assert run.label.startswith("trial 0 adversarial stages.0.learning_rate=")


def test_all_spaces_may_be_those_of_points() -> None:
    points = [
        {"name": "a", "search": {"space": {RATE: [1e-5, 2e-5]}}},
        {"name": "b", "stages.0.epochs": 2, "search": {"space": {SIZE: [8, 16, 32]}}},
    ]
    a, b = planned({"sampler": "grid"}, {"points": points})
    assert [(plan.trials, plan.fields[0].path) for plan in (a, b)] == [(2, RATE), (3, SIZE)]


@pytest.mark.parametrize(
    ("search", "sweep", "said"),
    [
        (OK, own({"spaces": {}}), "unknown field 'spaces'"),
        (OK, own({"space": {EPSILON: {"low": 2, "high": 1}}}), "low (2) is above high (1)"),
        (OK, own({"space": {"stages.0.perturbation.epsilom": [1]}}), "epsilom"),
        (OK, own({"space": {EPSILON: [0.1, "far"]}}), "'far'"),
        (OK, own({"trials": 0}), "greater than or equal to 1"),
        (OK, own([RATE]), "a mapping of names to values"),
        (OK, own({"space": {EPSILON: [0.1]}}, **{EPSILON: 0.2}), "in the search and in the points"),
        (OK, own({"space": {"stages.0": [{}]}}), "are both searched, and overlap"),
        ({**OK, "sampler": "grid"}, own({}), "a grid needs the values of"),
        ({"trials": 3}, own({"space": {RATE: [1.0]}}), "`space` is missing"),
        ({"space": SPACE}, own({"trials": 3}), "`trials` is missing"),
        (OK, {**own({"space": {EPSILON: [0.1]}}), "where": [f"{EPSILON} <= 1"]}, "is searched"),
    ],
)
def test_what_a_point_cannot_search_is_refused(
    search: dict[str, Any], sweep: dict[str, Any], said: str
) -> None:
    message = refused(search, sweep)
    assert said in message
    assert "spec.yaml:" in message


def test_a_search_of_a_point_needs_one_of_the_sweep() -> None:
    source = source_of({}, own({"space": {EPSILON: [0.1]}}))
    del source.document.value["sweep"]["search"]
    with pytest.raises(SpecError, match="the sweep has none"):
        points(source)


@pytest.mark.parametrize("sampler", ["random", "grid"])
def test_trials_that_depend_on_no_result_are_known_beforehand(sampler: str, tmp_path: Path) -> None:
    """They are those that the driver draws, whatever its runs bring."""
    space = {RATE: {"low": 1e-5, "high": 9e-5, "step": 1e-5}, SIZE: [8, 16, 32]}
    grid = {"grid": {"stages.0.epochs": [1, 2]}}
    searches = planned({"space": space, "trials": 6, "sampler": sampler}, grid, seeds=[1, 2])
    ahead = runs_ahead(searches)
    to_the_end(driver(tmp_path, searches), tmp_path, lambda job: done(job, tmp_path))
    made = [run_of(tmp_path, run.spec, run.seed).name for run in ahead]
    assert sorted(made) == sorted({run.parent.name for run in tmp_path.glob("*/run.json")})
    assert [run.label.split()[1] for run in ahead][:4] == ["0"] * 4


@pytest.mark.parametrize(
    ("search", "why"),
    [
        ({}, "`sampler: tpe` draws values"),
        ({"sampler": "random", "stop_early": "median"}, "`stop_early: median` stops them"),
    ],
)
def test_trials_that_depend_on_results_are_not(search: dict[str, Any], why: str) -> None:
    with pytest.raises(SpecError, match=why) as caught:
        runs_ahead(planned({**OK, **search}))
    assert "sampler: random" in caught.value.hint
