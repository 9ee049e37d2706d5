"""Writers that are stopped at any moment, by an exception, a signal or a full disk."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.errors import DamagedFile
from xlt_cli.runs import atomic

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


class Stop(BaseException):
    """Stands for whatever ends a writer."""


def stop_at(
    monkeypatch: pytest.MonkeyPatch, moment: int, error: BaseException | None = None
) -> Callable[[], bool]:
    """Raises in the `moment`-th system call that changes the disk; says whether it came so far."""
    calls = 0

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == moment:
                raise error or Stop
            return original(*arguments, **options)

        return call

    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    for name in ("replace", "rename", "mkdir"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    return lambda: calls >= moment


def fill(directory: Path, version: int) -> None:
    (directory / "model").mkdir()
    for name in ("a.bin", "model/b.bin"):
        (directory / name).write_bytes(bytes([version]) * (1000 + version))


def version_of(directory: Path) -> int:
    """The version of a whole directory; fails if files of two versions are mixed."""
    contents = [(directory / name).read_bytes() for name in ("a.bin", "model/b.bin")]
    (version,) = {found[0] for found in contents}
    assert all(found == bytes([version]) * (1000 + version) for found in contents)
    return version


@pytest.mark.parametrize("moment", range(1, 5))
def test_a_writer_stopped_at_any_moment_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    path = tmp_path / "status.json"
    atomic.write_text(path, "old")
    stopped = stop_at(monkeypatch, moment)
    if moment == 4:  # mkdir, fsync, replace, fsync of the directory: there is nothing left
        with pytest.raises(Stop):
            atomic.write_text(path, "new")
        assert path.read_text() == "new"
    else:
        with pytest.raises(Stop):
            atomic.write_text(path, "new")
        assert path.read_text() == "old"
    assert stopped()
    assert os.listdir(tmp_path) == ["status.json"]


@pytest.mark.parametrize("before", [False, True])
def test_a_directory_stopped_at_any_moment_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    for moment in range(1, 40):
        path = tmp_path / str(moment) / "step-1"
        if before:
            with atomic.new_directory(path) as directory:
                fill(directory, 1)
        with monkeypatch.context() as patch:
            stopped = stop_at(patch, moment)
            try:
                with atomic.new_directory(path) as directory:
                    fill(directory, 2)
            except Stop:
                pass
            if not stopped():
                break
        assert not path.exists() or atomic.is_complete(path)
        if path.exists():
            assert version_of(path) in (1, 2)
        atomic.remove_partials(tmp_path)
        assert set(os.listdir(path.parent)) <= {"step-1"} if path.parent.exists() else True
    assert 8 < moment < 39, "every moment was tried"
    assert version_of(path) == 2


WRITER = """
import itertools, pathlib, sys
from xlt_cli.errors import DamagedFile
from xlt_cli.runs import atomic
root = pathlib.Path(sys.argv[1])
for n in itertools.count(1):
    version = n % 200 + 1
    atomic.write_bytes(root / "file", bytes([version]) * (1000 + version))
    with atomic.new_directory(root / "step") as directory:
        (directory / "model").mkdir()
        for name in ("a.bin", "model/b.bin"):
            (directory / name).write_bytes(bytes([version]) * (1000 + version))
    atomic.append_line(root / "lines.jsonl", {"n": n, "text": "\\u2028" * 500})
    if n == 1:
        print("began", flush=True)
"""


def test_a_writer_killed_again_and_again_leaves_only_whole_things(tmp_path: Path) -> None:
    rng = random.Random(0)
    for _ in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "began\n"
            time.sleep(rng.uniform(0, 0.03))
            process.kill()
        content = (tmp_path / "file").read_bytes()
        assert content == bytes([content[0]]) * (1000 + content[0])
        step = tmp_path / "step"
        assert not step.exists() or atomic.is_complete(step)
        if step.exists():
            version_of(step)
        atomic.remove_partials(tmp_path)
        assert set(os.listdir(tmp_path)) <= {"file", "step", "lines.jsonl"}
        numbers = [line["n"] for line in atomic.read_lines(tmp_path / "lines.jsonl")]
        # Each writer counts from 1; no line is lost in between.
        assert numbers[0] == 1
        assert all(b in (a + 1, 1) for a, b in itertools.pairwise(numbers))


def test_the_block_that_fills_a_directory_may_fail(tmp_path: Path) -> None:
    path = tmp_path / "step-1"

    def write(version: int, error: type[BaseException] | None = None) -> None:
        with atomic.new_directory(path) as directory:
            fill(directory, version)
            if error:
                raise error

    with pytest.raises(KeyboardInterrupt):
        write(1, KeyboardInterrupt)
    assert os.listdir(tmp_path) == []
    write(2)
    with pytest.raises(ValueError):  # noqa: PT011
        write(3, ValueError)
    assert os.listdir(tmp_path) == ["step-1"]
    assert version_of(path) == 2


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    path = tmp_path / "step-1"
    with atomic.new_directory(path) as directory:
        fill(directory, 7)
    assert atomic.is_complete(path)
    return path


def test_a_manifest_lists_every_file_with_its_size(complete: Path) -> None:
    files = {
        name: {"size": 1007, "sha256": hashlib.sha256((complete / name).read_bytes()).hexdigest()}
        for name in ("a.bin", "model/b.bin")
    }
    assert atomic.read_json(complete / atomic.MANIFEST) == {"format": 2, "files": files}


@pytest.mark.parametrize("name", ["a.bin", "model/b.bin", atomic.MANIFEST])
def test_a_truncated_or_missing_file_is_noticed(complete: Path, name: str) -> None:
    os.truncate(complete / name, (complete / name).stat().st_size - 1)
    if name == atomic.MANIFEST:  # its last byte is a line break
        os.truncate(complete / name, 5)
    assert not atomic.is_complete(complete)
    (complete / name).unlink()
    assert not atomic.is_complete(complete)


@pytest.mark.parametrize("manifest", ["", "[]", "null", "{}", '{"files": {}}', '{"files": [1]}'])
def test_a_strange_manifest_is_no_completeness(complete: Path, manifest: str) -> None:
    (complete / atomic.MANIFEST).write_text(manifest)
    assert not atomic.is_complete(complete)


def test_an_empty_or_missing_directory_is_not_complete(tmp_path: Path) -> None:
    assert not atomic.is_complete(tmp_path)
    assert not atomic.is_complete(tmp_path / "nowhere")


@given(st.lists(JSON, max_size=6), st.data())
def test_lines_round_trip_and_a_torn_last_line_is_dropped_then_mended(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("lines") / "metrics.jsonl"
    for value in values:
        atomic.append_line(path, value)
    assert atomic.read_lines(path) == values
    if not values:
        return
    whole = path.read_bytes()
    last = len(whole) - whole.rstrip(b"\n").rfind(b"\n") - 1
    cut = data.draw(st.integers(1, last))
    os.truncate(path, len(whole) - cut)
    assert atomic.read_lines(path) == values[:-1]
    atomic.append_line(path, "after")
    assert atomic.read_lines(path) == [*values[:-1], "after"]
    assert path.read_bytes().endswith(b'\n"after"\n') or len(values) == 1


def test_lines_of_no_file_are_none(tmp_path: Path) -> None:
    assert atomic.read_lines(tmp_path / "nothing.jsonl") == []
    assert atomic.read_json(tmp_path / "nothing.json") is None


@given(st.dictionaries(st.text(), JSON))
def test_records_round_trip(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = tmp_path_factory.mktemp("json") / "deep" / "er" / "x.json"
    value.pop(atomic.CHECKSUM, None)
    atomic.write_json(path, value)
    assert atomic.read_json(path) == value


@given(st.data())
def test_no_flipped_bit_gives_another_record(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("json") / "x.json"
    value = {"score": 0.5, "labels": ["a", "ü"], "stage": {"steps": 12, "oracle": False}}
    atomic.write_json(path, value)
    content = bytearray(path.read_bytes())
    bit = data.draw(st.integers(0, 8 * content.index(b'"checksum"') - 1))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    with contextlib.suppress(DamagedFile):
        assert atomic.read_json(path) == value  # it was white space between fields


@pytest.mark.parametrize("content", ["[]", "null", "7", '"x"', "", "{", '{"a": 1}{}', "\0" * 9,
                                     '{"a": 1, "checksum": null}', "[" * 100_000])  # fmt: skip
def test_what_is_no_record_is_damaged(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content, "utf-8")
    with pytest.raises(DamagedFile, match="damaged") as caught:
        atomic.read_json(tmp_path / "x.json")
    assert "copy" in caught.value.hint


def test_a_record_that_was_read_as_it_stands_can_be_written_again(tmp_path: Path) -> None:
    atomic.write_json(tmp_path / "x.json", {"a": 1})
    atomic.write_json(tmp_path / "x.json", json.loads((tmp_path / "x.json").read_text()) | {"a": 2})
    assert atomic.read_json(tmp_path / "x.json") == {"a": 2}


def test_a_record_without_a_checksum_is_of_an_earlier_version(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": 1}', "utf-8")
    assert atomic.read_json(tmp_path / "x.json") == {"a": 1}


def test_file_names_that_are_not_unicode_can_be_written(tmp_path: Path) -> None:
    command = [os.fsdecode(b"xlt"), os.fsdecode(b"spec-\xff.yaml")]
    atomic.write_json(tmp_path / "x.json", {"command": command})
    atomic.append_line(tmp_path / "x.jsonl", command)
    assert atomic.read_json(tmp_path / "x.json") == {"command": command}
    assert atomic.read_lines(tmp_path / "x.jsonl") == [command]


def test_truncate_shortens_and_never_lengthens(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    atomic.truncate(path, 3)
    assert not path.exists()
    path.write_bytes(b"12345")
    for size, left in ((9, b"12345"), (3, b"123"), (0, b"")):
        atomic.truncate(path, size)
        assert path.read_bytes() == left


def test_partials_are_removed_at_any_depth_and_nothing_else(tmp_path: Path) -> None:
    keep = tmp_path / "stages" / "0" / "model.partial" / "x"
    keep.parent.mkdir(parents=True)
    keep.write_text("mine")
    left = tmp_path / "stages" / "0" / ".model.17.partial"
    (left / "inner").mkdir(parents=True)
    (left / "inner" / ".x.17.partial").write_text("half")
    (tmp_path / ".run.json.17.partial").write_text("half")
    atomic.remove_partials(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [keep]
    assert not left.exists()
    atomic.remove_partials(tmp_path / "nowhere")


def test_a_full_disk_leaves_the_old_file_and_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.json"
    atomic.write_text(path, "old")
    for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        with monkeypatch.context() as patch:
            stop_at(patch, 2, OSError(code, os.strerror(code)))
            with pytest.raises(OSError, match=os.strerror(code)) as caught:
                atomic.write_text(path, "new")
        assert atomic.is_disk_full(caught.value)
        assert path.read_text() == "old"
        assert os.listdir(tmp_path) == ["results.json"]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full")
def test_what_the_system_and_torch_say_of_a_full_device_is_recognised() -> None:
    import torch

    with pytest.raises(OSError, match="No space") as caught, open("/dev/full", "wb") as file:
        torch.save({"weights": torch.zeros(10_000)}, file)
    assert atomic.is_disk_full(caught.value)


@pytest.fixture
def files_of_ten_kilobytes() -> Iterator[None]:
    """No file of this process may grow beyond that."""
    resource = pytest.importorskip("resource", reason="no limits on the size of files")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("files_of_ten_kilobytes")
@pytest.mark.parametrize("writer", ["safetensors", "xlt", "torch"])
def test_the_limit_on_a_files_size_is_recognised_whoever_writes(
    tmp_path: Path, writer: str
) -> None:
    import torch
    from safetensors.torch import save_file

    weights = {"weights": torch.zeros(10_000)}

    def write() -> None:
        with atomic.new_directory(tmp_path / "step") as directory:
            if writer == "safetensors":
                save_file(weights, directory / "m.safetensors")
            elif writer == "xlt":
                atomic.write_bytes(directory / "x", bytes(40_000))
            else:
                with (directory / "optimizer.pt").open("wb") as file:
                    torch.save(weights, file)

    with pytest.raises(Exception) as caught:  # noqa: PT011  (each has its own)
        write()
    assert atomic.is_disk_full(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "message",
    [
        "I/O error: No space left on device (os error 28)",
        "I/O error: File too large (os error 27)",
        'IoError(Os { code: 27, kind: FileTooLarge, message: "File too large" })',
        "I/O error: Disk quota exceeded (os error 122)",
    ],
)
def test_messages_without_an_error_number_are_recognised(message: str) -> None:
    assert atomic.is_disk_full(RuntimeError(message))
    outer = ValueError("could not save")
    outer.__cause__ = RuntimeError(message)
    assert atomic.is_disk_full(outer)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EACCES, "Permission denied"),
        RuntimeError("I/O error: Is a directory (os error 21)"),
        RuntimeError("(os error 280)"),
        ValueError(),
    ],
)
def test_other_errors_are_no_full_disk(error: BaseException) -> None:
    assert not atomic.is_disk_full(error)
