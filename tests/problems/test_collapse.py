"""Labels counted as one: what a collapse may name."""

from __future__ import annotations

import pytest

from xlt_cli.api import TaskFacts
from xlt_cli.errors import SpecError
from xlt_cli.problems import SequenceClassification, collapse
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
    misspelt = {"other": ["neutral", "contradition"]}
    tested = reopen_evaluation(Evaluation(task=use, collapse=misspelt))
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


TWO_WAY = ("entailment", "non-entailment")
STATED = {"non-entailment": ("neutral", "contradiction")}
BOTH = {"non-entailment": ["neutral", "contradiction"]}
PERSONS = ("O", "B-PER", "I-PER")


@pytest.mark.parametrize(
    ("stated", "outputs", "labels", "expected"),
    [
        ([STATED], LABELS, TWO_WAY, BOTH),
        ([{}, STATED], TWO_WAY, LABELS, BOTH),
        ([STATED], LABELS, ("entailment", "neutral"), BOTH),
        ([STATED], ("entailment", "neutral"), TWO_WAY, {"non-entailment": ["neutral"]}),
        ([STATED], LABELS, ("contradiction", "neutral", "entailment"), None),
        ([STATED], TWO_WAY, TWO_WAY, None),
        ([STATED], ("0", "1"), TWO_WAY, None),
        ([], LABELS, TWO_WAY, None),
        ([{"O": ("O", "B-DATE")}], PERSONS, (*PERSONS, "B-DATE"), {"O": ["O", "B-DATE"]}),
    ],
)
def test_a_stated_collapse_is_used_where_it_makes_the_classes_equal(
    stated: list[dict[str, tuple[str, ...]]],
    outputs: tuple[str, ...],
    labels: tuple[str, ...],
    expected: dict[str, list[str]] | None,
) -> None:
    assert collapse.fitting(stated, outputs, labels) == expected
