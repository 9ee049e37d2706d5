"""Conditions in a spec: how they are written, what names their cells, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from xlt_cli.api import PluginUse
from xlt_cli.errors import SpecError, UserError
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ExperimentSpec, resolution
from xlt_cli.spec.identity import condition_key, identity
from xlt_cli.spec.parts import every_use

Load = Callable[[str], ExperimentSpec]
GAUSSIAN = "{name: random-perturbation, distribution: gaussian}"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """A spec whose evaluation has these lines."""

    def read(lines: str, task: str = "xnli") -> ExperimentSpec:
        path = tmp_path / "spec.yaml"
        path.write_text(
            f"encoder: mbert\nstages:\n- task: {task}\nevaluations:\n- limit: 7\n{lines}", "utf-8"
        )
        return resolution.load(path)

    return read


def keys(spec: ExperimentSpec) -> list[str]:
    return [condition_key(use, {}) for use in spec.evaluations[0].under]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (f"noise: {GAUSSIAN}", "xnli-test-80296cf4"),
        (
            "noise: {name: random-perturbation, distribution: gaussian, radius: 0.25}, "
            "samples: 9, alpha: 0.01",
            "xnli-test-07cffff3",
        ),
    ],
)
def test_the_former_field_keeps_the_names_that_it_gave(load: Load, given: str, name: str) -> None:
    spec = load(f"  smoothing: {{{given}}}\n")
    assert Store.open(Path("nowhere"), spec.evaluations[0]).path.name == name
    (use,) = spec.evaluations[0].under
    assert use.name == "smoothing"
    beside = load(f"  conditions: [{{name: smoothing, {given}}}]\n")
    assert keys(beside) == keys(spec)


def test_conditions_are_no_part_of_the_names_of_runs_and_evaluations(load: Load) -> None:
    plain, more = load(""), load("  conditions: [clean, {name: perturbed, perturbation: typos}]\n")
    assert identity(plain, 1) == identity(more, 1)
    names = {Store.open(Path("nowhere"), spec.evaluations[0]).path for spec in (plain, more)}
    assert len(names) == 1


def test_a_key_is_of_what_differs_from_the_defaults(load: Load) -> None:
    written = [
        "{name: perturbed, perturbation: typos}",
        "{name: perturbed, perturbation: {name: typos, rate: 0.1}, seed: 0}",
        "{name: perturbed, perturbation: {name: typos, rate: 0.2}}",
        "{name: perturbed, perturbation: typos, strength: 0.2}",
        "{name: perturbed, perturbation: typos, seed: 1}",
        "{name: perturbed, perturbation: word-order}",
    ]
    found = [keys(load(f"  conditions: {one}\n"))[0] for one in written]
    assert found[0] == found[1]
    assert len(set(found)) == len(found) - 1
    assert all(key.startswith("perturbed-") for key in found)


def test_a_key_is_of_the_data_and_of_the_versions_of_plugins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from xlt_cli import registry

    use = PluginUse.model_validate({"name": "perturbed", "perturbation": {"name": "typos"}})
    before = condition_key(use, {"lexicon": "00"})
    assert condition_key(use, {"lexicon": "01"}) != before
    monkeypatch.setattr(registry.get("perturbation", "typos"), "version", 2)
    assert condition_key(use, {"lexicon": "00"}) != before


def test_parts_are_resolved_with_their_defaults(load: Load) -> None:
    spec = load("  conditions: [clean, {name: perturbed, perturbation: typos}]\n")
    _, use = spec.evaluations[0].conditions
    assert use.params["perturbation"]["rate"] == 0.1
    assert use.params["strength"] is None
    assert [(kind, one.name) for kind, one in every_use("condition", use)] == [
        ("condition", "perturbed"),
        ("perturbation", "typos"),
    ]
    again = ExperimentSpec.model_validate(spec.model_dump(mode="json"))
    assert again.evaluations == spec.evaluations
    assert Evaluation.model_validate({"task": "xnli"}).conditions == [PluginUse(name="clean")]


@pytest.mark.parametrize(
    ("lines", "what", "where"),
    [
        (
            "  conditions: [{name: perturbed, perturbation: {name: typos, rate: 2}}]\n",
            "less than or equal to 1, not 2",
            "spec.yaml:6: evaluations.0.conditions.0.perturbation.rate",
        ),
        (
            "  conditions:\n  - clean\n  - {name: perturbed, perturbation: vat}\n",
            "'vat' is for training only",
            "spec.yaml:8: evaluations.0.conditions.1.perturbation",
        ),
        (
            "  conditions: {name: perturbed, perturbation: typos, strength: 7}\n",
            "'typos' (rate): Input should be less than or equal to 1",
            "spec.yaml:6: evaluations.0.conditions.strength",
        ),
        (
            "  conditions: {name: perturbed, perturbation: {name: consistency}}\n",
            "is for training only",
            "spec.yaml:6: evaluations.0.conditions.perturbation",
        ),
        ("  conditions: [clean, clean]\n", "is listed twice", "evaluations.0.conditions.1"),
        ("  conditions: []\n", "at least 1", "evaluations.0.conditions"),
        ("  conditions: [cleen]\n", "unknown condition 'cleen'", "evaluations.0.conditions.0"),
        (
            f"  conditions: [perturbed]\n  smoothing: {{noise: {GAUSSIAN}}}\n",
            "write `smoothing` as one of the conditions",
            "spec.yaml",
        ),
    ],
)
def test_what_is_refused_and_where(load: Load, lines: str, what: str, where: str) -> None:
    with pytest.raises(UserError) as caught:
        load(lines)
    assert what in str(caught.value)
    assert where in str(caught.value)


def test_a_condition_serves_the_problems_of_its_perturbation(load: Load) -> None:
    with pytest.raises(SpecError, match="votes are over the label of an example"):
        load(f"  conditions: {{name: smoothing, noise: {GAUSSIAN}}}\n", task="panx")  # type: ignore[call-arg]
