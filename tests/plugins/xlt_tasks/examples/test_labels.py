from __future__ import annotations

import pytest

from xlt_tasks.examples.labels import LabelReader

NLI = ("entailment", "neutral", "contradiction")


@pytest.mark.parametrize(("value", "label"), [("neutral", "neutral"), (0, NLI[0]), (2, NLI[2])])
def test_names_and_class_ids(value: object, label: str):
    assert LabelReader(NLI).get(value) == label


def test_class_ids_mean_what_the_file_says():
    reader = LabelReader(NLI, ["contradiction", "neutral", "entailment", "other"])
    assert [reader.get(i) for i in range(4)] == ["contradiction", "neutral", "entailment", None]


def test_numbers_that_are_names_are_no_class_ids():
    stars = LabelReader(("1", "2", "3"))
    assert [stars.get(i) for i in range(4)] == [None, "1", "2", "3"]
    assert LabelReader(("-1", "0", "1")).get(-1) == "-1"
    assert LabelReader(("0", "1"), ["0", "1"]).get(1) == "1"


@pytest.mark.parametrize("value", [3, -1, True, 1.0, None, "", "Neutral", ["neutral"], {}])
def test_what_is_no_label(value: object):
    assert LabelReader(NLI).get(value) is None


def test_an_unknown_label():
    error = LabelReader(NLI).error("entailed", "x.tsv:3")
    assert error.what == "the label 'entailed' is not one of the task's"
    assert error.where == "x.tsv:3"
    assert error.hint == "did you mean 'entailment'? known: contradiction, entailment, neutral"


@pytest.mark.parametrize(
    ("value", "what"),
    [(None, "there is no label"), ("", "there is no label"), (-1, "there is no label (-1)")],
)
def test_a_missing_label(value: object, what: str):
    assert LabelReader(NLI).error(value, "x.tsv:3").what == what
