from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli.api import SequenceExample
from xlt_tasks.examples.classification import ClassificationBuilder
from xlt_tasks.sources.table import Record, Table

NS = frozenset({"NS"})


def table(*rows: tuple[object, ...], class_names: tuple[str, ...] | None = None) -> Table:
    records = (Record(i, tuple(inputs), label) for i, (*inputs, label) in enumerate(rows, 1))
    return Table(Path("x.tsv"), tuple(records), class_names)


def test_examples():
    tables = [table(("p", "h", "no")), table(("q", "i", 0), class_names=("yes", "no"))]
    examples, notes = ClassificationBuilder(["no", "yes"]).build(tables, "dev", "de")
    assert examples == (
        SequenceExample("dev-1", ("p", "h"), "no", ("de", "de")),
        SequenceExample("dev-2", ("q", "i"), "yes", ("de", "de")),
    )
    assert notes == ()


def test_untranslated_rows_are_left_out_and_ids_stay():
    rows = table(("a", "NS", "-1"), ("b", "c", "1"), ("NS", "NS", "0"), ("NS.", "d", "0"))
    builder = ClassificationBuilder("01", untranslated="drop", marks=NS)
    examples, notes = builder.build([rows], "test", "de")
    assert [example.id for example in examples] == ["test-2", "test-4"]
    assert notes == ("2 rows left out: a sentence was not translated (NS)",)


def test_untranslated_rows_are_kept_and_counted():
    builder = ClassificationBuilder("01", untranslated="keep", marks=NS, differing="0")
    examples, notes = builder.build([table(("NS", "NS", "0"))], "test", "de")
    assert examples[0].texts == ("NS", "NS")
    assert notes == ("1 row kept: a sentence was not translated (NS)",)


def test_the_hub_leaves_untranslated_sentences_empty():
    rows = table(("a", None, 0), ("", "b", 1), ("a", "b", 1), ("NS", "b", 1))
    marks = NS | {""}
    drop = ClassificationBuilder("01", untranslated="drop", marks=marks)
    examples, notes = drop.build([rows], "train", "de")
    assert [example.id for example in examples] == ["train-3"]
    assert notes == ("3 rows left out: a sentence was not translated (NS or empty)",)
    keep = ClassificationBuilder("01", untranslated="keep", marks=marks)
    assert keep.build([rows], "train", "de")[0][0].texts == ("a", "")


def test_nothing_is_left(failure):
    builder = ClassificationBuilder("01", untranslated="drop", marks=NS)
    error = failure(builder.build, [table(("NS", "b", 1))], "dev", "de")
    assert (error.what, error.where) == ("no rows are left: no sentence was translated", "x.tsv")


def test_identical_sentences_are_counted_where_the_label_says_they_differ():
    rows = table(("a", "a", "0"), ("a", "a", "1"), ("a", "b", "0"))
    builder = ClassificationBuilder("01", marks=NS, differing="0")
    examples, notes = builder.build([rows], "dev", "de")
    assert len(examples) == 3
    assert notes == (
        "1 row kept: labelled 0 although the two sentences are identical "
        "(a translation may have lost the difference)",
    )
    assert ClassificationBuilder("01", marks=NS).build([rows], "dev", "de")[1] == ()


@pytest.mark.parametrize("text", ["", " ", "\u00a0", None])
def test_an_empty_text(failure, text: str | None):
    rows = [table(("a", "b", "0"), ("a", text, "0"))]
    error = failure(ClassificationBuilder("01").build, rows, "dev", "de")
    assert (error.what, error.where) == ("text 2 is empty", "x.tsv:2")
    assert "NS" not in error.hint
    error = failure(ClassificationBuilder("01", marks=NS).build, rows, "dev", "de")
    assert "NS" in error.hint


def test_a_text_that_is_none(failure):
    error = failure(ClassificationBuilder("01").build, [table((5, "b", "0"))], "dev", "de")
    assert (error.what, error.where) == ("text 1 is 5, expected a string", "x.tsv:1")


def test_an_unknown_label(failure):
    error = failure(ClassificationBuilder("01").build, [table(("a", "b", "2"))], "dev", "de")
    assert error.what == "the label '2' is not one of the task's"
    assert error.where == "x.tsv:1"


def test_labels_are_mapped_and_rows_dropped():
    rows = table(("a", "b", "e"), ("a", "", "-"), ("c", "d", 1))
    builder = ClassificationBuilder(["no", "yes"], label_map={"e": "no", "1": "yes", "-": "drop"})
    examples, notes = builder.build([rows], "dev", "de")
    assert [(e.id, e.label) for e in examples] == [("dev-1", "no"), ("dev-3", "yes")]
    assert notes == (
        "rows left out by `label_map`: '-' (1)",
        "read by `label_map`: '1' as 'yes' (1), 'e' as 'no' (1)",
    )


def test_a_label_that_is_called_drop():
    builder = ClassificationBuilder(["drop", "keep"])
    examples, _ = builder.build([table(("a", "b", "drop"))], "dev", "de")
    assert examples[0].label == "drop"
