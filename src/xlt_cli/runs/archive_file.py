"""Archives in one file: a .tar (also compressed) or .zip is read as the folder that it holds.

The file is not trusted. Only regular files are taken out of it, into a temporary folder and never
beside it, and only up to a size; `archives.check_whole` then checks their hashes.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from xlt_cli.errors import DataError, UserError
from xlt_cli.runs import atomic

SUFFIXES = (".tar", ".tar.xz", ".tar.gz", ".tgz", ".tar.bz2", ".zip")
LARGEST = 2**30
"""Bytes that an archive may have when it is unpacked; forty full runs have about 5 MB."""
MOST = 100_000
"""Files that an archive may have: two hundred runs of four hundred, and records beside them."""

_XZ = [{"id": lzma.FILTER_LZMA2, "preset": 4, "nice_len": 32, "dict_size": 2**25}]
"""Faster than `xz -6`. The window holds the predictions of several runs, which share items."""

_DECOMPRESSED: dict[bytes, Callable[..., Any]] = {
    b"\xfd7zXZ\x00": lzma.open,
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
}
_ZIP = b"PK"
_DAMAGES = (
    tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError,
    RuntimeError, NotImplementedError, ValueError, OverflowError,
)  # fmt: skip
"""What Python's readers raise for files that are no archives, damaged, encrypted or malicious."""


@contextlib.contextmanager
def as_folder(path: Path) -> Iterator[Path]:
    """The folder of an archive: the path itself unless it is a file, which is unpacked.

    The temporary folder is removed when the block ends.

    Raises:
        DataError: the file is no archive, or its content is refused.
    """
    if not path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="xlt-archive-") as temporary:
        folder = Path(temporary)
        _unpack(path, folder)
        with _naming(path, folder):
            yield _root(folder)


def pack(folder: Path, path: Path) -> None:
    """Packs a folder's files as a .tar.xz, atomically; the same files give the same bytes.

    Files of one name follow one another: what runs share is then seen as repeated.

    Raises:
        DataError: the archive would be too large to be read.
    """
    sizes, content = _Sizes(path, "archive fewer runs at once"), io.BytesIO()
    with (
        lzma.open(content, "wb", filters=_XZ) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as packed,
    ):
        files = (each for each in folder.rglob("*") if each.is_file())
        for file in sorted(files, key=lambda each: each.relative_to(folder).parts[::-1]):
            member = tarfile.TarInfo(file.relative_to(folder).as_posix())
            member.size = file.stat().st_size
            sizes.add(member.size)
            with file.open("rb") as source:
                packed.addfile(member, source)
    atomic.write_bytes(path, content.getvalue())


def _unpack(path: Path, folder: Path) -> None:
    try:
        if zipfile.is_zipfile(path):
            _unpack_zip(path, folder)
        else:
            _unpack_tar(path, folder)
    except UserError:
        raise
    except _DAMAGES as error:
        raise DataError(
            f"the file is not a readable archive ({type(error).__name__}: {error})",
            str(path),
            "it is damaged, or cut short: bring it back from a copy"
            if _begins_as_archive(path)
            else f"give a folder, or a file of one of the formats {', '.join(SUFFIXES)}",
        ) from error


def _begins_as_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(6).startswith((*_DECOMPRESSED, _ZIP))


def _unpack_zip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as packed:
        sizes = _Sizes(path)
        for member in packed.infolist():
            if member.is_dir():
                continue
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise _refused(path, member.filename, "it is not a regular file")
            sizes.add(member.file_size)
            with packed.open(member) as source:
                _write(path, folder, member.filename, source)


def _unpack_tar(path: Path, folder: Path) -> None:
    sizes = _Sizes(path)
    with path.open("rb") as file, _decompressed(file) as stream:
        # As a stream: nothing is read twice, and no more than is counted.
        limited: Any = _Limited(stream, path)
        with tarfile.open(fileobj=limited, mode="r|") as packed:
            for member in packed:
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    raise _refused(path, member.name, "it is not a regular file")
                sizes.add(member.size)
                source = packed.extractfile(member)
                assert source is not None
                _write(path, folder, member.name, source)


def _decompressed(file: IO[bytes]) -> IO[bytes]:
    start = file.read(6)
    file.seek(0)
    for magic, opened in _DECOMPRESSED.items():
        if start.startswith(magic):
            stream: IO[bytes] = opened(file)
            return stream
    return file


def _write(path: Path, folder: Path, name: str, source: IO[bytes]) -> None:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or set("\\:\0") & set(name):
        raise _refused(path, name, "its name points outside of the archive")
    target = folder / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:  # a second file of one name is an error
        shutil.copyfileobj(source, file)


def _root(folder: Path) -> Path:
    """Where the archive begins: at the top, or in the one folder that was packed."""
    inside = list(folder.iterdir())
    if not (folder / atomic.MANIFEST).is_file() and len(inside) == 1 and inside[0].is_dir():
        return inside[0]
    return folder


@contextlib.contextmanager
def _naming(path: Path, folder: Path) -> Iterator[None]:
    """Errors name the archive's file, not the temporary folder."""
    try:
        yield
    except UserError as error:
        error.where = error.where.replace(str(folder), str(path))
        raise


class _Sizes:
    """Counts files and their bytes."""

    def __init__(self, path: Path, hint: str = "") -> None:
        self.path, self.files, self.total, self.hint = path, 0, 0, hint

    def add(self, size: int) -> None:
        self.files += 1
        self.total += size
        if self.files > MOST or self.total > LARGEST:
            raise _too_large(self.path, self.hint)


class _Limited(io.RawIOBase):
    """A stream of which no more than the limit is read: headers of a tar can be large as well."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        around = MOST * 2 * tarfile.BLOCKSIZE  # a header and what fills the last block of each
        self.stream, self.path, self.left = stream, path, LARGEST + around + 2**20 * 16

    def read(self, size: int = -1) -> bytes:
        content = self.stream.read(size)
        self.left -= len(content)
        if self.left < 0:
            raise _too_large(self.path)
        return content


def _refused(path: Path, name: str, reason: str) -> DataError:
    return DataError(f"the archive has '{name}', and {reason}", str(path), "do not use this file")


def _too_large(path: Path, hint: str = "") -> DataError:
    return DataError(
        f"the archive is too large: at most {MOST:,} files and {LARGEST // 2**20} MB are unpacked",
        str(path),
        hint or "unpack it yourself if you trust it, and give the folder",
    )
