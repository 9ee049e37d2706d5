"""Labels counted as one: what a collapse may name."""

from __future__ import annotations

import pytest

from xlt_cli.api import TaskFacts
from xlt_cli.errors import SpecError
from xlt_cli.problems import SequenceClassification
from xlt_cli.problems.collapse import FACTS, check_known, problem_under
from xlt_cli.spec import Evaluation, PluginUse
from xlt_cli.spec.resolution import reopen_evaluation
from xlt_cli.spec.suitability import check_head
from xlt_cli.testing.tiny_tasks import Sequences

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


class Asking(SequenceClassification):
    """A problem that asks its task for everything that it may."""

    api_version = 1
    name = "asking"
    summary = "one label for a text"

    @classmethod
    def of(cls, task: TaskFacts) -> Asking:
        made = cls(task.labels)
        made.said = [getattr(task, name) for name in FACTS]  # type: ignore[attr-defined]
        return made


def test_a_problem_may_ask_its_task_the_same_under_a_collapse() -> None:
    task = type("Made", (Sequences,), {"problem": Asking})()
    facts = {name for name in vars(TaskFacts) if name[0] != "_"}
    assert facts == {*FACTS, "labels"}
    whole, collapsed = problem_under(task, None), problem_under(task, {"all": list(task.labels)})
    assert collapsed.labels == ("all",)
    assert collapsed.said == whole.said == [getattr(task, name) for name in FACTS]  # type: ignore[attr-defined]
