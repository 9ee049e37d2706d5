"""Errors say where, what, and what instead."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from spec_tools import SMALLEST, STAGE, Install, Load, Refused, WriteSpec

from xlt_cli.errors import PluginError, UserError
from xlt_cli.spec import PluginUse, building, resolution

# ------------------------------------------------------------------- errors: where, what, what else


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
            "a list is expected here",
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
            "'word-dropout' cannot be used with 'panx' (token-classification): its labels belong",
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
            "no other perturbation makes one",
            "spec.yaml:4: stages.0.perturbation",
            "[PERTURBATION, consistency]",
        ),
        (
            STAGE + "perturbation: [typos, consistency, embedding-mixup]\n",
            "'consistency' and 'embedding-mixup' both need additional examples",
            "spec.yaml:4: stages.0.perturbation",
            "take one",
        ),
        (
            STAGE + "perturbation:\n  - {name: smart, proportion: 0.7}\n"
            "  - {name: vat, proportion: 0.7}\n",
            "add up to more than 1",
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
            "needs Gaussian noise on the embeddings, which 'typos' does not add",
            "spec.yaml:6: evaluations.0.smoothing.noise",
            "distribution: gaussian",
        ),
        (
            STAGE + "epochs: 1\nevaluations:\n- smoothing: {noise: random-perturbation}\n",
            "which 'random-perturbation' does not add",
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
            "needs rows that are aligned across languages; those of 'panx' are not",
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


def test_all_errors_are_listed_in_the_order_of_their_lines(refused: Refused) -> None:
    error = refused(STAGE + "epochs: a\n  limit: b\n  split: c\n")
    assert error.where == "spec.yaml:4: stages.0.epochs"
    assert [e.where.rpartition("/")[2] for e in error.further] == [
        "spec.yaml:5: stages.0.limit",
        "spec.yaml:6: stages.0.split",
    ]


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
    assert error.what == "'mute' does not support de"
    assert error.where == "spec.yaml:5: stages.0.perturbation"
    assert error.hint == "it supports en"


@pytest.mark.parametrize("form", ["en", "eng", "en-GB", "english"])
def test_a_perturbation_speaks_a_language_in_every_form_of_its_code(
    load: Load, install: Install, form: str
) -> None:
    install("mute", {"xlt.perturbations": {"mute": "mute:Mute"}}, {"mute": MUTE})
    load(STAGE + f"languages: [{form}]\n  perturbation: mute\n")


def test_whether_a_perturbation_speaks_an_unknown_language_cannot_be_said(
    refused: Refused, install: Install
) -> None:
    install("mute", {"xlt.perturbations": {"mute": "mute:Mute"}}, {"mute": MUTE})
    error = refused(STAGE + "languages: [klingom]\n  perturbation: mute\n")
    assert error.what == "'klingom' is not a known language"
    assert error.where == "spec.yaml:5: stages.0.perturbation"


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
    assert error.what.startswith("perturbation 'mute' (mute 1.0) failed in ")
    assert fail in error.what
    assert error.where.splitlines()[0] == "spec.yaml:4: stages.0.perturbation"
    assert "mute.py:" in error.where.splitlines()[1]


def test_a_plugins_own_user_error_gets_the_place_it_lacks(
    refused: Callable[..., UserError], install: Install, write_spec: WriteSpec
) -> None:
    install("mute", {"xlt.perturbations": {"mute": "mute:Mute"}}, {"mute": MUTE})
    path = write_spec(STAGE + "perturbation: {name: mute, fail: user}\n")
    with pytest.raises(UserError, match="no such lexicon") as caught:
        resolution.load(path)
    assert caught.value.where == f"{path}:4: stages.0.perturbation"
    assert caught.value.hint == "take another"


def test_parameters_that_a_plugin_takes_no_longer_are_refused_by_name(install: Install) -> None:
    install("mute", {"xlt.perturbations": {"mute": "mute:Mute"}}, {"mute": MUTE})
    use = PluginUse.model_validate({"name": "mute", "loud": 3})
    with pytest.raises(PluginError, match=r"'mute' \(mute 1\.0\) does not accept .*loud: Extra"):
        building.build(use, "perturbation")


OPENING = """\
from xlt_cli.api import Encoder

class Opening(Encoder):
    api_version = 1
    name = "opening"
    summary = "opens names"

    @classmethod
    def opens(cls, name):
        return {}

    def load_tokenizer(self, checkpoint=None): ...
    def load_model(self, head, checkpoint=None, *, new_head=False): ...
    def fingerprint(self): ...
"""


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("1 / 0", "encoder 'opening' (o 1.0) failed in opens('nosuch'): ZeroDivisionError: "),
        ("'nosuch'", "encoder 'opening' (o 1.0): opens('nosuch') returned str 'nosuch'"),
        ("{1: 2}", "encoder 'opening' (o 1.0): opens('nosuch') returned a dict of 1"),
    ],
)
def test_an_encoder_that_opens_names_wrongly_is_named(
    refused: Refused, install: Install, answer: str, what: str
) -> None:
    source = OPENING.replace("return {}", f"return {answer}")
    install("o", {"xlt.encoders": {"opening": "opening:Opening"}}, {"opening": source})
    error = refused("encoder: nosuch\nstages: [{task: xnli}]\n")
    assert error.what.startswith(what)
