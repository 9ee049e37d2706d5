"""What names a run: all that differs from the defaults, and nothing else."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from pydantic import BaseModel, Field, create_model, model_validator

from xlt_cli import registry
from xlt_cli import spec as spec_module
from xlt_cli.compute import devices
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import ExperimentSpec, resolution
from xlt_cli.spec.identity import evaluation_stated, identity
from xlt_cli.spec.stated import stated

Load = Callable[[str], ExperimentSpec]
SMALLEST = "encoder: mbert\nstages:\n- task: xnli\n"
RICH = """
encoder: {name: hf, model: a/b}
stages:
- task: pawsx
  languages: [en, de]
  perturbation: [typos, {name: smart, proportion: 0.7}, vat]
  dev: {limit: 5}
- task: xnli
  epochs: 2
evaluations:
- task: xnli
  smoothing: {noise: {name: random-perturbation, distribution: gaussian}}
max_length: 64
"""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(text: str) -> ExperimentSpec:
        path = tmp_path / "spec.yaml"
        path.write_text(text, "utf-8")
        return resolution.load(path)

    return read


def evaluation_name(spec: ExperimentSpec) -> str:
    return Store.open(Path("nowhere"), spec.evaluations[0]).path.name


# --------------------------------------------------------------- defaults, written out or left out


MAY_HAVE_GPU = devices.may_have_gpu


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """`precision: auto` is that of the processor, also where the tests run beside a GPU."""
    monkeypatch.setattr(devices, "may_have_gpu", lambda: False)


@pytest.mark.parametrize(
    "written",
    [
        SMALLEST + "  languages: en\n",
        SMALLEST + "  dev: {split: dev, languages: [en]}\n",
        SMALLEST + "  perturbation: []\n  epochs: 3\n  max_steps: null\n",
        SMALLEST + "  learning_rate: 2.0e-5\n  head_learning_rate: 2.0e-5\n",
        SMALLEST.replace("mbert", "{name: mbert, revision: main, freeze_layers: 0, dropout: null}"),
        SMALLEST.replace("xnli", "{name: xnli, source: auto}"),
        SMALLEST + "max_length: 128\nprecision: fp32\ndevice: cpu\n",
        SMALLEST + "name: other\nkeep: none\nseeds: [7]\n",
    ],
)
def test_a_default_that_is_written_out_gives_the_same_name(load: Load, written: str) -> None:
    assert identity(load(written), 1) == identity(load(SMALLEST), 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("typos", "{name: typos, proportion: 1.0}"),
        ("[smart, vat]", "[{name: smart, proportion: 0.5}, {name: vat, proportion: 0.5}]"),
        ("[smart, vat]", "[{name: smart, proportion: 0.5}, vat]"),
        ("[{name: smart, proportion: 0.7}, vat]",
         "[{name: smart, proportion: 0.7}, {name: vat, proportion: 0.3}]"),
        ("typos", "{name: typos, rate: 0.1, keep_clean: true}"),
    ],
)  # fmt: skip
def test_a_share_that_is_written_out_gives_the_same_name(load: Load, one: str, other: str) -> None:
    specs = [load(SMALLEST + f"  perturbation: {written}\n") for written in (one, other)]
    assert identity(specs[0], 1) == identity(specs[1], 1)


@pytest.mark.parametrize(
    "written",
    [
        SMALLEST + "  languages: [en, de]\n",
        SMALLEST + "  dev: null\n",
        SMALLEST + "  dev: {languages: [de]}\n",
        SMALLEST + "  perturbation: typos\n",
        SMALLEST + "  perturbation: {name: typos, rate: 0.2}\n",
        SMALLEST + "  perturbation: {name: typos, proportion: 0.5}\n",
        SMALLEST.replace("mbert", "{name: mbert, dropout: 0.0}"),
        SMALLEST.replace("xnli", "{name: xnli, source: folder}"),
        SMALLEST + "precision: bf16\n",
    ],
)
def test_what_differs_has_another_name(load: Load, written: str) -> None:
    assert identity(load(written), 1) != identity(load(SMALLEST), 1)


def test_the_order_of_perturbations_counts(load: Load) -> None:
    one, other = (
        load(SMALLEST + f"  perturbation: [{written}]\n")
        for written in ("typos, word-dropout", "word-dropout, typos")
    )
    assert identity(one, 1) != identity(other, 1)


# ------------------------------------------------------------------------------------- precision


def test_auto_is_what_the_device_computes_in(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = load(SMALLEST)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    on_cpu = identity(spec, 1)
    monkeypatch.setattr(devices, "may_have_gpu", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    on_gpu = identity(spec, 1)
    assert on_gpu != on_cpu
    assert on_gpu == identity(load(SMALLEST + "precision: bf16\n"), 1)
    assert on_cpu == identity(load(SMALLEST + "precision: fp32\n"), 1)
    assert on_cpu == identity(load(SMALLEST + "device: cpu\n"), 1)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)
    assert identity(spec, 1) == on_cpu


def test_with_a_stated_precision_no_device_is_looked_at(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = load(SMALLEST)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert identity(spec, 1, "fp32") != identity(spec, 1, "bf16")


@pytest.mark.parametrize(
    ("platform", "nodes", "asked"),
    [
        ("linux", [], False),
        ("linux", ["null", "nvidiactl", "nvidia-uvm"], False),
        ("linux", ["nvidia0"], True),
        ("linux", ["kfd"], True),
        ("linux", ["dxg"], True),
        ("linux", ["nvhost-gpu"], True),
        ("darwin", ["nvidia0"], False),
        ("win32", [], True),
    ],
)
def test_torch_is_asked_for_a_gpu_where_there_may_be_one(
    platform: str,
    nodes: list[str],
    asked: bool,
    load: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for node in nodes:
        (tmp_path / node).touch()
    monkeypatch.setattr(devices, "may_have_gpu", MAY_HAVE_GPU)
    monkeypatch.setattr(devices, "_DEVICES", tmp_path)
    monkeypatch.setattr(devices.sys, "platform", platform)
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert not devices.may_have_gpu()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert devices.may_have_gpu() == asked
    if not asked:
        monkeypatch.setitem(sys.modules, "torch", None)
        assert identity(load(SMALLEST), 1) == identity(load(SMALLEST), 1, "fp32")


# ----------------------------------------------------------------------------- new optional fields


def with_new_field(model: type[BaseModel], default: Any) -> type[BaseModel]:
    return create_model(model.__name__, __base__=model, new_field=(Any, default))


@pytest.mark.parametrize("default", [None, 3, Field(default_factory=lambda: [1, 2])])
@pytest.mark.parametrize("kind", ["ExperimentSpec", "Stage", "Dev", "Evaluation"])
def test_a_spec_that_gains_an_optional_field_keeps_every_name(
    load: Load, kind: str, default: Any
) -> None:
    before = load(RICH)
    names = identity(before, 1), evaluation_name(before)
    changed = with_new_field(getattr(spec_module, kind), default)
    after = copy.deepcopy(before)
    stages, tests = after.stages, after.evaluations
    for model in (after, *stages, *(stage.dev for stage in stages), *tests):
        if type(model).__name__ == kind:
            model.__class__ = changed
            info = changed.model_fields["new_field"]
            model.__dict__["new_field"] = info.get_default(
                call_default_factory=True, validated_data={}
            )
            assert "new_field" in model.model_dump()
    assert (identity(after, 1), evaluation_name(after)) == names


@pytest.mark.parametrize(("kind", "name"), [
    (kind, name) for kind in registry.KINDS for name in registry.names(kind)
])  # fmt: skip
def test_a_plugin_that_gains_an_optional_field_keeps_what_is_stated(kind: str, name: str) -> None:
    plugin = registry.get(kind, name)
    required = {"model": "a/b", "path": "here", "labels": ["0", "1"], "tags": ["O", "B-X"]}
    required |= {"texts": 1, "context": "c", "choices": ["a", "b"], "answer": "label"}
    required |= {"sentences": "here.tsv", "script": "latin", "trust_remote_code": True}
    required |= {"intents": ["ask"], "slots": ["x"]}
    required |= {"noise": {"name": "random-perturbation"}, "perturbation": {"name": "typos"}}
    given = {n: required[n] for n, info in plugin.Params.model_fields.items() if info.is_required()}
    before = stated(plugin.Params.model_validate(given))
    assert before == given
    changed = with_new_field(plugin.Params, 0.5)
    assert stated(changed.model_validate(given)) == given
    other = {**given, "new_field": 1}
    assert stated(changed.model_validate(other)) == other


SIMPLE = """
from xlt_cli.api import {base}, PluginParams
from pydantic import BaseModel, Field, model_validator

class Ramp(BaseModel):
    steps: int = 4
    {ramp}

class Plugin(__import__("xlt_tasks.xnli", fromlist=["Xnli"]).Xnli):
    api_version = 1
    name = "theirs"
    summary = "a task of another distribution"

    class Params(__import__("xlt_tasks.xnli", fromlist=["Xnli"]).Xnli.Params):
        ramp: Ramp = Ramp()
        {field}
"""


@pytest.mark.parametrize(
    ("field", "ramp"),
    [
        ("extra: int = 3", "pass"),
        ("extra: list[str] = Field(default_factory=lambda: ['a'])", "pass"),
        ("extra: Ramp = Field(default_factory=Ramp)", "pass"),
        ("extra: Ramp | None = None", "pass"),
        ("pass", "shape: str = 'linear'"),
    ],
)
@pytest.mark.parametrize("params", ["", "ramp: {steps: 9}"])
def test_a_third_partys_plugin_that_gains_a_field(
    install: Callable[..., Path], load: Load, field: str, ramp: str, params: str
) -> None:
    text = SMALLEST.replace("xnli", f"{{name: theirs, {params}}}")
    found = []
    for module, (own, inner) in {"old_one": ("pass", "pass"), "new_one": (field, ramp)}.items():
        source = SIMPLE.format(base="Task", field=own, ramp=inner)
        point = {"xlt.tasks": {"theirs": f"{module}:Plugin"}}
        site = install(f"dist-{module}", point, {module: source})
        spec = load(text)
        found.append((identity(spec, 1), evaluation_name(spec)))
        (site / f"dist_{module}-1.0.dist-info" / "entry_points.txt").write_text("")
        registry.clear()
    assert found[0] == found[1]


# ----------------------------------------------------------------------------------- what is stated


class Linear(BaseModel):
    kind: Literal["linear"] = "linear"
    power: int = 1


class Cosine(BaseModel):
    kind: Literal["cosine"] = "cosine"
    power: int = 1


class Filled(BaseModel):
    shape: Linear | Cosine = Linear()
    other: Linear | Cosine | None = None
    several: list[Linear] = Field(default_factory=list)
    names: set[str] = Field(default_factory=set)
    flag: bool | int = 1
    rate: float = 1
    rest: float | None = None

    @model_validator(mode="after")
    def _fill(self) -> Filled:
        if self.rest is None:
            self.rest = 1 - self.rate / 2
        return self


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"rate": 1.0, "rest": 0.5, "flag": 1, "shape": {"kind": "linear"}}, {}),
        ({"shape": {"kind": "cosine"}}, {"shape": {"": "Cosine"}}),
        ({"shape": {"power": 2}}, {"shape": {"": "Linear", "power": 2}}),
        ({"other": {"kind": "linear"}}, {"other": {"": "Linear"}}),
        ({"other": {"kind": "cosine"}}, {"other": {"": "Cosine"}}),
        ({"several": [{}, {"power": 3}]}, {"several": [{}, {"power": 3}]}),
        ({"names": {"c", "a", "b"}}, {"names": ["a", "b", "c"]}),
        ({"flag": True}, {"flag": True}),
        ({"rate": 0.5}, {"rate": 0.5, "rest": 0.75}),
    ],
)  # fmt: skip
def test_what_a_model_states(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert stated(Filled.model_validate(given)) == expected


def test_a_stage_states_its_languages_even_where_they_are_the_tasks_own(load: Load) -> None:
    expected = {"task": {"name": "xnli"}, "languages": ["en"], "dev": {"languages": ["en"]}}
    assert stated(load(SMALLEST).stages[0]) == expected


def test_cells_depend_on_neither_languages_nor_settings(load: Load) -> None:
    one, other = (
        load(SMALLEST + f"evaluations:\n- {written}\n").evaluations[0]
        for written in ("languages: [en, de]", "settings: [standard, generalized]")
    )
    assert evaluation_stated(one) == evaluation_stated(other) == {"task": {"name": "xnli"}}
