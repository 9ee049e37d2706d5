"""Fields of a stage that depend on each other, on the task, or have a short form."""

from __future__ import annotations

from typing import Any

import pytest
from spec_tools import STAGE, Load, Refused

from xlt_cli.api import Batch
from xlt_cli.problems import SequenceClassification, TokenLabelling
from xlt_cli.registry.checks.problems import takes_criterion
from xlt_cli.spec import Stage, resolution
from xlt_cli.spec.identity import identity
from xlt_cli.spec.trained_fields import Freeze


def test_warm_up_is_a_fraction_or_a_number(load: Load, refused: Refused) -> None:
    (stage,) = load(STAGE + "warmup_steps: 100\n").stages
    assert (stage.warmup, stage.warmup_steps) == (None, 100)
    error = refused(STAGE + "warmup_steps: 100\n  warmup: 0.1\n")
    assert error.what.startswith("give warmup (a fraction of the updates) or warmup_steps")
    assert "stages.0" in error.where
    assert "for none, write 0" in refused(STAGE + "warmup: null\n").what
    assert "write `warmup_steps: 100`" in refused(STAGE + "warmup: 100\n").hint
    assert load(STAGE + "warmup: 0\n").stages[0].warmup == 0


def test_a_stored_spec_opens_again_under_the_same_name(load: Load) -> None:
    spec = load(
        STAGE + "warmup_steps: 0\n  schedule: cosine\n  freeze: {layers: 2}\n"
        "  class_weights: {neutral: 2}\n  gradient_checkpointing: true\n"
    )
    again = type(spec).model_validate(spec.model_dump(mode="json"))
    assert again.stages == spec.stages
    assert identity(again, 1, "fp32") == identity(spec, 1, "fp32")
    assert resolution.reopen(again).spec.stages == spec.stages


@pytest.mark.parametrize(
    "line",
    [
        "warmup_steps: 7",
        "schedule: cosine",
        "label_smoothing: 0.1",
        "class_weights: balanced",
        "class_weights: {neutral: 2}",
        "focal_gamma: 2",
        "freeze: embeddings",
        "gradient_checkpointing: true",
    ],
)
def test_each_makes_another_run_and_its_default_none(load: Load, line: str) -> None:
    plain = load(STAGE + "epochs: 3\n")
    assert identity(load(STAGE + line + "\n"), 1, "fp32") != identity(plain, 1, "fp32")


@pytest.mark.parametrize(
    "line",
    [
        "warmup_steps: null",
        "label_smoothing: 0.0",
        "class_weights: null",
        "focal_gamma: 0",
        "freeze: null",
        "freeze: {layers: 0}",
        "freeze: {encoder: false}",
        "gradient_checkpointing: false",
    ],
)
def test_its_default_written_out_makes_no_other(load: Load, line: str) -> None:
    plain = load(STAGE + "epochs: 3\n")
    assert identity(load(STAGE + line + "\n"), 1, "fp32") == identity(plain, 1, "fp32")


def test_frozen_parts_have_a_short_form(load: Load, refused: Refused) -> None:
    def frozen(written: str) -> Freeze | None:
        return load(STAGE + f"freeze: {written}\n").stages[0].freeze

    assert frozen("encoder") == Freeze(encoder=True)
    assert frozen("embeddings") == Freeze(embeddings=True)
    assert frozen("{embeddings: true, layers: 6}") == Freeze(embeddings=True, layers=6)
    assert (
        "write a mapping: {embeddings: true, layers: 6} (or `encoder`"
        in refused(STAGE + "freeze: head\n").hint
    )
    assert "layers" in refused(STAGE + "freeze: {layer: 6}\n").hint


@pytest.mark.parametrize(
    ("written", "weights"),
    [
        ("{neutral: 2}", {"neutral": 2.0}),
        ("{entailment: 0.5, contradiction: 1.5}", {"entailment": 0.5, "contradiction": 1.5}),
        ("balanced", "balanced"),
    ],
)
def test_class_weights(load: Load, written: str, weights: Any) -> None:
    assert load(STAGE + f"class_weights: {written}\n").stages[0].class_weights == weights


def test_labels_that_look_like_numbers_are_text(load: Load) -> None:
    spec = load("encoder: mbert\nstages:\n- task: pawsx\n  class_weights: {0: 1, 1: 2.5}\n")
    assert spec.stages[0].class_weights == {"0": 1.0, "1": 2.5}


def test_weights_of_unknown_labels_and_weights_that_are_none(refused: Refused) -> None:
    error = refused(STAGE + "class_weights: {neutrl: 2}\n")
    assert error.what == "class_weights has a weight for 'neutrl', which is no label of 'xnli'"
    assert "neutral" in error.hint
    for written in ("{neutral: 0}", "{neutral: -1}", "{neutral: much}", "equal", "3", "[1, 2, 3]"):
        assert "class_weights" in refused(STAGE + f"class_weights: {written}\n").where, written


def test_focal_loss_and_label_smoothing_are_not_combined(refused: Refused) -> None:
    error = refused(STAGE + "focal_gamma: 2\n  label_smoothing: 0.1\n")
    assert "focal_gamma or label_smoothing" in error.what
    with pytest.raises(ValueError, match="less than 1"):
        Stage.model_validate({"task": "t", "label_smoothing": 1.0})


class OwnLosses(SequenceClassification):
    """A loss of its own, which no criterion is asked for."""

    name = "own-losses"

    def losses(self, logits: Any, batch: Batch) -> Any:
        return logits.sum(dim=-1)


class Stating(OwnLosses):
    """It says that its losses are the criterion's."""

    takes_criterion = True

    def losses(self, logits: Any, batch: Batch) -> Any:
        return self.criterion(logits, batch.targets)


class Below(Stating):
    """Another name for the same losses."""


def test_a_problem_with_losses_of_its_own_has_to_say_that_it_takes_a_criterion() -> None:
    assert [takes_criterion(p) for p in (SequenceClassification, TokenLabelling)] == [True, True]
    assert [takes_criterion(p) for p in (OwnLosses, Stating, Below)] == [False, True, True]


@pytest.mark.parametrize(
    "line", ["label_smoothing: 0.1", "focal_gamma: 1", "class_weights: balanced"]
)
def test_a_problem_that_takes_no_criterion_is_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    from xlt_tasks.xnli import Xnli

    monkeypatch.setattr(Xnli, "problem", OwnLosses)
    error = refused(STAGE + line + "\n")
    field = line.partition(":")[0]
    assert error.what == (
        f"the problem of 'xnli' (own-losses) has a loss of its own, which takes no {field}"
    )
    assert error.hint == f"leave {field} out"
