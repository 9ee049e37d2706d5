from __future__ import annotations

from pathlib import Path

from xlt_tasks.token_labelling import TokenLabelling


def test_entities(write, task, tmp_path: Path):
    write("test-hau.jsonl", '{"tokens": ["1990", "a"], "ner_tags": [1, "O"]}')
    own = task(TokenLabelling, path=tmp_path, tags=["O", "B-DATE", "I-DATE"])
    assert (own.labels, own.metric) == (("O", "B-DATE", "I-DATE"), "f1")
    assert own.languages("test") == ("hau",)
    assert own.load("test", "hau").examples[0].tags == ("B-DATE", "O")


def test_parts_of_speech_have_no_entity_f1(task, tmp_path: Path):
    own = task(TokenLabelling, path=tmp_path, tags=["NOUN", "VERB"])
    assert own.metric == "accuracy"
    assert own.metric in own.problem(own.labels).metrics
    assert TokenLabelling.metric == "f1"
