"""What is written to where a user says: links are followed, devices and pipes are written into."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xlt_cli.runs import atomic, places


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "real.csv"
    real.parent.mkdir()
    real.write_text("old")
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.symlink_to("elsewhere/real.csv")
    second.symlink_to(first)
    atomic.write_text(second, "new")
    assert (first.is_symlink(), second.is_symlink(), real.is_symlink()) == (True, True, False)
    assert real.read_text() == "new"
    assert os.listdir(real.parent) == ["real.csv"]


def test_a_link_to_nothing_makes_its_target(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("new-folder/file.json")
    atomic.write_json(tmp_path / "link", {"a": 1})
    assert atomic.read_json(tmp_path / "new-folder/file.json") == {"a": 1}
    assert (tmp_path / "link").is_symlink()


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        atomic.write_text(tmp_path / "a", "x")
    assert (tmp_path / "a").is_symlink()


def test_a_folder_behind_a_link_is_replaced_there(tmp_path: Path) -> None:
    real = tmp_path / "disk" / "archive"
    real.mkdir(parents=True)
    (real / "old").touch()
    link = tmp_path / "archive"
    link.symlink_to(real)
    with atomic.new_directory(link) as directory:
        (directory / "new").write_text("x")
    assert link.is_symlink()
    assert atomic.is_complete(real)
    assert not (real / "old").exists()


def test_a_pipe_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    atomic.write_text(pipe, "figures")
    assert os.read(reader, 100) == b"figures"
    os.close(reader)
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.parametrize("path", ["/dev/null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_devices_are_no_files_to_replace(path: str) -> None:
    assert places.is_stream(Path(path))


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
@pytest.mark.parametrize("into_file", [True, False])
def test_the_standard_output_goes_on_where_it_was(
    tmp_path: Path, path: str, into_file: bool
) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    code = (
        "import sys; from pathlib import Path; from xlt_cli.runs import atomic; print('before');"
        "atomic.write_text(Path(sys.argv[1]), 'csv\\n'); print('after')"
    )
    command = [sys.executable, "-P", "-c", code, path]
    out = tmp_path / "out.txt"
    with out.open("wb") as file:
        target = file if into_file else subprocess.PIPE
        done = subprocess.run(command, check=True, stdout=target, cwd=tmp_path)
    said = out.read_bytes() if into_file else done.stdout
    assert said == b"before\ncsv\nafter\n"
    assert (tmp_path / "link").is_symlink()
