"""One's own files for retrieval, mining, and intents: tasks without a plugin to write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from xlt_cli.api import DataError, Rows, UserError
from xlt_cli.problems import IntentExample, RetrievalExample
from xlt_tasks.own_intents import OwnIntents
from xlt_tasks.retrieval.own import OwnAnswers, OwnMining, OwnPairs, OwnRetrieval

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*rows: object, name: str = "test-sw.jsonl") -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (tmp_path / name).write_text("".join(line + "\n" for line in lines), "utf-8")
        return tmp_path

    return written


def loaded(task: type[OwnPairs], path: Path, **params: Any) -> list[RetrievalExample]:
    made = task(task.Params.model_validate({"path": path, "candidate_language": "en", **params}))
    return list(made.load("test", "sw").examples)  # type: ignore[arg-type]


def pool_of(examples: list[RetrievalExample]) -> dict[str, str]:
    """The texts of the pool by their keys."""
    return {one.key: one.text for example in examples for one in example.candidates}


def test_each_query_has_its_text_in_a_pool_of_all(write: Write) -> None:
    examples = loaded(OwnRetrieval, write("moja\tone", "mbili\ttwo", name="test-sw.tsv"))
    assert [example.id for example in examples] == ["test-1", "test-2"]
    assert [example.languages for example in examples] == [("sw", "en")] * 2
    pool = pool_of(examples)
    assert [[pool[key] for key in example.relevant] for example in examples] == [["one"], ["two"]]


def test_texts_that_occur_twice_are_one_of_the_pool_and_queries_have_several(write: Write) -> None:
    rows = ["swali\tA", "lingine\tA", "swali\tB", "swali\tA"]
    examples = loaded(OwnAnswers, write(*rows, name="test-sw.tsv"))
    pool = pool_of(examples)
    assert sorted(pool.values()) == ["A", "B"]
    right = {one.query: [pool[key] for key in one.relevant] for one in examples}
    assert right == {"swali": ["A", "B"], "lingine": ["A"]}
    apart = loaded(OwnAnswers, write(*rows, name="test-sw.tsv"), aligned=True)
    assert [one.relevant for one in apart] == [("1",), ("2",), ("3",), ("4",)]
    assert len(pool_of(apart)) == 4


def test_a_query_may_be_called_as_a_row(write: Write) -> None:
    rows = [{"1": "2", "2": "a"}, {"1": None, "2": "b"}, {"1": "1", "2": "c"}]
    examples = loaded(OwnMining, write(*rows), columns=["1", "2"])
    assert [(one.query, one.relevant) for one in examples] == [
        ("2", ("1",)),
        ("", ()),
        ("1", ("3",)),
    ]


def test_mining_has_texts_without_a_translation(write: Write) -> None:
    rows = [{"a": "moja", "b": "one"}, {"a": "peke", "b": None}, {"a": "", "b": "alone"}]
    examples = loaded(OwnMining, write(*rows), columns=["a", "b"])
    assert [(one.query, len(one.candidates), len(one.relevant)) for one in examples] == [
        ("moja", 1, 1),
        ("peke", 0, 0),
        ("", 1, 0),
    ]
    with pytest.raises(DataError, match="a text of the pair is empty") as refused:
        loaded(OwnRetrieval, write(*rows), columns=["a", "b"])
    assert str(refused.value.where).endswith("test-sw.jsonl:2")


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([{"a": None, "b": ""}], "both texts are empty"),
        ([{"a": ["x"], "b": "one"}], "expected a text"),
        ([{"a": None, "b": "one"}], "there are no queries in 'sw'"),
        ([{"a": "x"}], "b"),
    ],
)
def test_rows_that_are_no_pairs_are_refused(
    write: Write, rows: list[dict[str, Any]], what: str
) -> None:
    with pytest.raises(DataError, match=what):
        loaded(OwnMining, write(*rows), columns=["a", "b"])


def test_they_need_data() -> None:
    with pytest.raises(UserError, match="'text-retrieval' has no data"):
        OwnRetrieval(OwnRetrieval.Params())


ROWS = [
    {"tokens": ["weka", "kengele", "saa", "moja"], "slots": ["O", "O", "B-time", "I-time"],
     "intent": "set"},
    {"tokens": "zima", "slots": "O", "intent": "stop"},
]  # fmt: skip


def spoken(path: Path, **params: Any) -> Rows:
    given = {"path": path, "intents": ["set", "stop"], "slots": ["time"], **params}
    return OwnIntents(OwnIntents.Params.model_validate(given)).load("test", "sw")


def test_sentences_have_an_intent_and_slots(write: Write) -> None:
    first, second = spoken(write(*ROWS)).examples
    assert isinstance(first, IntentExample)
    assert isinstance(second, IntentExample)
    assert (first.tokens, first.tags, first.intent) == (
        ("weka", "kengele", "saa", "moja"),
        ("O", "O", "B-time", "I-time"),
        "set",
    )
    assert (second.tokens, second.tags, second.intent) == (("zima",), ("O",), "stop")
    task = OwnIntents(OwnIntents.Params(path=Path(), intents=("set",), slots=("time",)))
    assert task.labels == ("O", "B-time", "I-time", "set")


def test_other_columns_and_a_map_of_labels(write: Write) -> None:
    path = write("zima sasa\tO B-when\tstop", "weka\tO\tset", name="test-sw.tsv")
    rows = spoken(path, columns=["1", "2", "3"], label_map={"B-when": "B-time", "set": "drop"})
    (only,) = rows.examples
    assert isinstance(only, IntentExample)
    assert only.tags == ("O", "B-time")
    assert any("set" in note for note in rows.notes)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"intent": "start"}, "the label 'start' is not one of the task's"),
        ({"intent": None}, "the intent is empty"),
        ({"slots": ["O"]}, "4 words but 1 tags"),
        ({"tokens": {"a": 1}}, "expected a text or a list"),
        ({"slots": ["O", "O", "B-place", "O"]}, "'B-place'"),
    ],
)
def test_sentences_that_are_wrong_are_refused(
    write: Write, change: dict[str, Any], what: str
) -> None:
    with pytest.raises(DataError, match=what):
        spoken(write({**ROWS[0], **change}))


@pytest.mark.parametrize(
    "wrong", [{"intents": []}, {"slots": ["a", "a"]}, {"columns": ["1", "2"]},
              {"label_map": {"x": "y"}}, {"intents": ["O"]}],
)  # fmt: skip
def test_parameters_that_cannot_be_meant_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OwnIntents.Params.model_validate(
            {"path": tmp_path, "intents": ["set"], "slots": ["time"], **wrong}
        )
