"""`xlt report` as a command: what it writes, and what it says of wrong input."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.page import render


def test_a_page_is_written(runs: Path, tmp_path: Path, xlt: Any) -> None:
    out = tmp_path / "new" / "page.html"
    answer = xlt(
        "report", "A=erm-*", "B=mixup-*", "--runs-dir", runs, "--title", "A & B", "-o", out
    )
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.startswith(f"written to {out} (1.")
    page = out.read_text("utf-8")
    assert "<title>A &amp; B</title>" in page
    assert str(runs) not in page


def test_from_an_archive_the_page_says_the_same(runs: Path, tmp_path: Path, xlt: Any) -> None:
    archive, systems = tmp_path / "runs.tar.xz", ("A=erm-*", "B=mixup-*")
    assert xlt("archive", *systems, "--runs-dir", runs, "-o", archive).exit_code == 0
    pages = {}
    for name, given in {
        "runs": [*systems, "--runs-dir", runs],
        "archive": ["--from", archive],
        "chosen": [*systems, "--from", archive],
    }.items():
        out = tmp_path / f"{name}.html"
        answer = xlt("report", *given, "-o", out, "--title", "T")
        assert answer.exit_code == 0, answer.output
        page = out.read_text("utf-8")
        assert str(tmp_path) not in page
        pages[name] = re.findall(r"<td[^>]*>[^<]*</td>", page[: page.index('id="setup-title"')])
    assert len(pages["runs"]) > 100
    assert pages["archive"] == pages["runs"] == pages["chosen"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["no-such-run"], "there is no run 'no-such-run'"),
        (["A=erm-*", "mixup-*"], "'mixup-*' lacks a name or runs"),
        (["erm-*", "--baseline", "ERN"], "unknown system 'ERN'"),
        (["erm-*", "--from", "here", "--serve"], "an archive does not change"),
        (["a", "b", "--from", "here"], "of a reproduction the name is needed"),
        (["--from", "here"], "of a reproduction the name is needed"),
        ([], "there are no runs to read"),
        (["erm-*", "-o", "."], "'.' is a folder"),
        (["A=erm-*", "mixup-*", "--serve"], "'mixup-*' lacks a name or runs"),
        (["no-such-spec.yaml"], "no-such-spec.yaml"),
    ],
)
def test_wrong_input_is_explained(runs: Path, xlt: Any, given: list[str], said: str) -> None:
    answer = xlt("report", *given, "--runs-dir", runs)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_missing_extra_is_named_before_anything_is_read(
    xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "find_spec", lambda name: None)
    answer = xlt("report", "no-such-run")
    assert answer.exit_code == 2
    assert 'pip install "xlt-cli[report]"' in answer.stderr
