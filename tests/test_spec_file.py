"""Reading specs: overrides, plugins' parameters, and errors that say where and what instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli import registry, spec_file
from xlt_cli.errors import PluginError, SpecError, UserError
from xlt_cli.spec import ExperimentSpec, identity
from xlt_cli.spec_file import build_encoder, build_perturbation, build_task
from xlt_cli.spec_source import LARGEST, parse_override

WriteSpec = Callable[..., Path]
Install = Callable[..., Path]

SMALLEST = """\
encoder: e5-small-q4
stages:
  - task: mini-pawsx
"""
TWO_STAGES = """\
encoder: {name: e5-small-q4, freeze_layers: 2}
stages:
  - task: xnli
    epochs: 1
  - task: pawsx
    languages: [en, de]
    perturbation: word-dropout
evaluations:
  - languages: [de, sw]
seeds: [1, 2]
"""


@pytest.fixture
def load(write_spec: WriteSpec) -> Callable[..., ExperimentSpec]:
    """Loads a spec's text, with overrides."""

    def _load(text: str | bytes, *overrides: str) -> ExperimentSpec:
        return spec_file.load(write_spec(text), overrides)

    return _load


@pytest.fixture
def refused(write_spec: WriteSpec, tmp_path: Path) -> Callable[..., UserError]:
    """Loads a spec that must be refused; the error's place has no directory."""

    def _refused(text: str | bytes, *overrides: str) -> UserError:
        with pytest.raises((SpecError, PluginError)) as caught:
            spec_file.load(write_spec(text), overrides)
        error = caught.value
        error.where = error.where.replace(f"{tmp_path}/", "")
        return error

    return _refused


Load = Callable[..., ExperimentSpec]
Refused = Callable[..., UserError]


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
    name = spec_file._slug(stem)
    ExperimentSpec.model_validate({"name": name, "encoder": "a", "stages": [{"task": "b"}]})


# -------------------------------------------------------------------------- what YAML may say


def test_norwegian_stays_norwegian(load: Load) -> None:
    spec = load(SMALLEST + "    languages: no\nevaluations:\n- languages: [no, en]\n")
    assert spec.stages[0].languages == ["no"]
    assert spec.evaluations[0].languages == ["no", "en"]


def test_a_learning_rate_without_a_point_is_a_number(load: Load) -> None:
    assert load(SMALLEST + "    learning_rate: 2e-5\n").stages[0].learning_rate == 2e-5


def test_a_revision_may_look_like_a_date(load: Load) -> None:
    spec = load(SMALLEST.replace("e5-small-q4", "{name: mbert, revision: 2024-01-01}"))
    assert spec.encoder.params["revision"] == "2024-01-01"


@pytest.mark.parametrize("text", ["\ufeff" + SMALLEST, SMALLEST.replace("\n", "\r\n")])
def test_a_byte_order_mark_and_windows_line_ends_are_fine(load: Load, text: str) -> None:
    assert load(text).encoder.name == "e5-small-q4"


def test_stages_that_are_aliases_can_be_overridden_apart(load: Load) -> None:
    text = "encoder: mbert\nstages:\n- &first {task: xnli, epochs: 3}\n- *first\n"
    spec = load(text, "stages.0.epochs=1")
    assert [stage.epochs for stage in spec.stages] == [1, 3]


# ------------------------------------------------------------------------------- unusable files


def test_a_missing_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        spec_file.load(tmp_path / "none.yaml")
    assert caught.value.where == str(tmp_path / "none.yaml")
    assert "xlt init" in caught.value.hint


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot read the spec"):
        spec_file.load(tmp_path)


@pytest.mark.parametrize("text", ["", "# empty\n", "just words", "- a\n- list\n", "5"])
def test_a_file_that_is_no_mapping_is_refused_with_what_to_do(refused: Refused, text: str) -> None:
    error = refused(text)
    assert "'encoder' and 'stages'" in error.what
    assert error.where == "spec.yaml"
    assert "xlt init" in error.hint


def test_a_file_that_is_not_utf8_is_refused_with_the_byte(refused: Refused) -> None:
    error = refused(b"encoder: mb\xe9rt\n")
    assert error.what == "the spec is not valid UTF-8"
    assert error.where == "spec.yaml: byte 11"


def test_a_file_of_megabytes_is_refused_unread(refused: Refused) -> None:
    error = refused(b"a: 1\n" * LARGEST)
    assert "larger than a spec can be" in error.what


def test_broken_yaml_is_refused_with_line_and_column(refused: Refused) -> None:
    assert refused("encoder: mbert\nstages: [\n").where.startswith("spec.yaml:3:1")


def test_an_alias_in_circles_is_refused(refused: Refused) -> None:
    error = refused("encoder: mbert\nstages: &s\n- task: xnli\n  dev: *s\n")
    assert "contains it" in error.what
    assert error.where.startswith("spec.yaml:2")


# ------------------------------------------------------------------- errors: where, what, what else

STAGE = "encoder: mbert\nstages:\n- task: xnli\n  "


@pytest.mark.parametrize(
    ("text", "what", "where", "hint"),
    [
        (
            STAGE + "epoch: 3\n",
            "unknown field 'epoch'",
            "spec.yaml:4: stages.0.epoch",
            "did you mean 'epochs'?",
        ),
        (
            SMALLEST + "sed: 1\n",
            "unknown field 'sed'",
            "spec.yaml:4: sed",
            "did you mean 'seeds'?",
        ),
        (
            STAGE + "dev: {limits: 5}\n",
            "unknown field 'limits'",
            "spec.yaml:4: stages.0.dev.limits",
            "did you mean 'limit'?",
        ),
        (
            STAGE + "epochs: many\n",
            "valid number, not 'many'",
            "spec.yaml:4: stages.0.epochs",
            "",
        ),
        (
            STAGE + "batch_size: 2.5\n",
            "valid integer, not 2.5",
            "spec.yaml:4: stages.0.batch_size",
            "",
        ),
        (
            STAGE + "epochs: -1\n",
            "greater than 0, not -1",
            "spec.yaml:4: stages.0.epochs",
            "",
        ),
        (
            STAGE + "split: tran\n",
            "'train', 'dev' or 'test', not 'tran'",
            "spec.yaml:4: stages.0.split",
            "did you mean 'train'?",
        ),
        (
            STAGE + "batch_size: 4\n  accumulate: 8\n",
            "accumulate (8) cannot exceed batch_size (4)",
            "spec.yaml:3: stages.0",
            "",
        ),
        (SMALLEST + "seeds: [1, 2, 1]\n", "a seed is listed twice", "spec.yaml:4: seeds", ""),
        ("encoder: mbert\n", "'stages' is missing", "spec.yaml:1: stages", ""),
        (
            "encodr: mbert\nstages:\n- task: xnli\n",
            "unknown field 'encodr'",
            "spec.yaml:1: encodr",
            "did you mean 'encoder'?",
        ),
        (
            "encoder: mbert\nstages:\n- xnli\n",
            "a mapping of names to values is expected here, not 'xnli'",
            "spec.yaml:3: stages.0",
            "",
        ),
        (
            "encoder: mbert\nstages:\n  task: xnli\n",
            "valid list",
            "spec.yaml:2: stages",
            "",
        ),
        ("encoder: 5\nstages:\n- task: xnli\n", "mapping", "spec.yaml:1: encoder", ""),
        (
            "encoder: {freeze_layers: 1}\nstages:\n- task: xnli\n",
            "'name' is missing",
            "spec.yaml:1: encoder.name",
            "",
        ),
    ],
)
def test_a_wrong_field_is_named_with_its_line_and_what_it_should_be(
    refused: Refused, text: str, what: str, where: str, hint: str
) -> None:
    error = refused(text)
    assert what in error.what
    assert error.where == where
    assert hint in error.hint


@pytest.mark.parametrize(
    ("text", "what", "where", "hint"),
    [
        (
            "encoder: mbrt\nstages:\n- task: xnli\n",
            "unknown encoder 'mbrt'",
            "spec.yaml:1: encoder",
            "did you mean 'mbert'?",
        ),
        (
            "encoder: mbert\nstages:\n- task: xnl\n",
            "unknown task 'xnl'",
            "spec.yaml:3: stages.0.task",
            "did you mean 'xnli'?",
        ),
        (
            STAGE + "perturbation: word-dropuot\n",
            "unknown perturbation 'word-dropuot'",
            "spec.yaml:4: stages.0.perturbation",
            "did you mean 'word-dropout'?",
        ),
        (
            STAGE + "epochs: 1\nevaluations:\n- task: xnii\n",
            "unknown task 'xnii'",
            "spec.yaml:6: evaluations.0.task",
            "did you mean 'xnli'?",
        ),
        (
            "encoder:\n  name: mbert\n  freeze_layer: 1\nstages:\n- task: xnli\n",
            "unknown parameter 'freeze_layer' of 'mbert'",
            "spec.yaml:3: encoder.freeze_layer",
            "did you mean 'freeze_layers'?",
        ),
        (
            "encoder:\n  name: mbert\n  freeze_layers: six\nstages:\n- task: xnli\n",
            "valid integer",
            "spec.yaml:3: encoder.freeze_layers",
            "",
        ),
        (
            STAGE + "perturbation:\n    name: word-dropout\n    probability: 1.5\n",
            "less than 1, not 1.5",
            "spec.yaml:6: stages.0.perturbation.probability",
            "",
        ),
        (
            "encoder: hf\nstages:\n- task: xnli\n",
            "'model' is missing",
            "spec.yaml:1: encoder.model",
            "`xlt show hf`",
        ),
        (
            "encoder: mbert\nstages:\n- task: {name: mini-pawsx, kind: 3}\n",
            "unknown parameter 'kind' of 'mini-pawsx'",
            "spec.yaml:3: stages.0.task.kind",
            "did you mean 'kinds'? known: kinds",
        ),
        (
            "encoder: mbert\nstages:\n- task: {name: panx}\n  perturbation: word-dropout\n",
            "'word-dropout' serves sequence-classification; 'panx' is token-",
            "spec.yaml:4: stages.0.perturbation",
            "",
        ),
        (
            STAGE + "perturbation: [word-dropout, {name: smart, weigth: 2}]\n",
            "unknown parameter 'weigth' of 'smart'",
            "spec.yaml:4: stages.0.perturbation.1.weigth",
            "did you mean 'weight'?",
        ),
        (
            STAGE + "perturbation:\n    name: smart\n    proportion: 2\n",
            "less than or equal to 1, not 2",
            "spec.yaml:6: stages.0.perturbation.proportion",
            "",
        ),
        (
            STAGE + "perturbation: consistency\n",
            "nothing here makes one",
            "spec.yaml:4: stages.0.perturbation",
            "[synonyms, consistency]",
        ),
        (
            STAGE + "perturbation: [typos, consistency, embedding-mixup]\n",
            "'consistency' and 'embedding-mixup' both need other examples",
            "spec.yaml:4: stages.0.perturbation",
            "take one",
        ),
        (
            STAGE + "perturbation:\n  - {name: smart, proportion: 0.7}\n"
            "  - {name: vat, proportion: 0.7}\n",
            "come to more than 1",
            "spec.yaml:4: stages.0.perturbation",
            "",
        ),
        (
            STAGE + "perturbation: [{name: smart, proportion: 1}, vat]\n",
            "with those that have none stated",
            "spec.yaml:4: stages.0.perturbation",
            "",
        ),
        (
            STAGE + "epochs: 1\nevaluations:\n- smoothing: {noise: typos}\n",
            "needs Gaussian noise on the embeddings, which 'typos' has not",
            "spec.yaml:6: evaluations.0.smoothing.noise",
            "distribution: gaussian",
        ),
        (
            STAGE + "epochs: 1\nevaluations:\n- smoothing: {noise: random-perturbation}\n",
            "which 'random-perturbation' has not",
            "spec.yaml:6: evaluations.0.smoothing.noise",
            "distribution: gaussian",
        ),
        (
            "encoder: mbert\nstages:\n- task: panx\nevaluations:\n"
            "- smoothing: {noise: {name: random-perturbation, distribution: gaussian}}\n",
            "votes are over the label of an example; 'panx' is token-classification",
            "spec.yaml:5: evaluations.0.smoothing",
            "",
        ),
        (
            "encoder: mbert\nstages:\n- task: panx\nevaluations:\n- split: test\n"
            "  settings: [standard, generalized]\n",
            "needs rows aligned across languages; 'panx' has none",
            "spec.yaml:6: evaluations.0.settings",
            "take 'generalized' out",
        ),
    ],
)
def test_a_wrong_plugin_or_parameter_is_named_with_its_line(
    refused: Refused, text: str, what: str, where: str, hint: str
) -> None:
    error = refused(text)
    assert what in error.what
    assert error.where == where
    assert hint in error.hint


def test_further_errors_are_counted(refused: Refused) -> None:
    assert "(2 more after this one)" in refused(STAGE + "epochs: a\n  limit: b\n  split: c\n").hint


def test_a_long_wrong_value_is_cut_in_the_error(refused: Refused) -> None:
    assert len(refused(STAGE + f"epochs: {'x' * 5000}\n").what) < 200


def test_a_parameter_named_as_a_number_is_refused(refused: Refused) -> None:
    assert refused("encoder: {name: mbert, 1: 2}\nstages:\n- task: xnli\n").where.startswith(
        "spec.yaml:1: encoder"
    )


def test_a_perturbation_that_does_not_speak_the_language_is_refused(
    refused: Refused, install: Install
) -> None:
    install("mute", {"xlt.perturbations": {"mute": "mute:Mute"}}, {"mute": MUTE})
    error = refused(STAGE + "languages: [en, de]\n  perturbation: mute\n")
    assert error.what == "'mute' does not speak de"
    assert error.where == "spec.yaml:5: stages.0.perturbation"
    assert error.hint == "it speaks en"


MUTE = """\
from pydantic import field_validator
from xlt_cli.api import PluginParams, TextPerturbation, UserError

class Mute(TextPerturbation):
    api_version = 1
    name = "mute"
    summary = "speaks English only, and fails on demand"
    speaks = ("en",)

    class Params(PluginParams):
        fail: str = ""

        @field_validator("fail")
        @classmethod
        def _check(cls, value):
            if value == "validator":
                raise ZeroDivisionError("in the validator")
            return value

    def __init__(self, params=None):
        super().__init__(params)
        if self.params.fail == "init":
            raise RuntimeError("in __init__")
        if self.params.fail == "user":
            raise UserError("no such lexicon", hint="take another")

    def perturb(self, example, rng):
        return [example]
"""


@pytest.mark.parametrize("fail", ["validator", "init"])
def test_a_strangers_plugin_that_fails_on_its_parameters_is_named(
    refused: Refused, install: Install, fail: str
) -> None:
    install("mute", {"xlt.perturbations": {"mute": "mute:Mute"}}, {"mute": MUTE})
    error = refused(STAGE + f"perturbation: {{name: mute, fail: {fail}}}\n")
    assert isinstance(error, PluginError)
    assert error.what.startswith("the perturbation plugin 'mute' fails on its parameters: ")
    assert fail in error.what
    assert error.where == "spec.yaml:4: stages.0.perturbation"


def test_a_plugins_own_user_error_gets_the_place_it_lacks(
    refused: Callable[..., UserError], install: Install, write_spec: WriteSpec
) -> None:
    install("mute", {"xlt.perturbations": {"mute": "mute:Mute"}}, {"mute": MUTE})
    path = write_spec(STAGE + "perturbation: {name: mute, fail: user}\n")
    with pytest.raises(UserError, match="no such lexicon") as caught:
        spec_file.load(path)
    assert caught.value.where == f"{path}:4: stages.0.perturbation"
    assert caught.value.hint == "take another"


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
        ("seeds=3", "seeds", [3]),
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
    source = spec_file.read(write_spec(SMALLEST), overrides)
    first = spec_file.resolve(source)
    assert source.overrides[0].value == {"name": "hf", "model": "a"}
    assert source.document.value["encoder"] == "e5-small-q4"
    assert spec_file.resolve(source) == first


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
        ("nonsense", "an override is of the form path.of.field=value", ""),
        ("=1", "is not a path of a field", ""),
        ("stages..epochs=1", "is not a path of a field", ""),
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
        return spec_file.load(QUICKSTART, overrides)
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


QUICKSTART = Path(__file__).parents[1] / "experiments" / "quickstart.yaml"


@pytest.mark.parametrize(
    "path", sorted(QUICKSTART.parent.glob("*.yaml")), ids=lambda path: path.name
)
def test_the_shipped_experiments_are_valid(path: Path) -> None:
    assert spec_file.load(path).name == path.stem


def test_a_test_that_the_head_cannot_answer_is_refused(
    refused: Callable[..., UserError],
) -> None:
    error = refused("encoder: mbert\nstages:\n- task: xnli\nevaluations:\n- task: pawsx\n")
    assert "cannot be tested on 'pawsx'" in error.what
    assert error.where.endswith(":5: evaluations.0.task")
