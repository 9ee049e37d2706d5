"""Rows are loaded once, checked and fingerprinted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from xlt_cli.api import Example, PluginParams, Rows, SequenceExample, Split, Task, TokenExample
from xlt_cli.data.hashing import data_hash, row_hashes, text_hash
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import DataError
from xlt_cli.problems import (
    Candidate,
    Problem,
    RetrievalExample,
    SentenceRetrieval,
    SequenceClassification,
    TokenLabelling,
)

GOOD = tuple(SequenceExample(f"dev-{i}", (f"text {i}",), "01"[i % 2], ("en",)) for i in range(5))


class Fake(Task):
    """A task whose rows are given."""

    api_version = 1
    name = "fake"
    summary = "rows as given"
    problem: ClassVar[type[Problem]] = SequenceClassification
    metric = "accuracy"
    examples: tuple[Example, ...] = GOOD
    labels = ("0", "1")
    loads: ClassVar[list[tuple[str, str]]] = []

    class Params(PluginParams):
        path: str = "here"

    def languages(self, split: Split) -> tuple[str, ...]:
        return ("de", "en") if split == "dev" else ()

    def load(self, split: Split, language: str) -> Rows:
        self.loads.append((split, language))
        return Rows(self.examples, f"/data/{language}.tsv", ("1 row left out",))


@pytest.fixture
def task() -> Fake:
    Fake.loads.clear()
    return Fake()


def refused(task: Fake, examples: tuple[Example, ...]) -> DataError:
    task.examples = examples
    with pytest.raises(DataError) as caught:
        RowStore().load(task, "dev", "en")
    return caught.value


def test_rows_are_loaded_once_whatever_the_limit(task: Fake) -> None:
    store = RowStore()
    assert list(store.load(task, "dev", "en", limit=2)) == list(GOOD[:2])
    assert list(store.load(task, "dev", "en")) == list(GOOD)
    assert list(store.load(task, "dev", "en", limit=99)) == list(GOOD)
    store.load(task, "dev", "de")
    assert task.loads == [("dev", "en"), ("dev", "de")]
    assert store.notes(task, "dev", "en") == ("1 row left out",)


def test_rows_are_hashed_once_as_far_as_they_are_asked_for(
    task: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = []

    def counted(task: Task, examples: Sequence[Example]) -> np.ndarray:
        hashed.append(len(examples))
        return row_hashes(task, examples)

    monkeypatch.setattr("xlt_cli.data.rows.row_hashes", counted)
    store = RowStore()
    few, many = (store.hashes(task, "dev", "en", limit).tolist() for limit in (2, 4))
    assert (few, many) == (many[:2], [[text_hash(row)] for row in GOOD[:4]])
    assert store.hashes(task, "dev", "en", 3).tolist() == many[:3]
    after = store.of_next_run()
    assert after.hashes(task, "dev", "en", 4).tolist() == many
    assert hashed == [2, 4]


def test_fingerprints_say_what_the_rows_are(task: Fake) -> None:
    store = RowStore()
    store.load(task, "dev", "en", limit=1)
    assert store.fingerprints == {
        "fake/dev/en": {
            "sha256": data_hash(GOOD),
            "rows": 5,
            "source": "/data/en.tsv",
            "notes": ["1 row left out"],
        }
    }


def test_a_task_with_other_parameters_has_other_rows(task: Fake) -> None:
    store = RowStore()
    store.load(task, "dev", "en")
    other = Fake(Fake.Params(path="there"))
    other.examples = GOOD[:1]
    assert len(store.load(other, "dev", "en")) == 1
    assert len(store.load(Fake(Fake.Params(path="here")), "dev", "en")) == 5
    assert len(store.fingerprints) == 2


def test_an_unknown_language_is_said_with_the_nearest(task: Fake) -> None:
    with pytest.raises(DataError, match="has no 'dee' in its dev split") as caught:
        RowStore().load(task, "dev", "dee")
    assert "did you mean 'de'?" in caught.value.hint
    with pytest.raises(DataError, match="there is no test split"):
        RowStore().load(task, "test", "en")
    assert task.loads == []


@pytest.mark.parametrize("form", ["eng", "english", "en-GB", "eng_Latn", "EN"])
def test_a_language_is_loaded_whatever_the_form_of_its_code(task: Fake, form: str) -> None:
    store = RowStore()
    assert store.load(task, "dev", form) == store.load(task, "dev", "en")
    assert task.loads == [("dev", "en")]
    assert store.notes(task, "dev", form) == ("1 row left out",)
    assert list(store.fingerprints) == ["fake/dev/en"]


def test_empty_splits_and_repeated_ids_are_refused(task: Fake) -> None:
    assert "is empty in 'en'" in refused(task, ()).what
    error = refused(task, (*GOOD, replace(GOOD[3], texts=("other",))))
    assert error.what == "the id 'dev-3' occurs twice"
    assert error.where == "fake (dev, en): /data/en.tsv"


def test_bad_examples_are_refused_when_loaded_and_leave_no_trace(task: Fake) -> None:
    for bad, message in (
        (replace(GOOD[0], id="bad", label="2"), "the label '2'"),
        (replace(GOOD[0], id="bad", texts=()), "0 texts"),
        (TokenExample("bad", ("a",), ("0",), ("en",)), "TokenExample"),
    ):
        error = refused(task, (*GOOD, bad))
        assert message in error.what
        assert "'bad'" in error.where
    store = RowStore()
    with pytest.raises(DataError):
        store.load(task, "dev", "en")
    assert store.fingerprints == {}


def test_words_without_tags_are_refused_before_training_begins(task: Fake) -> None:
    task.problem = TokenLabelling  # type: ignore[misc]
    error = refused(task, (TokenExample("dev-1", ("a", "b"), ("0",), ("en",)),))
    assert error.what == "2 words but 1 tags"


def test_the_next_run_takes_rows_from_this_one_and_holds_its_own_alone(task: Fake) -> None:
    first = RowStore()
    rows = first.load(task, "dev", "en")
    first.load(task, "dev", "de")
    second = first.of_next_run()
    assert not second.loaded(task, "dev", "en")
    assert second.load(task, "dev", "en")[0] is rows[0]
    assert second.fingerprints == {"fake/dev/en": first.fingerprints["fake/dev/en"]}
    assert second.notes(task, "dev", "en") == ("1 row left out",)
    third = second.of_next_run()
    third.load(task, "dev", "en")
    assert task.loads == [("dev", "en"), ("dev", "de")]
    third.load(task, "dev", "de")  # the second run did not use it
    assert task.loads == [("dev", "en"), ("dev", "de"), ("dev", "de")]


def test_a_faulty_example_is_said_with_its_task_split_and_language(task: Fake) -> None:
    error = refused(task, (*GOOD[:3], replace(GOOD[3], label="2")))
    assert "the label '2' is not one of the task's" in error.what
    assert error.where == "fake (dev, en): example 'dev-3'"


class Searching(Fake):
    """Queries of retrieval."""

    name = "searching"
    problem = SentenceRetrieval
    labels = ()


def test_a_right_candidate_that_no_row_has_is_refused() -> None:
    found = [Candidate("K1", "a dog", "en")]
    whole = RetrievalExample.of("first", "ein Hund", "de", found, ["K1", "elsewhere"])
    lost = RetrievalExample.of("second", "eine Katze", "de", (), ["K2"])
    error = refused(Searching(), (whole, lost))
    assert error.what == "the right candidate 'K2' of 'second' is not among the candidates"
    assert "searching (dev, en)" in error.where
    assert "/data/en.tsv" in error.where
    assert "`key`" in error.hint
    task = Searching()
    task.examples = (lost, whole, RetrievalExample.of("3", "", "de", [Candidate("K2", "b", "en")]))
    assert list(RowStore().load(task, "dev", "en", limit=1)) == [lost]  # a later row has it
