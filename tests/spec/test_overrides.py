"""Overrides: any field, cited where they are wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spec_tools import QUICKSTART, SMALLEST, STAGE, TWO_STAGES, Load, Refused, WriteSpec

from xlt_cli.errors import UserError
from xlt_cli.spec import ExperimentSpec, resolution
from xlt_cli.spec.source import parse_override

# ---------------------------------------------------------------------------------- overrides


def at(spec: ExperimentSpec, path: str) -> object:
    """The value at a path of a resolved spec; None where there is nothing."""
    value: Any = spec.model_dump()
    for part in path.split("/"):
        if not value:
            return None
        value = value[int(part)] if isinstance(value, list) else value.get(part)
    return value


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("max_length=64", "max_length", 64),
        ("name=other", "name", "other"),
        ("seeds=[3, 4]", "seeds", [3, 4]),
        ("seeds=[3]", "seeds", [3]),
        ("seeds.0=9", "seeds", [9]),
        ("stages.0.epochs=0.5", "stages/0/epochs", 0.5),
        ("stages.0.learning_rate=1e-4", "stages/0/learning_rate", 1e-4),
        ("stages.0.languages=no", "stages/0/languages", ["no"]),
        ("stages.0.languages.0=de", "stages/0/languages", ["de"]),
        ("stages.0.max_grad_norm=null", "stages/0/max_grad_norm", None),
        ("stages.0.max_grad_norm=", "stages/0/max_grad_norm", None),
        ("stages.0.dev=null", "stages/0/dev", None),
        ("stages.0.dev.limit=5", "stages/0/dev/limit", 5),
        ("stages.0.task=xnli", "evaluations/0/task/name", "xnli"),
        ("encoder.freeze_layers=6", "encoder/freeze_layers", 6),
        ("encoder=mbert", "encoder/name", "mbert"),
        ("encoder.name=mbert", "encoder/name", "mbert"),
        ("encoder={name: hf, model: a=b}", "encoder/model", "a=b"),
        ("evaluations.0.limit=7", "evaluations/0/limit", 7),
        ("evaluations=[]", "evaluations", []),
        ("stages.0.perturbation.name=word-dropout", "stages/0/perturbation/0/probability", 0.1),
        ("sweep.grid.stages.0.epochs=[1, 2]", "sweep/grid", {"stages.0.epochs": [1, 2]}),
        ("sweep.points=[{stages.0.epochs: 1}]", "sweep/points/0", {"stages.0.epochs": 1}),
        (" stages . 0 . epochs =4", "stages/0/epochs", 4),
    ],
)
def test_an_override_sets_any_field(load: Load, override: str, path: str, value: object) -> None:
    assert at(load(SMALLEST), path) != value
    assert at(load(SMALLEST, override), path) == value


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("stages.1.languages.1=fr", "stages/1/languages", ["en", "fr"]),
        ("stages.1.perturbation=null", "stages/1/perturbation", []),
        ("stages.1.perturbation.probability=0.5", "stages/1/perturbation/0/probability", 0.5),
        ("stages.1.perturbation.0.probability=0.5", "stages/1/perturbation/0/probability", 0.5),
        ("stages.1.perturbation=[typos, smart]", "stages/1/perturbation/0/name", "typos"),
        ("encoder.freeze_layers=6", "encoder/freeze_layers", 6),
        ("evaluations.0.languages=all", "evaluations/0/languages", None),
    ],
)
def test_an_override_replaces_what_the_file_says(
    load: Load, override: str, path: str, value: object
) -> None:
    assert at(load(TWO_STAGES), path) != value
    assert at(load(TWO_STAGES, override), path) == value


def test_an_override_leaves_everything_else_as_it_is(load: Load) -> None:
    plain, changed = load(TWO_STAGES), load(TWO_STAGES, "stages.1.epochs=9")
    changed.stages[1].epochs = plain.stages[1].epochs
    assert changed == plain


def test_the_last_override_of_a_field_wins_and_later_ones_build_on_earlier(load: Load) -> None:
    spec = load(SMALLEST, "max_length=64", "max_length=32", "encoder=hf", "encoder.model=a/b")
    assert spec.max_length == 32
    assert spec.encoder.params["model"] == "a/b"


def test_resolving_changes_neither_the_document_nor_the_overrides(write_spec: WriteSpec) -> None:
    overrides = ["encoder={name: hf, model: a}", "encoder.freeze_layers=1"]
    source = resolution.read(write_spec(SMALLEST), overrides)
    first = resolution.resolve(source).spec
    assert source.overrides[0].value == {"name": "hf", "model": "a"}
    assert source.document.value["encoder"] == "e5-small-q4"
    assert resolution.resolve(source).spec == first


@pytest.mark.parametrize(
    ("override", "what", "hint"),
    [
        ("stages.0.epoch=1", "unknown field 'epoch'", "did you mean 'epochs'?"),
        ("stages.0.epochs=x", "valid number, not 'x'", ""),
        ("stages.0.epochs.x=1", "'stages.0.epochs' is a single value", ""),
        ("stages.2.epochs=1", "'stages' has no item '2': it has 2, counted from 0", ""),
        ("stages.-1.epochs=1", "'stages' has no item '-1'", ""),
        ("stages.first.epochs=1", "'stages' has no item 'first'", ""),
        ("stages.²=1", "'stages' has no item '²'", ""),
        ("evaluations.1.limit=1", "'evaluations' has no item '1'", ""),
        ("encoder.frozen=1", "unknown parameter 'frozen' of 'e5-small-q4'", "known: "),
        ("encoder=mbrt", "unknown encoder 'mbrt'", "did you mean 'mbert'?"),
        ("encoder={name: hf", "not valid YAML", "the value is: {name: hf"),
        ("0=1", "'0' is a number where a field's name is expected", ""),
        ("nonsense", "an override has the form path.of.field=value", ""),
        ("=1", "is not the path of a field", ""),
        ("stages..epochs=1", "is not the path of a field", ""),
        ("seeds=[1, 1]", "a seed is listed twice", ""),
    ],
)
def test_a_wrong_override_is_cited(refused: Refused, override: str, what: str, hint: str) -> None:
    spec = TWO_STAGES + "\n"
    error = refused(spec, "max_length=64", override)
    assert what in error.what
    assert error.where.startswith(f"--set {override}")
    assert hint in error.hint


def test_an_override_that_is_innocent_is_not_blamed(refused: Refused) -> None:
    error = refused(SMALLEST + "seeds: [1, 1]\n", "stages.0.epochs=1")
    assert error.where == "spec.yaml:4: seeds"


def test_an_error_above_an_override_names_the_file_and_the_override(refused: Refused) -> None:
    error = refused(STAGE + "batch_size: 4\n", "stages.0.accumulate=8")
    assert error.where == "spec.yaml:3: stages.0 (with --set stages.0.accumulate=8)"


def test_an_error_below_an_override_names_the_override_and_the_path(refused: Refused) -> None:
    error = refused(SMALLEST, "encoder=hf")
    assert error.where == "--set encoder=hf: encoder.model"


PARTS = st.lists(
    st.from_regex(r"[a-z_]{1,8}", fullmatch=True) | st.integers(0, 999).map(str),
    min_size=1,
    max_size=5,
)


@given(PARTS, st.integers())
def test_a_path_is_read_part_by_part(parts: list[str], value: int) -> None:
    override = parse_override(f"{'.'.join(parts)}={value}")
    assert [str(part) for part in override.loc] == parts
    assert all(isinstance(p, int) == bool(re.fullmatch("[0-9]+", str(p))) for p in override.loc)
    assert override.value == value


def attempt(overrides: list[str]) -> ExperimentSpec | UserError:
    try:
        return resolution.load(QUICKSTART, overrides)
    except UserError as error:
        return error


@given(st.lists(st.text(max_size=40), max_size=3))
def test_any_overrides_give_a_spec_or_an_error_for_users(overrides: list[str]) -> None:
    found = attempt(overrides)
    assert isinstance(found, ExperimentSpec) or found.what


FIELDS = ["encoder", "stages.0", "stages.0.task", "evaluations.0", "sweep", "seeds", "stages", "x"]
VALUES = ["1", "null", "[]", "{}", "[[]]", "{a: 1}", "x", "true", "-1", "{name: hf, model: 1}"]


@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(VALUES)), max_size=3))
def test_fields_of_the_wrong_shape_give_a_spec_or_an_error_for_users(
    changes: list[tuple[str, str]],
) -> None:
    found = attempt([f"{field}={value}" for field, value in changes])
    assert isinstance(found, ExperimentSpec) or "--set" in found.where
