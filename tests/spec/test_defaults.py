"""Specs as they are meant: defaults, plugins' parameters, what ships."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spec_tools import QUICKSTART, SMALLEST, TWO_STAGES, Load

from xlt_cli import registry
from xlt_cli.errors import UserError
from xlt_cli.spec import ExperimentSpec, resolution
from xlt_cli.spec.building import build_encoder, build_perturbation, build_task
from xlt_cli.spec.identity import identity

# ----------------------------------------------------------------------------------- defaults


def test_the_smallest_spec_has_three_lines_and_every_default(load: Load) -> None:
    spec = load(SMALLEST)
    (stage,) = spec.stages
    assert spec.name == "spec"
    assert stage.languages == ["en"]
    assert stage.dev is not None
    assert stage.dev.languages == ["en"]
    assert spec.evaluations[0].task is not None
    assert spec.evaluations[0].task.name == "mini-pawsx"


def test_a_spec_states_the_defaults_of_its_plugins(load: Load) -> None:
    spec = load(SMALLEST)
    plugin = registry.get("encoder", "e5-small-q4")
    assert set(spec.encoder.params) == set(plugin.Params.model_fields)


def test_the_default_evaluation_is_the_last_stages_task_with_its_parameters(
    load: Load, tmp_path: Path
) -> None:
    own = "{name: text-classification, path: here, labels: [0, 1]}"
    spec = load(f"encoder: mbert\nstages:\n- task: xnli\n- task: {own}\n")
    task = spec.evaluations[0].task
    assert task is not None
    assert task.name == "text-classification"
    assert task.params["labels"] == ["0", "1"]
    assert task is not spec.stages[1].task


def test_dev_is_in_the_stages_own_languages(load: Load) -> None:
    spec = load(SMALLEST + "    languages: [de, fr]\n")
    assert spec.stages[0].dev is not None
    assert spec.stages[0].dev.languages == ["de", "fr"]


def test_loading_twice_gives_the_same(load: Load) -> None:
    assert load(TWO_STAGES) == load(TWO_STAGES)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("typos", {"typos": 1.0}),
        ("[typos, smart]", {"typos": 1.0, "smart": 1.0}),
        ("[{name: typos, proportion: 0.3}, smart]", {"typos": 0.3, "smart": 1.0}),
        ("[smart, vat]", {"smart": 0.5, "vat": 0.5}),
        (
            "[{name: smart, proportion: 0.4}, vat, freelb]",
            {"smart": 0.4, "vat": 0.3, "freelb": 0.3},
        ),
        ("[{name: smart, proportion: 0.4}]", {"smart": 0.4}),
        ("[]", {}),
        ("null", {}),
    ],
)
def test_proportions_of_perturbations(load: Load, written: str, expected: dict[str, float]) -> None:
    spec = load(SMALLEST + f"    perturbation: {written}\n")
    found = {use.name: use.proportion for use in spec.stages[0].perturbation}
    assert found == pytest.approx(expected)


def test_a_single_perturbation_is_a_list_of_one(load: Load) -> None:
    one, several = (
        load(SMALLEST + f"    perturbation: {written}\n")
        for written in ("typos", "[{name: typos}]")
    )
    assert one == several
    assert identity(one, 1) == identity(several, 1)


def test_a_resolved_spec_is_a_valid_spec_with_the_same_plugins(load: Load) -> None:
    spec = load(TWO_STAGES)
    again = ExperimentSpec.model_validate(spec.model_dump(mode="json"))
    assert again == spec
    assert build_encoder(again.encoder).name == "e5-small-q4"
    assert [build_task(stage.task).name for stage in again.stages] == ["xnli", "pawsx"]
    assert [build_perturbation(use).name for use in again.stages[1].perturbation] == [
        "word-dropout"
    ]


@given(st.text(max_size=150))
def test_a_name_made_from_any_file_name_is_a_valid_name(stem: str) -> None:
    name = resolution._slug(stem)
    ExperimentSpec.model_validate({"name": name, "encoder": "a", "stages": [{"task": "b"}]})


@pytest.mark.parametrize(
    "path", sorted(QUICKSTART.parent.glob("*.yaml")), ids=lambda path: path.name
)
def test_the_shipped_experiments_are_valid(path: Path) -> None:
    assert resolution.load(path).name == path.stem


def test_a_test_that_the_head_cannot_answer_is_refused(
    refused: Callable[..., UserError],
) -> None:
    error = refused("encoder: mbert\nstages:\n- task: xnli\nevaluations:\n- task: pawsx\n")
    assert "cannot be tested on 'pawsx'" in error.what
    assert error.where.endswith(":5: evaluations.0.task")
