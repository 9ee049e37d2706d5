"""`xlt schema`: the JSON Schema says of a spec what the loader says, as far as it can."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import Result

from xlt_cli import registry
from xlt_cli.commands.init import TEMPLATE
from xlt_cli.commands.schema import build
from xlt_cli.errors import UserError
from xlt_cli.spec import resolution
from xlt_cli.spec.yaml_lines import parse

Cli = Callable[..., Result]
Install = Callable[..., Path]
WriteSpec = Callable[..., Path]
EXPERIMENTS = sorted((Path(__file__).parents[2] / "experiments").glob("*.yaml"))

BASE = "encoder: mbert\nstages:\n- task: xnli\n"
GOOD = [
    BASE,
    BASE + "  adapter: lora\n",
    BASE + "  adapter: {kind: ia3, targets: [key, value], after: keep}\n",
    BASE + "  adapter: {kind: lora, targets: query}\n",
    BASE + "  languages: no\nseeds: [3]\n",
    BASE + "  languages: [en, de]\nseeds: [1, 2]\n",
    BASE + "  perturbation: word-dropout\n  dev: null\n  max_grad_norm: null\n",
    BASE + "  perturbation: {name: word-dropout, probability: 0.3}\n  epochs: 2\n",
    BASE + "  perturbation: null\n  learning_rate: 2e-5\n  dev: {languages: de, limit: 5}\n",
    BASE + "  also: [{task: {name: xnli}, limit: 5}]\n  exclude: [{task: xnli, split: dev}]\n",
    BASE + "  exclude: [{ids: seen.txt}]\n",
    BASE + "evaluations: []\nname: a.b-c_1\nprecision: bf16\n",
    BASE + "evaluations:\n- {languages: all, settings: generalized, task: xnli}\n",
    BASE + "evaluations:\n- {languages: null, settings: [standard, generalized]}\n",
    BASE + "sweep:\n  grid:\n    stages.0.epochs: [1, 2]\n",
    BASE + "sweep:\n  points: [{}, {stages.0.epochs: 2, stages.0.perturbation: null}]\n",
    "encoder: {name: hf, model: a/b, freeze_layers: 1}\nstages:\n- task: {name: xnli}\n",
    "encoder: org/model@v1\nstages:\n- task: {name: xnli}\n",
    "encoder: {name: org/model, pooling: mean}\nstages:\n- task: {name: xnli}\n",
    BASE + "evaluations:\n- collapse: {non: [neutral, contradiction], yes: entailment}\n",
    "encoder: mbert\nstages:\n- task: {name: text-classification, path: d, labels: [0, 1]}\n",
    "encoder: mbert\nstages:\n- task: {name: text-classification, path: d, labels: [a, no]}\n",
    TEMPLATE.format(file="f", encoder="mbert", encoder_use="mbert", task="xnli", task_use="xnli"),
    *(path.read_text("utf-8") for path in EXPERIMENTS),
]
BAD = [
    "{}\n",
    "encoder: mbert\n",
    "encoder: mbert\nstages: []\n",
    "encoder: mbert\nstages:\n- xnli\n",
    "encoder: mbrt\nstages:\n- task: xnli\n",
    "encoder: xnli\nstages:\n- task: mbert\n",
    "encoder: hf\nstages:\n- task: xnli\n",
    "encoder: {name: hf}\nstages:\n- task: xnli\n",
    "encoder: {name: mbert, freeze_layer: 1}\nstages:\n- task: xnli\n",
    "encoder: {name: mbert, freeze_layers: six}\nstages:\n- task: xnli\n",
    "encoder: {freeze_layers: 1}\nstages:\n- task: xnli\n",
    BASE + "sed: 1\n",
    BASE + "  epoch: 1\n",
    BASE + "  epochs: 0\n",
    BASE + "  epochs: '3'\n",
    BASE + "  epochs: true\n",
    BASE + "  languages: []\n",
    BASE + "  split: trainnig\n",
    BASE + "  dev: {split: tset}\n",
    BASE + "  perturbation: {name: word-dropout, probability: 2}\n",
    BASE + "  perturbation: mbert\n",
    BASE + "  also: [{task: mbert}]\n",
    BASE + "  adapter: lorra\n",
    BASE + "  adapter: {rank: 4}\n",
    BASE + "  adapter: {kind: lora, targets: []}\n",
    BASE + "  exclude: [{task: {name: xnli, no_such: 1}}]\n",
    BASE + "evaluations:\n- {settings: zero-shot}\n",
    BASE + "evaluations:\n- {settings: []}\n",
    BASE + "evaluations:\n- {languages: []}\n",
    BASE + "evaluations:\n- {limit: 0}\n",
    BASE + "seeds: []\n",
    BASE + "seeds: one\n",
    BASE + "seeds: 3\n",
    BASE + "seeds: [-1]\n",
    BASE + "name: ../up\n",
    BASE + "max_length: 3\n",
    BASE + "sweep: {grid: {max_length: []}}\n",
    BASE + "sweep: {points: {max_length: 64}}\n",
    BASE + "sweep: {points: [max_length]}\n",
]


@pytest.fixture(scope="module")
def accepts() -> Callable[[str], bool]:
    """Whether the schema accepts a spec, read as the loader reads it."""
    validator = Draft202012Validator(build())
    return lambda text: bool(validator.is_valid(parse(text, Path("spec.yaml")).value))


Accepts = Callable[[str], bool]


def test_the_schema_is_a_schema_and_is_what_the_command_prints(xlt: Cli) -> None:
    Draft202012Validator.check_schema(build())
    assert json.loads(xlt("schema").stdout) == build()


def test_every_reference_leads_somewhere() -> None:
    whole = build()

    def references(shape: Any) -> list[str]:
        if isinstance(shape, list):
            return [found for item in shape for found in references(item)]
        if not isinstance(shape, dict):
            return []
        own = [shape["$ref"]] if isinstance(shape.get("$ref"), str) else []
        return own + [found for item in shape.values() for found in references(item)]

    assert references(whole)
    for reference in references(whole):
        assert reference.removeprefix("#/$defs/") in whole["$defs"]


@pytest.mark.parametrize("text", GOOD)
def test_a_good_spec_is_accepted_by_loader_and_schema(
    accepts: Accepts, write_spec: WriteSpec, text: str
) -> None:
    resolution.load(write_spec(text))
    assert accepts(text)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_spec_is_refused_by_loader_and_schema(
    accepts: Accepts, write_spec: WriteSpec, text: str
) -> None:
    with pytest.raises(UserError):
        resolution.load(write_spec(text))
    assert not accepts(text)


NESTED = """\
from pydantic import BaseModel
from xlt_cli.api import PluginParams, TextPerturbation

class Where(BaseModel):
    folder: str = "."

class Nested(TextPerturbation):
    api_version = 1
    name = "nested"
    summary = "parameters of parameters"

    class Params(PluginParams):
        where: Where = Where()

    def perturb(self, example, rng):
        return [example]
"""


def test_parameters_of_parameters_are_described(accepts: Accepts, install: Install) -> None:
    install(
        "d", {"xlt.perturbations": {"nested": "nested_plugin:Nested"}}, {"nested_plugin": NESTED}
    )
    validator = Draft202012Validator(build())

    def valid(where: object) -> bool:
        use = {"name": "nested", "where": where}
        spec = {"encoder": "mbert", "stages": [{"task": "xnli", "perturbation": use}]}
        return bool(validator.is_valid(spec))

    assert valid({"folder": "x"})
    assert valid({"folder": 5})
    assert not valid({"folder": [5]})
    assert not valid("x")


@pytest.mark.parametrize(
    "source",
    [
        "raise RuntimeError('broken')\n",
        NESTED.replace("where: Where = Where()", "f: __import__('typing').Callable = print"),
    ],
)
def test_broken_plugins_and_odd_parameters_do_not_stop_it(
    xlt: Cli, install: Install, source: str
) -> None:
    install(
        "d", {"xlt.perturbations": {"nested": "nested_plugin:Nested"}}, {"nested_plugin": source}
    )
    result = xlt("schema")
    assert result.exit_code == 0
    Draft202012Validator.check_schema(json.loads(result.stdout))


def test_it_works_without_any_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entries", lambda kind: [])
    Draft202012Validator.check_schema(build())
