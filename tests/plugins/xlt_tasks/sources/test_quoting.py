from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xlt_tasks.sources.columns import SINGLE
from xlt_tasks.sources.delimited import read_tsv
from xlt_tasks.sources.quoting import judge
from xlt_tasks.sources.table import Form


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("a\t0\n", "none"),
        ('"a ""b"" c"\t0\nd\t1\n', "csv"),
        ('"""a"" b"\t0\nd\t1\n', "csv"),
        ('"two\nlines"\t0\nd\t1\n', "csv"),
        ('"a\tb"\t0\nd\t1\n', "csv"),
        ('"text"\t"label"\n"a"\t"0"\n', "csv"),
        ('"text"\t"label"\n"a"\t0\n', "csv"),
        # Quotation marks of the text itself.
        ('He said "a"\t0\n"b"\t1\n', "none"),
        ('"a" he said\t0\n', "none"),
        ('"a\t0\nb"\t1\n', "none"),
        ('"a ""b"" c"\t0\nbut "here" not\t1\n', "none"),
        ('"Hello"\t0\nYes, sir\t1\n', "none"),
        ('"Hello, sir"\t0\nYes, sir\t1\n', "none"),
        ('"\tO\nHello\tO\n"\tO\n', "none"),
        ('"\tO\n""\tO\n"\tO\n', "none"),
        # Nothing decides.
        ('"Hello, sir"\t0\nYes\t1\n', "ambiguous"),
        ('"Hello"\tyes\n"Bye"\tno\n', "ambiguous"),
    ],
)
def test_who_wrote_the_marks(text: str, verdict: str):
    assert judge(text, 2) == verdict
    assert judge(text.replace("\n", "\r\n"), 2) == verdict


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1) | st.sampled_from(
    ['say "yes"', '"quoted"', "a, b", "a\nb"]
)


@given(st.lists(TEXT, min_size=1))
@example(["\t"])
@settings(deadline=None)
def test_a_quoted_file_is_never_taken_for_plain_text(texts: list[str]):
    """Unless its fields are as they stand in it, or nothing decides."""
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter="\t", lineterminator="\n").writerows([t, "0"] for t in texts)
    verdict = judge(stream.getvalue(), 2)
    assert verdict == ("csv" if any(c in t for t in texts for c in '"\t\n') else "none")


def test_the_note_and_the_parameter(write, failure):
    path = write("dev-en.tsv", '"a ""b"""\tx', "c\ty")
    table = read_tsv(path, SINGLE)
    assert [r.inputs for r in table.records] == [('a "b"',), ("c",)]
    assert table.notes == (
        "dev-en.tsv: quoted as in CSV; the quotation marks around 1 field were removed",
    )
    plain = read_tsv(path, SINGLE, Form(quoting="none"))
    assert [r.inputs for r in plain.records] == [('"a ""b"""',), ("c",)]
    assert plain.notes == ()


def test_what_cannot_be_told_is_refused(write, failure):
    path = write("dev-en.tsv", '"Hello, sir"\tx', "Yes\ty")
    error = failure(read_tsv, path, SINGLE)
    assert "it is unclear whether the marks are part of the text" in error.what
    assert error.where == str(path)
    for quoting, text in [("none", '"Hello, sir"'), ("csv", "Hello, sir")]:
        table = read_tsv(path, SINGLE, Form(quoting=quoting))
        assert table.records[0].inputs == (text,)


def test_lines_are_counted_over_the_breaks_in_fields(write, tmp_path: Path):
    path = write("dev-en.tsv", '"a', 'b"\tx', "c\ty")
    table = read_tsv(path, SINGLE)
    assert [table.where(r) for r in table.records] == [f"{path}:1", f"{path}:3"]


@pytest.mark.parametrize(
    "text",
    [
        '"He said \\"hi\\""\t1\n"plain"\t0\n',
        '"text"\t"label"\n"a \\\\ b"\t"pos"\n"\\"c\\""\t"neg"\n',
        '"1"\t"\\"\\""\t0\n',
    ],
)
def test_marks_with_backslashes_as_r_writes_them_are_refused(write, failure, text: str):
    path = write("x.tsv", *text.splitlines())
    error = failure(lambda: read_tsv(path, SINGLE))
    assert "quotation marks" in error.what
    assert "qmethod" in error.hint
    assert len(read_tsv(path, SINGLE, Form("none")).records) == text.count("\n")


def test_backslashes_in_running_text_are_no_quoting():
    assert judge('a \\"b\\" c\t1\n"d" e\t0\n', 2) == "none"
