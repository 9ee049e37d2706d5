"""Data sets of anyone's, for every problem, by parameters: questions, choices, and labels that the
data name themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Features, Sequence, Value
from question_tools import write_squad

from xlt_cli.api import DataError, OfflineError, Task, UserError
from xlt_tasks.choices.own import OwnChoices
from xlt_tasks.question_answering.own import OwnQuestions
from xlt_tasks.text_classification import TextClassification
from xlt_tasks.token_labelling import TokenLabelling

Made = Callable[..., Task]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PASSAGE = "It was Anna, they said."
QUESTION = {"question": "Who?", "context": PASSAGE}
LISTS = {"text": ["Anna", "Anna"], "answer_start": [7, 7]}
CHOICES: dict[str, Any] = {"context": "premise", "choices": ["a", "b"], "answer": "label"}


def write_rows(path: Path, *rows: dict[str, Any], features: Any = None) -> Path:
    """Writes JSON, JSON lines, or Parquet with the features that `datasets` writes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        schema = None if features is None else Features(features).arrow_schema
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows), "utf-8")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of org/name at a commit, in a cache of the hub's client without a network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "hub" / "datasets--org--name" / "snapshots" / COMMIT


def test_questions_in_squads_layout(tmp_path: Path, task: Made) -> None:
    write_squad(tmp_path / "test-sw.json", {"a": "Anna", "b": None})
    made = task(OwnQuestions, path=tmp_path)
    assert made.languages("test") == ("sw",)
    rows: Any = made.load("test", "sw")
    assert [row.id for row in rows.examples] == ["a"]
    assert rows.notes == ("1 question without an answer left out",)
    both = task(OwnQuestions, path=tmp_path, unanswerable=True)
    assert len(both.load("test", "sw").examples) == 2


@pytest.mark.parametrize("suffix", ["jsonl", "parquet", "json"])
@pytest.mark.parametrize("answers", [LISTS, [{"text": "Anna", "answer_start": 7}]])
def test_questions_in_columns(tmp_path: Path, task: Made, suffix: str, answers: Any) -> None:
    row = {"no": 5, "asked": "Who?", "passage": PASSAGE, "gold": answers}
    write_rows(tmp_path / f"dev-fi.{suffix}", row)
    columns = ["asked", "passage", "gold"]
    made = task(OwnQuestions, path=tmp_path, columns=columns, id_column="no", aligned=True)
    (example,) = made.load("dev", "fi").examples
    assert example.id == "5"
    assert example.answers == (("Anna", 7),)
    assert made.aligned
    assert made.problem.of(made).settings.n_best == 1


def test_an_answer_and_its_place_in_two_columns(write: Any, tmp_path: Path, task: Made) -> None:
    write("test.csv", "question,context,text,start,lang", f'Who?,"{PASSAGE}",Anna,7,sw')
    columns = ["question", "context", "text", "start"]
    made = task(OwnQuestions, path=tmp_path, columns=columns, language_column="lang")
    (example,) = made.load("test", "sw").examples
    assert (example.id, example.answers) == ("test-1", (("Anna", 7),))


@pytest.mark.parametrize(
    ("row", "columns", "what"),
    [
        ({**QUESTION, "gold": LISTS}, None, "the file has no labels"),
        ({**QUESTION, "gold": LISTS}, ["question", "contexts", "gold"], "columns question, con"),
        ({**QUESTION, "answers": "Anna"}, None, "the answers are 'Anna', expected texts with"),
        ({**QUESTION, "answers": {"text": "Anna"}}, None, "there is no list 'text'"),
        ({**QUESTION, "answers": {"text": ["Anna"], "answer_start": []}}, None, "1 answers but 0"),
        ({**QUESTION, "answers": ["Anna"]}, None, "there is no text 'text'"),
        ({"question": None, "context": "x", "answers": LISTS}, None, "no text 'question'"),
        (
            {**QUESTION, "text": "Anna", "start": "seven"},
            ["question", "context", "text", "start"],
            "the answer's first character is 'seven', expected a number from 0",
        ),
    ],
)
def test_questions_that_cannot_be_read_are_named_with_their_place(
    tmp_path: Path, task: Made, row: dict[str, Any], columns: Any, what: str
) -> None:
    path = write_rows(tmp_path / "test-en.jsonl", row)
    with pytest.raises(DataError) as refused:
        task(OwnQuestions, path=tmp_path, columns=columns).load("test", "en")
    assert what in refused.value.what
    assert str(refused.value.where).startswith(str(path))
    if "columns" in what:
        assert "the file has: question, context, gold" in refused.value.what


@pytest.mark.parametrize(
    ("row", "params", "right"),
    [
        ({"a": "x", "b": "y", "label": 1}, {}, 1),
        ({"a": "x", "b": "y", "label": "2"}, {"first_answer": 1}, 1),
        ({"a": "x", "b": "y", "label": "A"}, {"answers": "letter", "first_answer": 1}, 0),
        ({"a": "x", "b": "y", "label": "y"}, {"answers": "text"}, 1),
        ({"all": ["x", "y", "z"], "label": 2}, {"choices": ["all"]}, 2),
        (
            {"all": {"text": ["x", "y"], "label": ["1", "2"]}, "label": "2"},
            {"choices": ["all"]},
            1,
        ),
    ],
)
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_choices_in_columns(
    tmp_path: Path,
    task: Made,
    row: dict[str, Any],
    params: dict[str, Any],
    right: int,
    suffix: str,
) -> None:
    write_rows(tmp_path / f"test-qu.{suffix}", {"premise": "p", "asks": "why?", **row})
    made = task(OwnChoices, path=tmp_path, **{**CHOICES, **params}, question="asks")
    (example,) = made.load("test", "qu").examples
    assert (example.id, example.context, example.question) == ("test-1", "p", "why?")
    assert example.choices[:2] == ("x", "y")
    assert example.right == right


def test_rows_without_a_question_and_without_an_id(
    tmp_path: Path, task: Made, failure: Any
) -> None:
    row = {"premise": "p", "asks": None, "name": 7, "a": "x", "b": "y", "label": 1}
    params = {**CHOICES, "question": "asks", "id_column": "name"}
    made = task(OwnChoices, path=tmp_path, **params)
    write_rows(tmp_path / "test-en.jsonl", row)
    (example,) = made.load("test", "en").examples
    assert (example.question, example.id) == ("", "test-7")  # type: ignore[attr-defined]
    path = write_rows(tmp_path / "test-en.jsonl", row, {**row, "name": None})
    error = failure(made.load, "test", "en")
    assert (error.what, error.where) == ("the id is empty", f"{path}:2")


def test_a_class_id_counts_from_0_whatever_the_numbers_of_choices(
    tmp_path: Path, task: Made
) -> None:
    features = {**dict.fromkeys(("premise", "a", "b"), Value("string"))}
    features["label"] = ClassLabel(names=["one", "two"])
    row = {"premise": "p", "a": "x", "b": "y", "label": 1}
    write_rows(tmp_path / "test-en.parquet", row, features=features)
    for first in (0, 1):
        made: Any = task(OwnChoices, path=tmp_path, **CHOICES, first_answer=first)
        assert made.load("test", "en").examples[0].right == 1


@pytest.mark.parametrize(
    ("row", "params", "what"),
    [
        ({"a": "x", "b": "y"}, {}, "the columns premise, a, b, label are required"),
        ({"a": "x", "b": "y", "label": 2}, {}, "the right choice is 2, expected a number from 0"),
        ({"a": "x", "b": "y", "label": "C"}, {"answers": "letter"}, "the right choice is 2"),
        ({"a": "x", "b": "y", "label": "c"}, {"answers": "letter"}, "expected one of: A, B"),
        ({"a": "x", "b": "x", "label": "x"}, {"answers": "text"}, "expected one of: x, x"),
        ({"a": "x", "b": "", "label": 0}, {}, "choice 2 is empty"),
        ({"a": "x", "label": 0}, {"choices": ["a"]}, "the choices are 'x', expected a list"),
        (
            {"a": {"text": ["x", "y"], "label": ["1"]}, "label": "1"},
            {"choices": ["a"]},
            "2 choices but 1 names",
        ),
    ],
)
def test_choices_that_cannot_be_read_are_named_with_their_place(
    tmp_path: Path, task: Made, row: dict[str, Any], params: dict[str, Any], what: str
) -> None:
    path = write_rows(tmp_path / "test-en.jsonl", {"premise": "p", **row})
    with pytest.raises(DataError) as refused:
        task(OwnChoices, path=tmp_path, **{**CHOICES, **params}).load("test", "en")
    assert what in refused.value.what
    assert str(refused.value.where) == f"{path}:1"


def test_labels_that_the_data_name(tmp_path: Path, task: Made, failure: Any) -> None:
    features = {"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])}
    write_rows(tmp_path / "train-en.parquet", {"text": "a", "label": 1}, features=features)
    own = task(TextClassification, path=tmp_path)
    assert own.labels == ("neg", "pos")
    assert own.load("train", "en").examples[0].label == "pos"
    with pytest.raises(UserError, match="`label_map` maps to 'x', which is not one of the labels"):
        _ = task(TextClassification, path=tmp_path, label_map={"0": "x"}).labels
    write_rows(tmp_path / "other" / "train-en.jsonl", {"text": "a", "label": 1})
    with pytest.raises(DataError, match="do not name their labels, so `labels` must list them"):
        _ = task(TextClassification, path=tmp_path / "other").labels
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no train files"):
        _ = task(TextClassification, path=tmp_path / "empty").labels


@pytest.mark.parametrize(
    ("names", "metric"), [(["O", "B-PER", "I-PER"], "f1"), (["NOUN", "VERB"], "accuracy")]
)
def test_tags_that_the_data_name(tmp_path: Path, task: Made, names: list[str], metric: str) -> None:
    tags = Sequence(ClassLabel(names=names))
    features = {"tokens": Sequence(Value("string")), "pos": tags}
    row = {"tokens": ["a", "b"], "pos": [1, 0]}
    write_rows(tmp_path / "test-en.parquet", row, features=features)
    own: Any = task(TokenLabelling, path=tmp_path, columns=["tokens", "pos"])
    assert (own.labels, own.metric) == (tuple(names), metric)
    assert own.load("test", "en").examples[0].tags == (names[1], names[0])


@pytest.mark.parametrize(
    ("of", "row", "params"),
    [
        (OwnQuestions, {"id": "q1", **QUESTION, "answers": LISTS}, {}),
        (OwnChoices, {"premise": "p", "a": "x", "b": "y", "label": 0}, CHOICES),
    ],
)
def test_the_hub_is_read_at_a_revision(
    snapshot: Path, task: Made, of: Any, row: dict[str, Any], params: dict[str, Any]
) -> None:
    write_rows(snapshot / "sw" / "test-00000-of-00001.parquet", row)
    where = {"dataset": "org/name", "subset": "{language}", "revision": COMMIT}
    made = task(of, **where, **params)
    made.check()
    assert made.languages("test") == ("sw",)
    rows = made.load("test", "sw")
    assert rows.source == f"org/name@{COMMIT}"
    assert len(rows.examples) == 1
    with pytest.raises(OfflineError):
        task(of, **{**where, "revision": COMMIT[::-1]}, **params).load("test", "sw")


@pytest.mark.parametrize("of", [OwnQuestions, TextClassification, TokenLabelling])
def test_data_must_be_somewhere(task: Made, of: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no data: give `path`"):
        task(of)
    with pytest.raises(ValueError, match="give either `path`"):
        task(of, path=tmp_path, dataset="org/name")


@pytest.mark.parametrize("names", [("en", "de"), ("en", "eng"), ("python", "rust"), ()])
def test_several_languages_in_a_file_of_one_are_said(
    tmp_path: Path, task: Made, names: tuple[str, ...]
) -> None:
    rows = [{"text": f"row {name}", "label": "a", "language": name} for name in names]
    plain = [{"text": "row", "label": "b"}] * (not rows)
    write_rows(tmp_path / "test.jsonl", *rows, *plain)
    made = task(TextClassification, path=tmp_path, labels=["a", "b"], texts=1, language="de")
    notes = made.load("test", "de").notes
    said = [note for note in notes if "names 2 languages" in note]
    assert len(said) == (names == ("en", "de"))
    assert all("`language_column: language`" in note for note in said)
