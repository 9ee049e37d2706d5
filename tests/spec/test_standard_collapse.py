"""Evaluations of tasks with other labels than the stage's: the collapse that the tasks state."""

from __future__ import annotations

import pytest
from spec_tools import Load, Refused

BOTH = {"non-entailment": ["neutral", "contradiction"]}


def spec(trained: str, tested: str, more: str = "") -> str:
    return (
        f"encoder: e5-small-q4\nstages:\n- task: {trained}\n"
        f"evaluations:\n- {{task: {tested}{more}}}\n"
    )


@pytest.mark.parametrize(
    ("trained", "tested", "expected"),
    [
        ("xnli", "hans-regenerated", BOTH),
        ("xnli", "janli", BOTH),
        ("xnli", "wrete", BOTH),
        ("xnli", "med", BOTH),
        ("xnli", "clcd", {"non-contradiction": ["entailment", "neutral"]}),
        ("janli", "xnli", BOTH),
        ("med", "hans-regenerated", {"non-entailment": ["neutral"]}),
        ("janli", "wrete", None),
        ("xnli", "fever-symmetric", None),
        ("xnli", "indonli", None),
        ("xnli", "americasnli", None),
        ("panx", "masakhaner2", {"O": ["O", "B-DATE", "I-DATE"]}),
        ("masakhaner", "panx", {"O": ["O", "B-DATE", "I-DATE"]}),
        ("masakhaner", "masakhaner2", None),
        ("pawsx", "mrpc", None),
        ("afrisenti", "yosm", None),
    ],
)
def test_labels_are_mapped_where_they_differ(
    load: Load, trained: str, tested: str, expected: object
) -> None:
    (evaluation,) = load(spec(trained, tested)).evaluations
    assert evaluation.collapse == expected


def test_a_collapse_of_the_spec_wins(load: Load, refused: Refused) -> None:
    own = {"entailment": ["entailment", "neutral"], "non-entailment": ["contradiction"]}
    (evaluation,) = load(spec("xnli", "hans-regenerated", f", collapse: {own}")).evaluations
    assert evaluation.collapse == own
    error = refused(spec("xnli", "hans-regenerated", ", collapse: {}"))
    assert "cannot be tested on 'hans-regenerated'" in error.what


def test_labels_that_no_task_maps_are_refused(refused: Refused) -> None:
    assert "cannot be tested on 'pawsx'" in refused(spec("xnli", "pawsx")).what


def test_merging_labels_is_advised_only_where_there_are_labels_to_merge(refused: Refused) -> None:
    assert "`collapse: {A: [B, C]}`" in refused(spec("xnli", "pawsx")).hint
    error = refused(spec("lareqa", "stsb"))
    assert error.what == (
        "a model trained on 'lareqa' (answer-retrieval) cannot be tested on 'stsb' (regression)"
    )
    assert error.hint == "choose a task of the same kind"
    assert (
        refused(spec("xnli", "stsb")).hint == "choose a task of the same kind with the same labels"
    )
