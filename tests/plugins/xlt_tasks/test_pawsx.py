from __future__ import annotations

from pathlib import Path

from xlt_tasks.pawsx import PawsX


def test_what_it_is(task):
    pawsx = task(PawsX)
    assert pawsx.labels == ("0", "1")
    assert (pawsx.metric, pawsx.aligned) == ("accuracy", True)
    assert pawsx.languages("test") == ("de", "en", "es", "fr", "ja", "ko", "zh")


def test_load(write, task, tmp_path: Path):
    lines = ["id\tsentence1\tsentence2\tlabel", "7\ta\ta\t0", "8\ta\tNS\t0", "9\tb\tc\t1"]
    write("test-de.tsv", *lines)
    rows = task(PawsX, path=tmp_path).load("test", "de")
    assert [(e.id, e.texts, e.label) for e in rows.examples] == [
        ("test-1", ("a", "a"), "0"),
        ("test-3", ("b", "c"), "1"),
    ]
    assert rows.notes == (
        "1 row left out: a sentence was not translated (NS)",
        "1 row kept: labelled 0 although the two sentences are identical "
        "(a translation may have lost the difference)",
    )
