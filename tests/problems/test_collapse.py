"""Labels counted as one: what a collapse may name."""

from __future__ import annotations

import pytest

from xlt_cli.errors import SpecError
from xlt_cli.problems.collapse import check_known
from xlt_cli.spec import Evaluation, PluginUse
from xlt_cli.spec.resolution import reopen_evaluation
from xlt_cli.spec.suitability import check_head

LABELS = ("entailment", "neutral", "contradiction")


def test_a_misspelt_label_is_no_label_of_a_class() -> None:
    check_known(None, LABELS, "x")
    check_known({"other": ["neutral", "contradiction"]}, LABELS, "x")
    with pytest.raises(SpecError) as caught:
        check_known({"other": ["neutral", "contradition"]}, LABELS, "x")
    assert "'contradition'" in caught.value.what
    assert "'contradiction'" in caught.value.hint


def test_it_is_refused_where_model_and_data_have_the_same_labels() -> None:
    use = PluginUse(name="xnli")
    collapse = {"other": ["neutral", "contradition"]}
    tested = reopen_evaluation(Evaluation(task=use, collapse=collapse))
    with pytest.raises(SpecError, match="contradition"):
        check_head(tested.task, tested, "x")
