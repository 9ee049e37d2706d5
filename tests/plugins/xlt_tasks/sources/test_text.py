from __future__ import annotations

from pathlib import Path

import pytest

from xlt_tasks.sources.text import read_lines


def test_only_a_line_feed_ends_a_line(write):
    odd = "a\u2028b\x1cc\x85d\u00a0e\x0bf"
    assert read_lines(write("x", odd, "second")) == [odd, "second"]


def test_byte_order_mark_carriage_returns_and_blank_end_are_no_text(write):
    path = write("x", data="\ufeffone\r\ntwo\r\n\r\n\n".encode())
    assert read_lines(path) == ["one", "two"]


def test_a_blank_line_in_the_middle_stays(write):
    assert read_lines(write("x", "one", "", "two")) == ["one", "", "two"]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf\r\n"])
def test_an_empty_file(write, failure, data: bytes):
    path = write("x", data=data)
    error = failure(read_lines, path)
    assert (error.what, error.where) == ("the file is empty", str(path))


def test_invalid_utf8_is_placed(write, failure):
    path = write("x", data="gut\nschön\n".encode("latin1"))
    error = failure(read_lines, path)
    assert error.what == "byte 0xf6 at offset 7 is not valid UTF-8"
    assert error.where == f"{path}:2"
    assert "iconv" in error.hint


def test_no_permission(write, failure, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # chmod does not stop root
    path = write("x", "one")
    error = failure(read_lines, path)
    assert (error.what, error.where) == ("permission to read it is missing", str(path))


def test_a_file_that_vanished(tmp_path: Path, failure):
    error = failure(read_lines, tmp_path / "gone")
    assert error.what == "it cannot be read: No such file or directory"


def test_lone_carriage_returns_end_lines_where_nothing_else_does(tmp_path: Path):
    path = tmp_path / "x.tsv"
    path.write_bytes(b"a\tb\rc\td\r\re\r")
    assert read_lines(path) == ["a\tb", "c\td", "", "e"]
    path.write_bytes(b"a\rb\nc\n")
    assert read_lines(path) == ["a\rb", "c"]
