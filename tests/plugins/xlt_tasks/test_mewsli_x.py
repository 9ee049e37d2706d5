"""Mewsli-X is read as its script makes it, and what is wrong with a line is said."""

from __future__ import annotations

import json
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
from retrieval_tools import made, rows, write_retrieval

from xlt_cli.api import DataError
from xlt_cli.problems import Candidate, RetrievalExample
from xlt_tasks.retrieval.mewsli_x import MewsliX, MewsliXPairs


def test_mewsli_x_asks_for_mentions_in_their_sentence(tmp_path: Path) -> None:
    task = made(MewsliX, write_retrieval(MewsliX, tmp_path))
    assert task.languages("test") == ("ar", "de")
    assert task.languages("train") == ()
    one, other = rows(task, "test", "de")
    assert one.id == "test-test1"
    assert one.query == "Bonn: Anna (sagt) in { Bonn } etwas (dazu)."
    assert other.query == "Anna: { Anna } (sagt) in Bonn etwas (dazu)."
    assert (one.relevant, one.candidates[0].key) == (("Q3",), "Q3")
    assert one.candidates[0] == Candidate("Q3", "Entity 3 in de. It is known.", "de")
    pool = [c.key for e in (one, other) for c in e.candidates]
    assert sorted(pool) == [f"Q{number}" for number in range(9)]  # each once
    assert abs(len(one.candidates) - len(other.candidates)) <= 1
    assert {c.language for c in other.candidates} <= set(task.row_languages("de"))


def test_mewsli_x_has_english_pairs_to_train_on(tmp_path: Path) -> None:
    task = made(MewsliXPairs, write_retrieval(MewsliXPairs, tmp_path))
    assert task.languages("train") == ("en",)
    (one,) = rows(task, "train", "en")
    found = [Candidate("Q3", "Entity 3 in en. It is known.", "en")]
    query = "Bonn: Anna came to { Bonn } ."
    assert one == RetrievalExample.of("train-train3", query, "en", found, ["Q3"])


MENTIONS, ENTITIES, PAIRS = (
    "wikinews_mentions-test",
    "candidate_set_entities",
    "wikipedia_pairs-train",
)


@pytest.mark.parametrize("fault", ["absent", "null", "no object"])
@pytest.mark.parametrize(
    ("name", "way"),
    [
        (MENTIONS, "context"),
        (MENTIONS, "context language"),
        (MENTIONS, "context text"),
        (MENTIONS, "context sentence_spans"),
        (MENTIONS, "mentions"),
        (MENTIONS, "mentions 0 entity_id"),
        (MENTIONS, "mentions 0 mention_span"),
        (MENTIONS, "mentions 0 mention_span start"),
        (ENTITIES, "entity_id"),
        (ENTITIES, "description"),
        (ENTITIES, "description_language"),
        (ENTITIES, "sentence_spans"),
        (PAIRS, "entity"),
        (PAIRS, "entity entity_id"),
        (PAIRS, "contextual_mention mention"),
        (PAIRS, "contextual_mention context text"),
    ],
)
def test_mewsli_x_names_the_line_that_lacks_something(
    tmp_path: Path, name: str, way: str, fault: str
) -> None:
    of: Any = MewsliXPairs if name == PAIRS else MewsliX
    path = write_retrieval(of, tmp_path) / f"{name}.jsonl"
    lines = path.read_text("utf-8").splitlines()
    found = json.loads(lines[0])
    *before, last = (int(key) if key.isdecimal() else key for key in way.split())
    inner = reduce(getitem, before, found)
    if fault == "absent":
        del inner[last]
    else:
        inner[last] = None
    first = "[1]" if fault == "no object" else json.dumps(found)
    path.write_text("\n".join([first, *lines[1:]]), "utf-8")
    with pytest.raises(DataError) as refused:
        rows(made(of, path.parent), *(("train", "en") if name == PAIRS else ("test", "de")))
    assert refused.value.where.startswith(str(path))
    if fault == "no object":
        assert refused.value.what == "a JSON list, expected an object"
        assert refused.value.where == f"{path}:1"
    elif fault == "absent":
        assert refused.value.what == f"there is no '{last}'"
        assert refused.value.where == f"{path}:1"


@pytest.mark.parametrize("fault", ["no text", "entity", "candidates", "json", "language"])
def test_mewsli_x_says_what_is_wrong(tmp_path: Path, fault: str) -> None:
    task = made(MewsliX, write_retrieval(MewsliX, tmp_path))
    path = task.params.path / "wikinews_mentions-test.jsonl"
    lines = path.read_text("utf-8").splitlines()
    article = json.loads(lines[0])
    what = "no test file of 'mewsli-x' for the language 'fa'"
    if fault == "no text":  # as published, before the texts are put in
        article["context"]["text"] = ""
        what = "the mention 'Bonn' is not where it should be"
    elif fault == "entity":
        article["mentions"][0]["entity_id"] = "Q77"
        what = "no entity 'Q77'"
    elif fault == "candidates":
        (path.parent / "candidate_set_entities.jsonl").unlink()
        what = "no such file"
    elif fault == "json":
        what = "not valid JSON"
    text = "{" if fault == "json" else json.dumps(article)
    path.write_text("\n".join([text, *lines[1:]]), "utf-8")
    with pytest.raises(DataError, match=what):
        rows(task, "test", "fa" if fault == "language" else "de")
