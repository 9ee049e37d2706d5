from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli.api import DataError
from xlt_tasks.token_labelling import TokenLabelling


def test_entities(write, task, tmp_path: Path):
    write("test-hau.jsonl", '{"tokens": ["1990", "a"], "ner_tags": [1, "O"]}')
    tags = ["O", "B-DATE", "I-DATE"]
    own = task(TokenLabelling, path=tmp_path, tags=tags, tag_map={1: "B-DATE"})
    assert (own.labels, own.metric) == (("O", "B-DATE", "I-DATE"), "f1")
    assert own.languages("test") == ("hau",)
    assert own.load("test", "hau").examples[0].tags == ("B-DATE", "O")


def test_parts_of_speech_have_no_entity_f1(task, tmp_path: Path):
    own = task(TokenLabelling, path=tmp_path, tags=["NOUN", "VERB"])
    assert own.metric == "accuracy"
    assert own.metric in own.problem(own.labels).metric_names


def test_columns_of_conll_files(write, task, tmp_path: Path):
    write("en/dev.conll", "Bonn NNP B-NP B-LOC", "", "x SYM O B-MISC")
    params = {"path": tmp_path, "files": "{language}/{split}.conll"}
    ner = task(TokenLabelling, tags=["O", "B-LOC"], tag_map={"B-MISC": "O"}, **params)
    rows = ner.load("dev", "en")
    assert [e.tags for e in rows.examples] == [("B-LOC",), ("O",)]
    assert rows.notes == (
        "dev.conll: 4 columns; words from the first, tags from the last",
        "read by `tag_map`: 'B-MISC' as 'O' (1)",
    )
    with pytest.raises(DataError, match="'B-LOC'") as error:
        task(TokenLabelling, tags=["NNP", "SYM"], **params).load("dev", "en")
    assert "4 columns; words from the first, tags from the last" in error.value.hint
    assert "`columns`" in error.value.hint
    pos = task(TokenLabelling, tags=["NNP", "SYM"], columns=["1", "2"], **params)
    assert [e.tags for e in pos.load("dev", "en").examples] == [("NNP",), ("SYM",)]
