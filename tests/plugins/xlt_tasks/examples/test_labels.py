from __future__ import annotations

import pytest

from xlt_cli.api import DataError
from xlt_tasks.examples.labels import LabelReader

NLI = ("entailment", "neutral", "contradiction")


def rejected(reader: LabelReader, *values: object) -> DataError:
    for line, value in enumerate(values, start=1):
        assert reader.get(value) is None
        reader.reject(value, f"x.tsv:{line}")
    with pytest.raises(DataError) as caught:
        reader.check()
    return caught.value


@pytest.mark.parametrize("value", [0, 1, 2, 0.0, "0"])
def test_a_number_is_no_place_in_the_list_of_labels(value: object):
    error = rejected(LabelReader(NLI), value)
    assert error.what == "the label '0' is not one of the task's".replace("0", str(int(value)))
    if not isinstance(value, str):
        assert f"`label_map: {{{int(value)}: LABEL, ...}}`" in error.hint


def test_class_ids_mean_what_the_file_says():
    names = ["contradiction", "neutral", "entailment", "other"]
    reader = LabelReader(NLI)
    assert [reader.get(i, names) for i in range(5)] == [*names[:3], None, None]
    assert reader.get(2.0, names) == "entailment"
    assert LabelReader(NLI, {"other": "neutral"}).get(3, names) == "neutral"


def test_numbers_that_are_names_are_read_by_their_digits():
    stars = LabelReader(("1", "2", "3"))
    assert [stars.get(i) for i in range(4)] == [None, "1", "2", "3"]
    assert LabelReader(("-1", "0", "1")).get(-1) == "-1"
    assert LabelReader(("0", "1")).get(1, ["0", "1"]) == "1"
    assert [LabelReader(("0", "1")).get(x) for x in (1.0, "1.0", "0.0", 0.5, "1.5")] == [
        "1", "1", "0", None, None,
    ]  # fmt: skip
    assert LabelReader(("0.5", "1.0")).get("1.0") == "1.0"


def test_truth_values_are_no_numbers():
    assert LabelReader(("0", "1")).get(True) is None
    assert [LabelReader(("false", "true")).get(x) for x in (False, True)] == ["false", "true"]
    assert LabelReader(("False", "True")).get(True) == "True"
    assert LabelReader(("no", "yes"), {"true": "yes"}).get(True) == "yes"


@pytest.mark.parametrize("value", [3, -1, True, 1.0, None, "", "Neutral", ["neutral"], {}])
def test_what_is_no_label(value: object):
    assert LabelReader(NLI).get(value) is None


def test_a_map():
    reader = LabelReader(NLI, {"e": "entailment", "0": "entailment", "-": "drop"})
    assert [reader.get(x) for x in ("e", 0, "0", "-", "neutral")] == [
        "entailment", "entailment", "entailment", "drop", "neutral",
    ]  # fmt: skip
    assert reader.notes("rows") == (
        "rows left out by `label_map`: '-' (1)",
        "read by `label_map`: '0' as 'entailment' (2), 'e' as 'entailment' (1)",
    )


def test_a_map_may_swap_labels():
    reader = LabelReader(("0", "1"), {"0": "1", "1": "0"})
    assert [reader.get(x) for x in ("0", 1)] == ["1", "0"]


def test_an_unknown_label():
    error = rejected(LabelReader(NLI), "entailed")
    assert error.what == "the label 'entailed' is not one of the task's"
    assert error.where == "x.tsv:1"
    assert error.hint == "did you mean 'entailment'? known: contradiction, entailment, neutral"


def test_all_unknown_labels_are_listed_at_once():
    error = rejected(LabelReader(NLI), "x", "contradict", "x", "")
    assert error.what == "3 labels are not labels of the task: 'x' (2), 'contradict' (1), '' (1)"
    assert error.where == "x.tsv:1"
    assert error.hint.endswith("; `label_map: {'x': LABEL, ...}` reads others as these")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (None, "there is no label"),
        ("", "there is no label"),
        (float("nan"), "there is no label"),
        (-1, "there is no label (-1)"),
    ],
)
def test_a_missing_label(value: object, what: str):
    assert rejected(LabelReader(NLI), value).what == what


def test_a_number_with_a_fraction_is_the_label_with_its_digits():
    assert LabelReader(("0.5", "1")).get(0.5) == "0.5"
    assert LabelReader(NLI, {"1.5": "neutral"}).get(1.5) == "neutral"
    assert LabelReader(("nan", "inf")).get(float("nan")) is None
    assert LabelReader(("nan", "inf")).get(float("inf")) is None
