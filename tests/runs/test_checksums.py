"""Files that do not hold what was written are seen, whatever their size."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from xlt_cli.runs import atomic, checksums, file_states
from xlt_cli.user_cache import user_cache

NAMES = ("model.safetensors", "config.json", "tokenizer/tokenizer.json", "optimizer.pt")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(checksums, "_own", {})
    with atomic.new_directory(tmp_path / "model") as directory:
        for name in NAMES:
            (directory / name).parent.mkdir(exist_ok=True)
            (directory / name).write_bytes(name.encode() * 100)
    return tmp_path / "model"


def flip(path: Path) -> None:
    """Turns one bit, in place."""
    with path.open("rb+") as file:
        file.seek(50)
        byte = file.read(1)[0]
        file.seek(50)
        file.write(bytes([byte ^ 0x80]))


@pytest.mark.parametrize("name", NAMES)
def test_a_bit_that_is_turned_is_seen(folder: Path, name: str) -> None:
    assert checksums.damage(folder) == ""
    flip(folder / name)
    assert checksums.damage(folder) == f"the content of {name} is not what was written"
    flip(folder / name)
    assert checksums.damage(folder) == ""


def test_it_is_seen_though_the_time_of_the_change_is_hidden(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checksums, "age_of", lambda path: 10**12)
    before = (folder / NAMES[0]).stat().st_mtime_ns
    assert checksums.damage(folder) == ""
    flip(folder / NAMES[0])
    os.utime(folder / NAMES[0], ns=(before, before))
    assert "is not what was written" in checksums.damage(folder)


def test_what_is_missing_or_cut_is_named(folder: Path) -> None:
    os.truncate(folder / NAMES[0], 7)
    assert checksums.damage(folder) == f"{NAMES[0]} has 7 bytes instead of 1,700"
    (folder / NAMES[0]).unlink()
    assert checksums.damage(folder) == f"{NAMES[0]} is missing"
    (folder / atomic.MANIFEST).write_text("{")
    assert checksums.damage(folder) == "its list of files is missing or damaged"
    assert checksums.damage(folder.parent / "nothing") == "it does not exist"


def test_a_manifest_of_version_1_has_sizes_alone(folder: Path) -> None:
    sizes = {name: (folder / name).stat().st_size for name in NAMES}
    (folder / atomic.MANIFEST).write_text(json.dumps({"files": sizes}))
    flip(folder / NAMES[0])
    assert checksums.damage(folder) == ""
    assert atomic.is_complete(folder)
    os.truncate(folder / NAMES[0], 7)
    assert checksums.damage(folder) != ""
    assert not atomic.is_complete(folder)


def test_a_file_that_does_not_change_is_read_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    digest = checksums.hashlib.file_digest

    def counted(file: object, kind: str) -> object:
        read.append(file)
        return digest(file, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(checksums.hashlib, "file_digest", counted)
    monkeypatch.setattr(checksums, "age_of", lambda path: 10**12)
    assert checksums.damage(folder) == ""
    assert len(read) == len(NAMES)
    checksums._own.clear()  # another process
    assert checksums.damage(folder) == ""
    assert len(read) == len(NAMES)
    flip(folder / NAMES[1])
    assert "config.json" in checksums.damage(folder)
    assert len(read) == len(NAMES) + 1


def test_a_file_that_was_written_just_now_is_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checksums, "age_of", lambda path: 0)
    assert checksums.damage(folder) == ""
    assert checksums._own == {}
    assert not (user_cache() / checksums.FOLDER).exists()


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_cache_that_is_damaged_or_cannot_be_written_is_done_without(
    folder: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checksums, "age_of", lambda path: 10**12)
    atomic.write_text(user_cache() / checksums.FOLDER / "known.json", content)
    assert checksums.damage(folder) == ""
    checksums._own.clear()
    monkeypatch.setenv("XLT_CACHE_DIR", str(folder / NAMES[0]))  # a file
    assert checksums.damage(folder) == ""


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_files_of_a_directory_have_the_permissions_that_the_umask_leaves(
    tmp_path: Path, mask: int
) -> None:
    before = os.umask(mask)
    try:
        with atomic.new_directory(tmp_path / "model") as directory:
            (directory / "inner").mkdir()
            for name in ("own", "inner/own", "free"):
                (directory / name).write_text("x")
            (directory / "own").chmod(0o600)
            (directory / "inner/own").chmod(0o600)
            (directory / "free").chmod(0o666)
    finally:
        os.umask(before)
    files = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert {path.stat().st_mode & 0o777 for path in files} == {0o666 & ~mask}


@pytest.fixture
def large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory like the other one, whose files count as large."""
    monkeypatch.setattr(file_states, "LARGE", 1000)
    monkeypatch.setattr(file_states, "known", known := {})
    monkeypatch.setattr(checksums, "known", known)
    with atomic.new_directory(folder.parent / "large") as directory:
        (directory / NAMES[0]).write_bytes(b"weights" * 1000)
    return folder.parent / "large"


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets no file be hashed from now on."""

    def forbid() -> None:
        monkeypatch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read again"))

    return forbid


def test_a_large_file_that_was_written_just_now_is_read_once(
    large: Path, unread: Callable[[], None]
) -> None:
    """It is waited for until its state says whether it has changed."""
    path = large / NAMES[0]
    path.write_bytes(b"others" * 1000)
    known = checksums.digests([path])
    unread()
    assert checksums.digests([path]) == known


def test_a_large_file_is_not_read_again_after_its_hash_was_listed_and_it_was_linked(
    large: Path, unread: Callable[[], None]
) -> None:
    unread()
    assert checksums.damage(large) == ""
    (large.parent / "linked").mkdir()
    for path in (large / NAMES[0], large / atomic.MANIFEST):
        atomic.link_or_copy(path, large.parent / "linked" / path.name)
    assert checksums.damage(large.parent / "linked") == ""
    assert checksums.damage(large) == ""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_change_of_a_large_file_is_seen_though_it_was_known_and_linked(
    large: Path, when: str
) -> None:
    """Also one that hides its time."""
    path, linked = large / NAMES[0], large.parent / "linked"
    times = path.stat().st_mtime_ns
    if when == "before":
        flip(path)
        os.utime(path, ns=(times, times))
    atomic.link_or_copy(path, linked)
    if when == "after":
        flip(linked)
        os.utime(linked, ns=(times, times))
    assert "is not what was written" in checksums.damage(large)
    atomic.link_or_copy(path, large.parent / "another")
    assert "is not what was written" in checksums.damage(large)
