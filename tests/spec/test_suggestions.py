"""What is taken where no plugin is named, and fields that conditions had of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xlt_cli import registry
from xlt_cli.commands.alone import spelt_out
from xlt_cli.errors import SpecError
from xlt_cli.interface.requests import requested
from xlt_cli.spec import Evaluation, ExperimentSpec, suggestions
from xlt_cli.spec.identity import evaluation_stated
from xlt_cli.spec.written import PluginUse

PLUGINS = """\
from pydantic import Field

from xlt_cli.api import Condition, Encoder, PluginParams, Task
from xlt_cli.problems import SequenceClassification


class Bundled(Encoder):
    api_version = 1
    name = "a-bundled"
    summary = "weights from a package"
    offline = True
    load_tokenizer = load_model = fingerprint = None


class Tour(Task):
    api_version = 1
    name = "a-tour"
    summary = "a demonstration"
    problem = SequenceClassification
    metric = "accuracy"
    labels = ("no", "yes")
    demonstration = True
    languages = load = None


class Dusty(Condition):
    api_version = 1
    name = "dusty"
    summary = "once a field of evaluations"
    former_field = "{amount: 0.5}"

    class Params(PluginParams):
        amount: float = Field(0.1, ge=0)
"""
GROUPS = {"xlt.encoders": {"a-bundled": "brought:Bundled"}, "xlt.tasks": {"a-tour": "brought:Tour"}}
FORMER = {"xlt.conditions": {"dusty": "brought:Dusty"}}


@pytest.fixture
def brought(install: Callable[..., Path]) -> None:
    """A distribution with an offline encoder, a demonstration, and a condition of the past."""
    install("brought-dist", {**GROUPS, **FORMER}, {"brought": PLUGINS})


@pytest.mark.usefixtures("brought")
def test_our_own_suggestions_go_first_and_others_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    from xlt_cli import registry

    assert suggestions.offline_encoder() == "e5-small-q4"
    assert suggestions.demonstration_task() == "mini-pawsx"
    assert suggestions.opening_encoder() == "hf"
    aligned = set(suggestions.aligned_tasks())
    assert {"pawsx", "xnli"} <= aligned
    assert not aligned & {"a-tour", "mini-pawsx", "wikiann"}
    monkeypatch.setenv("XLT_DISABLE_PLUGINS", "e5-small-q4,mini-pawsx")
    registry.clear()
    assert suggestions.offline_encoder() == "a-bundled"
    assert suggestions.demonstration_task() == "a-tour"


def test_without_any_the_user_is_asked_to_name_one(
    xlt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlt_cli import registry

    monkeypatch.setenv("XLT_DISABLE_PLUGINS", "e5-small-q4")
    registry.clear()
    result = xlt("init", tmp_path / "spec.yaml")
    registry.clear()
    assert result.exit_code == 2
    assert "no installed encoder works offline" in result.output
    assert "--encoder" in result.output


@pytest.mark.usefixtures("brought")
def test_a_strangers_condition_may_have_had_a_field() -> None:
    evaluation = Evaluation.model_validate({"task": "mini-pawsx", "dusty": {"amount": 0.5}})
    (use,) = evaluation.under
    assert (use.name, use.params) == ("dusty", {"amount": 0.5})
    assert evaluation_stated(evaluation)["dusty"] == {"amount": 0.5}
    spec = ExperimentSpec.model_validate(
        {"encoder": "mbert", "stages": [{"task": "xnli"}], "evaluations": [evaluation]}
    )
    stored = json.loads(spec.model_dump_json())
    assert stored["evaluations"][0]["dusty"] == {"amount": 0.5}
    assert ExperimentSpec.model_validate(stored) == spec
    assert spec.model_copy(deep=True).evaluations[0].former == use


@pytest.mark.usefixtures("brought")
def test_it_is_an_option_too() -> None:
    arguments = ["run", "--dusty", "{amount: 1}", "--limit", "3", "--dusty={}", "--clean"]
    assert spelt_out(arguments, {"--limit"}) == [
        "run", "--alone", "dusty={amount: 1}", "--limit", "3", "--alone", "dusty={}", "--clean",
    ]  # fmt: skip
    known = [Evaluation(task=PluginUse(name="mini-pawsx"))]
    for options in ({"dusty": {"amount": 1}}, {"alone": {"dusty": "{amount: 1}"}}):
        (asked,) = requested(known, [], options)  # type: ignore[arg-type]
        assert asked.spec.former == PluginUse.model_validate({"name": "dusty", "amount": 1.0})
    (back,) = requested([asked.spec], [], {"conditions": ["clean"]})
    assert [use.name for use in back.spec.under] == ["clean"]
    with pytest.raises(SpecError, match="no option 'dusti'"):
        requested(known, [], {"dusti": {}})  # type: ignore[typeddict-unknown-key]


@pytest.mark.parametrize("name", ["clean", "dusty", "smothing"])
def test_no_other_name_becomes_a_field(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Evaluation.model_validate({name: None})


def test_null_of_earlier_versions_is_read() -> None:
    assert Evaluation.model_validate({"smoothing": None}) == Evaluation()


def test_the_page_on_data_names_the_tasks_for_ones_own_data() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "data.md").read_text("utf-8")
    table = page.split("| problem |")[1].split("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    listed = {
        problem: (set(re.findall(r"`([^`]+)`", row[1])), row[2].startswith("yes"))
        for row in rows
        for problem in re.findall(r"`([^`]+)`", row[0])
    }
    for problem in registry.names("problem"):
        own = set(suggestions.own_data_tasks(problem))
        hub = bool(suggestions.own_data_tasks(problem, "dataset"))
        assert listed[problem] == (own, hub)
