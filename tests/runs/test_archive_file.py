"""Archives in one file: every format gives the folder, and no file leads out of it."""

from __future__ import annotations

import io
import itertools
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from xlt_cli.errors import DataError
from xlt_cli.runs import archive_file, atomic
from xlt_cli.runs.archive_file import as_folder

FILES = {"archive.json": b"{}\n", "runs/one.json.xz": b"\x00\x01", "tasks/pawsx.json.xz": b"rows"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with atomic.new_directory(tmp_path / "made") as path:
        for name, content in FILES.items():
            atomic.write_bytes(path / name, content)
    return tmp_path / "made"


def pack(folder: Path, path: Path, top: str = "") -> Path:
    """Packs a folder's files, under a folder of their own where one is named."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    names = [f"{top}{file.relative_to(folder).as_posix()}" for file in files]
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, name in zip(files, names, strict=True):
                archive.write(file, name)
    else:
        kind = {".xz": "w:xz", ".gz": "w:gz", ".bz2": "w:bz2"}.get(path.suffix, "w")
        with tarfile.open(path, kind) as tar:
            for file, name in zip(files, names, strict=True):
                tar.add(file, name)
    return path


@pytest.mark.parametrize("suffix", [".tar.xz", ".tar.gz", ".tar.bz2", ".tar", ".zip"])
@pytest.mark.parametrize("top", ["", "./", "packed/"])
def test_a_file_is_read_as_the_folder_that_it_holds(
    folder: Path, tmp_path: Path, suffix: str, top: str
) -> None:
    with as_folder(pack(folder, tmp_path / f"one{suffix}", top)) as read:
        assert atomic.is_complete(read)
        assert {name: (read / name).read_bytes() for name in FILES} == FILES
    assert not read.exists()


def test_a_folder_is_itself_and_what_is_missing_is_left_to_its_reader(folder: Path) -> None:
    for path in (folder, folder / "missing"):
        with as_folder(path) as read:
            assert read == path


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:xz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def zip_of(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in members:
            archive.writestr(info, content)
    return path


def link(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("link")
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def linking_zip(path: Path) -> Path:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zip_of(path, (info, b"/etc/passwd"))


MALICIOUS: dict[str, Callable[[Path], Path]] = {
    "parent in a tar": lambda path: tar_of(path, (tarfile.TarInfo("../out"), b"x")),
    "hidden parent in a tar": lambda path: tar_of(path, (tarfile.TarInfo("a/../../out"), b"x")),
    "root in a tar": lambda path: tar_of(path, (tarfile.TarInfo("/tmp/out"), b"x")),
    "symbolic link in a tar": lambda path: tar_of(path, (link(tarfile.SYMTYPE), b"")),
    "hard link in a tar": lambda path: tar_of(path, (link(tarfile.LNKTYPE), b"")),
    "device in a tar": lambda path: tar_of(path, (link(tarfile.CHRTYPE), b"")),
    "parent in a zip": lambda path: zip_of(path, ("../out", b"x")),
    "root in a zip": lambda path: zip_of(path, ("/tmp/out", b"x")),
    "windows in a zip": lambda path: zip_of(path, ("..\\out", b"x")),
    "symbolic link in a zip": linking_zip,
}


@pytest.mark.parametrize("make", MALICIOUS.values(), ids=MALICIOUS)
def test_nothing_leads_out_of_an_archive(
    tmp_path: Path, make: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(inside))
    file = make(tmp_path / "bad")
    refusal = r"points outside of|not a regular file"
    with pytest.raises(DataError, match=refusal) as error, as_folder(file):
        pass
    assert str(file) in error.value.where
    assert list(inside.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "inside"]


@pytest.mark.parametrize("suffix", [".tar.xz", ".zip"])
def test_sizes_and_counts_are_limited(
    folder: Path, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pack(folder, tmp_path / f"one{suffix}")
    monkeypatch.setattr(archive_file, "MOST", 2)
    with pytest.raises(DataError, match="too large"), as_folder(file):
        pass
    monkeypatch.setattr(archive_file, "MOST", 100)
    monkeypatch.setattr(archive_file, "LARGEST", 100)
    with pytest.raises(DataError, match="too large"), as_folder(file):
        pass


def test_headers_count_towards_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tarfile.TarInfo("small")
    info.pax_headers = {"comment": "x" * 2**25}
    file = tar_of(tmp_path / "one.tar.xz", (info, b"x"))
    monkeypatch.setattr(archive_file, "LARGEST", 2**20)
    monkeypatch.setattr(archive_file, "MOST", 1000)
    with pytest.raises(DataError, match="too large"), as_folder(file):
        pass


@pytest.mark.parametrize(
    ("suffix", "cut"),
    [(".tar", 0.3), *itertools.product([".tar.xz", ".tar.gz", ".zip"], [0.0, 0.3, 0.9])],
)
def test_half_a_file_is_refused_by_name(
    folder: Path, tmp_path: Path, suffix: str, cut: float
) -> None:
    file = pack(folder, tmp_path / f"one{suffix}")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(DataError) as error, as_folder(file) as read:
        check_complete(read)
    assert str(file) in error.value.where


def check_complete(folder: Path) -> None:
    if not atomic.is_complete(folder):
        raise DataError("incomplete", str(folder))


def test_errors_name_the_file_and_not_the_temporary_folder(folder: Path, tmp_path: Path) -> None:
    file = pack(folder, tmp_path / "one.zip")
    with pytest.raises(DataError) as error, as_folder(file) as read:
        raise DataError("damaged", str(read / "runs/one.json.xz"))
    assert error.value.where == f"{file}/runs/one.json.xz"
