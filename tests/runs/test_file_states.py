"""Files that changed are told from those that did not, also within a step of the clock."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from xlt_cli.runs import file_states
from xlt_cli.runs.file_states import COARSE_STEP, below, compared, stated


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that were written long ago."""
    files = [tmp_path / name for name in ("a", "b")]
    for path in files:
        path.write_text(path.name * 10)
    monkeypatch.setattr(file_states, "_age", lambda about: COARSE_STEP + 1)
    return files


def test_old_files_are_known_by_their_state_alone(
    old: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stated(old)
    monkeypatch.setattr(file_states, "_hash", pytest.fail)
    look = compared(old, before)
    assert (look.same, look.settled) == (True, True)


@pytest.mark.parametrize("large", [False, True])
def test_a_small_file_may_lose_another_name(
    tmp_path: Path, old: list[Path], large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_states, "SMALL", 1 if large else 10)
    os.link(old[0], tmp_path / "other")
    before = stated(old)
    time.sleep(0.05)  # or the time of its last change might be the same
    (tmp_path / "other").unlink()
    look = compared(old, before)
    assert (look.same, look.settled) == (not large, False)


def test_young_files_are_known_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "young"
    path.write_text("one")
    before = stated([path])
    look = compared([path], before)
    assert (look.same, look.settled) == (True, False)


def test_a_change_within_a_step_of_the_clock_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "young"
    path.write_text("one")
    monkeypatch.setattr(file_states, "_state", lambda about: "the same")
    before = stated([path])
    path.write_text("two")
    assert not compared([path], before).same


@pytest.mark.parametrize("change", ["content", "time", "renamed", "gone", "more", "fewer"])
def test_changes(old: list[Path], change: str) -> None:
    before = stated(old)
    first, files = old[0], list(old)
    status = first.stat()
    if change == "content":  # of the same size, and with the time set back
        first.write_text("z" * 10)
        os.utime(first, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "time":
        os.utime(first, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    elif change == "renamed":  # a copy in its place: another inode
        copy = first.with_name("copy")
        copy.write_bytes(first.read_bytes())
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
        copy.replace(first)
    elif change == "gone":
        first.unlink()
    elif change == "more":
        files.append(first.with_name("c"))
    else:
        files.pop()
    assert not compared(files, before).same


def test_files_below_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x" / "y").mkdir(parents=True)
    for name in ("a", "x/b", "x/y/c", "x/y/lock"):
        (tmp_path / name).touch()
    found = {str(path.relative_to(tmp_path)) for path in below(tmp_path, frozenset({"lock"}))}
    assert found == {"a", "x/b", "x/y/c"}
