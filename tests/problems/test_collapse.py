"""Labels counted as one: what a collapse may name."""

from __future__ import annotations

from typing import Any, cast

import pytest

from xlt_cli.api import TaskFacts
from xlt_cli.errors import DataError, SpecError
from xlt_cli.problems import IntentAndSlots, SequenceClassification, SpanExtraction, collapse
from xlt_cli.problems.collapse import check_known, problem_under
from xlt_cli.spec import Evaluation, PluginUse
from xlt_cli.spec.resolution import reopen_evaluation
from xlt_cli.spec.suitability import check_head
from xlt_cli.testing.tiny_tasks import Sequences

FACTS = tuple(name for name in vars(TaskFacts) if name[0] != "_" and name != "labels")
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
    assert {"scheme", "metric", "params"} <= set(FACTS)
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


def test_a_problem_over_other_labels_asks_its_task_for_all_else() -> None:
    class Task:
        problem = SpanExtraction
        labels = ()
        params = metric = aligned = texts = scheme = None
        normalisation = "mlqa"

    problem: Any = problem_under(cast("Any", Task()), None)
    assert problem.normalisation == "mlqa"

    class Requests(Task):
        problem: Any = IntentAndSlots
        labels: Any = ("O", "B-a", "I-a", "B-b", "ask", "tell")
        intents = ("ask", "tell")

    problem = problem_under(cast("Any", Requests()), {"O": ("O", "B-b")})
    assert (problem.labels, problem.slots) == (("O", "B-a", "I-a", "ask", "tell"), 3)
    with pytest.raises(DataError, match="then its `intents`"):
        problem_under(cast("Any", Requests()), {"say": ("ask", "tell")})
