"""The shape of a spec: what the models take, refuse, and what names a run."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xlt_cli.compute import devices
from xlt_cli.spec import ExperimentSpec, Stage
from xlt_cli.spec.identity import identity

SMALLEST: dict[str, Any] = {"encoder": "mbert", "stages": [{"task": "xnli"}]}


def spec(**changes: Any) -> ExperimentSpec:
    return ExperimentSpec.model_validate({**copy.deepcopy(SMALLEST), **changes})


def stage(**changes: Any) -> Stage:
    return Stage.model_validate({"task": "xnli", **changes})


def first_problem(build: Any, **changes: Any) -> tuple[Any, ...]:
    with pytest.raises(ValidationError) as caught:
        build(**changes)
    return caught.value.errors()[0]["loc"]


# --------------------------------------------------------------------------------- shorthands


def test_a_plugin_is_a_name_or_a_name_with_parameters() -> None:
    assert spec().encoder.name == "mbert"
    assert spec().encoder.params == {}
    use = spec(encoder={"name": "hf", "model": "a/b"}).encoder
    assert (use.name, use.params) == ("hf", {"model": "a/b"})


@pytest.mark.parametrize("written", ["en", ["en"]])
def test_one_language_needs_no_list(written: object) -> None:
    assert stage(languages=written).languages == ["en"]


def test_seeds_are_a_list() -> None:
    assert spec(seeds=[3]).seeds == [3]
    assert first_problem(spec, seeds=3) == ("seeds",)


def test_one_setting_needs_no_list() -> None:
    assert spec(evaluations=[{"settings": "generalized"}]).evaluations[0].settings == [
        "generalized"
    ]


@pytest.mark.parametrize("written", ["all", None])
def test_all_languages_are_none_in_particular(written: object) -> None:
    assert spec(evaluations=[{"languages": written}]).evaluations[0].languages is None


def test_without_evaluations_there_is_one_on_test() -> None:
    (only,) = spec().evaluations
    assert (only.split, only.settings, only.languages, only.limit) == (
        "test",
        ["standard"],
        None,
        None,
    )


def test_no_evaluations_can_be_asked_for() -> None:
    assert spec(evaluations=[]).evaluations == []


def test_two_specs_share_no_defaults() -> None:
    one, other = spec(), spec()
    one.evaluations[0].settings.append("generalized")
    one.seeds.append(7)
    assert other.evaluations[0].settings == ["standard"]
    assert other.seeds == [1]


# ------------------------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("changes", "loc"),
    [
        ({"epoch": 1}, ("epoch",)),
        ({"epochs": 0}, ("epochs",)),
        ({"epochs": "3"}, ("epochs",)),
        ({"epochs": True}, ("epochs",)),
        ({"epochs": float("inf")}, ("epochs",)),
        ({"epochs": float("nan")}, ("epochs",)),
        ({"limit": 0}, ("limit",)),
        ({"limit": 2.5}, ("limit",)),
        ({"limit": True}, ("limit",)),
        ({"batch_size": -1}, ("batch_size",)),
        ({"learning_rate": "2e-5"}, ("learning_rate",)),
        ({"learning_rate": 0}, ("learning_rate",)),
        ({"learning_rate": float("inf")}, ("learning_rate",)),
        ({"warmup": 1.1}, ("warmup",)),
        ({"schedule": "polynomial"}, ("schedule",)),
        ({"warmup_steps": -1}, ("warmup_steps",)),
        ({"label_smoothing": 1}, ("label_smoothing",)),
        ({"focal_gamma": -1}, ("focal_gamma",)),
        ({"select": "first"}, ("select",)),
        ({"split": "everything"}, ("split",)),
        ({"languages": []}, ("languages",)),
        ({"languages": [1]}, ("languages", 0)),
        ({"languages": [True]}, ("languages", 0)),
        ({"max_grad_norm": 0}, ("max_grad_norm",)),
        ({"patience": 0}, ("patience",)),
        ({"dev": {"splits": "dev"}}, ("dev", "splits")),
        ({"task": 5}, ("task",)),
        ({"task": {"nme": "xnli"}}, ("task", "name")),
        ({"perturbation": [7]}, ("perturbation", 0)),
        ({"perturbation": [{"name": "a", "proportion": 0}]}, ("perturbation", 0, "proportion")),
        ({"perturbation": [{"name": "a", "proportion": 1.5}]}, ("perturbation", 0, "proportion")),
        ({"batch_size": 4, "accumulate": 5}, ()),
    ],
)
def test_a_stage_refuses(changes: dict[str, Any], loc: tuple[Any, ...]) -> None:
    assert first_problem(stage, **changes) == loc


@pytest.mark.parametrize(
    ("changes", "loc"),
    [
        ({"stages": []}, ("stages",)),
        ({"stages": {"task": "xnli"}}, ("stages",)),
        ({"stages": ["xnli"]}, ("stages", 0)),
        ({"stages": [{}]}, ("stages", 0, "task")),
        ({"encoder": None}, ("encoder",)),
        ({"seeds": []}, ("seeds",)),
        ({"seeds": [1, 1]}, ("seeds",)),
        ({"seeds": [True]}, ("seeds", 0)),
        ({"seeds": [1.0]}, ("seeds", 0)),
        ({"max_length": 7}, ("max_length",)),
        ({"precision": "fp16"}, ("precision",)),
        ({"name": ""}, ("name",)),
        ({"name": "../up"}, ("name",)),
        ({"name": "a/b"}, ("name",)),
        ({"name": ".hidden"}, ("name",)),
        ({"name": "x" * 101}, ("name",)),
        ({"name": "x\n"}, ("name",)),
        ({"evaluations": None}, ("evaluations",)),
        ({"evaluations": [{"settings": []}]}, ("evaluations", 0, "settings")),
        ({"evaluations": [{"settings": ["all"]}]}, ("evaluations", 0, "settings", 0)),
        ({"evaluations": [{"languages": []}]}, ("evaluations", 0, "languages")),
        ({"sweep": {"grids": {}}}, ("sweep", "grids")),
        ({"sweep": {"grid": {"max_length": []}}}, ("sweep", "grid", "max_length")),
        ({"sweep": {"grid": {"max_length": 64}}}, ("sweep", "grid", "max_length")),
        ({"sweep": {"points": {"max_length": 64}}}, ("sweep", "points")),
        ({"sweep": {"points": [{}, None]}}, ("sweep", "points", 1)),
    ],
)
def test_a_spec_refuses(changes: dict[str, Any], loc: tuple[Any, ...]) -> None:
    assert first_problem(spec, **changes) == loc


def test_a_whole_number_is_a_float_where_one_is_asked_for() -> None:
    assert stage(epochs=3).epochs == 3.0
    assert isinstance(stage(epochs=3).epochs, float)


# ----------------------------------------------------------------------------------- identity


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """`precision: auto` is that of the processor, also where the tests run beside a GPU."""
    monkeypatch.setattr(devices, "may_have_gpu", lambda: False)


def test_an_identity_is_sixteen_hexadecimal_digits() -> None:
    assert len(identity(spec(), 1)) == 16
    assert int(identity(spec(), 1), 16) >= 0


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"device": "cpu"},
        {"seeds": [1, 2, 3]},
        {"evaluations": [{"split": "dev"}]},
        {"sweep": {"grid": {"max_length": [64, 128]}}},
        {"sweep": {"points": [{"max_length": 64}]}},
        {"encoder": {"name": "mbert"}},
        {"max_length": 128},
    ],
)
def test_what_is_not_trained_is_no_part_of_the_identity(changes: dict[str, Any]) -> None:
    assert identity(spec(**changes), 1) == identity(spec(), 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": "xlm-r-base"},
        {"encoder": {"name": "mbert", "freeze_layers": 1}},
        {"max_length": 64},
        {"precision": "bf16"},
        {"stages": [{"task": "pawsx"}]},
        {"stages": [{"task": "xnli", "epochs": 2}]},
        {"stages": [{"task": "xnli", "languages": ["de"]}]},
        {"stages": [{"task": "xnli", "perturbation": "word-dropout"}]},
        {"stages": [{"task": "xnli"}, {"task": "xnli"}]},
    ],
)
def test_what_is_trained_is_the_identity(changes: dict[str, Any]) -> None:
    assert identity(spec(**changes), 1) != identity(spec(), 1)


def test_each_seed_has_an_identity_of_its_own() -> None:
    assert len({identity(spec(), seed) for seed in range(100)}) == 100


@given(
    st.builds(
        dict,
        epochs=st.floats(0.1, 100),
        learning_rate=st.floats(1e-7, 1),
        limit=st.none() | st.integers(1, 10**6),
        languages=st.none() | st.lists(st.text("abcé", min_size=1), min_size=1, max_size=3),
        max_grad_norm=st.none() | st.floats(0.1, 10),
    )
)
def test_a_spec_stored_as_json_is_the_same_spec(values: dict[str, Any]) -> None:
    before = spec(stages=[{"task": "xnli", **values}])
    after = ExperimentSpec.model_validate(before.model_dump(mode="json"))
    assert after == before
    assert identity(after, 1) == identity(before, 1)
    assert ExperimentSpec.model_validate_json(before.model_dump_json()) == before
