from __future__ import annotations

import pytest
from pydantic import ValidationError

from xlt_tasks.mini_pawsx_task import MiniPawsX


def test_what_it_is(task):
    mini = task(MiniPawsX)
    assert (mini.labels, mini.metric) == (("0", "1"), "accuracy")
    assert mini.demonstration
    assert mini.aligned
    assert "en" in mini.languages("train")


def test_load(task):
    pytest.importorskip("xlt_tasks.mini_pawsx.languages.de")
    rows = {language: task(MiniPawsX).load("test", language) for language in ("en", "de")}
    english, german = rows["en"].examples, rows["de"].examples
    assert [(e.id, e.label) for e in english] == [(e.id, e.label) for e in german]
    assert english[0].id == "test-1"
    assert {e.label for e in english} == {"0", "1"}
    assert german[0].languages == ("de", "de")
    assert all(text for e in english + german for text in e.texts)
    assert rows["en"].notes == ()


def test_a_language_that_it_lacks(task, failure):
    error = failure(task(MiniPawsX).load, "test", "xx")
    assert error.what == "mini-pawsx has no language 'xx'"
    assert "known: de, en" in error.hint


@pytest.mark.parametrize(
    ("kinds", "what"),
    [
        (
            ["kin", "place"],
            "2 kinds need 2,400 scenes each, and there are only 552 of 'kin'",
        ),
        (["act", "seat"], "2 kinds need 2,400 scenes each, and there are only 2,256 of 'seat'"),
        (["act", "give", "teach", "kin"], "4 kinds need 1,200 scenes each"),
        ([], "an even number of different kinds is needed"),
        (["act", "act"], "an even number of different kinds is needed"),
    ],
)
def test_kinds_that_give_no_balanced_pairs_or_too_few(kinds, what):
    with pytest.raises(ValidationError, match=what):
        MiniPawsX.Params(kinds=kinds)
    assert MiniPawsX.Params(kinds=["act", "routine"]).kinds == ("act", "routine")


def test_easier_pairs(task):
    easier = task(MiniPawsX, near_misses="replaced").load("test", "en").examples
    pairs = zip(task(MiniPawsX).load("test", "en").examples, easier, strict=True)
    assert {(one.label, one.texts == other.texts) for one, other in pairs} == {
        ("1", True),
        ("0", False),
    }
