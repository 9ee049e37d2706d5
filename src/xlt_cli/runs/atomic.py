"""Writing so that a reader never sees half a file, and a kill at any moment loses nothing.

A file is written beside its place, flushed to the disk and renamed. A directory is filled beside
its place, given a manifest of its files' sizes and checksums, and renamed; `is_complete` checks the
sizes, so a truncated copy is never taken for a whole one (`checksums` checks the rest). A JSON
record ends with a checksum of itself. JSON-lines files are appended to; a torn last line is dropped
when they are read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xlt_cli.errors import DamagedFile
from xlt_cli.runs import file_states, places

MANIFEST = "COMPLETE.json"
MANIFEST_FORMAT = 2
CHECKSUM = "checksum"
"""Of a JSON record, its last field: SHA-256 of the others. Those of earlier versions have none."""

_PARTIAL = ".partial"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file atomically; the target of a link; what is no file is written to as it is."""
    if places.is_stream(path):
        places.write_to_stream(path, content)
        return
    path = places.target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 file atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, record: Mapping[str, Any], *, sealed: bool = True) -> None:
    """Writes a record as indented JSON, atomically.

    Args:
        sealed: with its checksum, which `read_json` holds it against; without for reports that
            others read.
    """
    write_bytes(path, record_bytes(record, sealed=sealed))


def record_bytes(record: Mapping[str, Any], *, sealed: bool = True) -> bytes:
    """What `write_json` writes."""
    bare = {name: value for name, value in record.items() if name != CHECKSUM}
    content = {**bare, CHECKSUM: _checksum(bare)} if sealed else bare
    return json_bytes(content, indent=2) + b"\n"


def json_bytes(value: Any, indent: int | None = None) -> bytes:
    """JSON as UTF-8."""
    # UTF-8 has no surrogates (of undecodable file names, say): they become JSON escapes.
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")


def read_json(path: Path) -> Any:
    """Reads a record; None where there is none.

    Raises:
        DamagedFile: it holds no record, or another than was written.
    """
    try:
        record = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from None
    if not isinstance(record, dict):
        raise _damaged(path, "it contains no record")
    if CHECKSUM in record and record.pop(CHECKSUM) != _checksum(record):
        raise _damaged(path, "its content is not what was written")
    return record


def _checksum(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json_bytes(record)).hexdigest()


def _damaged(path: Path, how: str) -> DamagedFile:
    return DamagedFile(
        f"{path.name} is damaged: {how}",
        str(path),
        "restore it from a copy, or move the run's directory away and run again",
    )


def append_line(path: Path, value: Any) -> None:
    """Appends one JSON line, after mending a torn last line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _make_own(path)
    with path.open("ab+") as file:
        _drop_torn_line(file.fileno(), path)
        file.write(json_bytes(value) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_lines(path: Path) -> list[Any]:
    """The values of a JSON-lines file; a torn last line and damaged ones are left out."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    whole, _, _ = content.rpartition(b"\n")
    values = []
    for line in whole.split(b"\n"):
        with contextlib.suppress(ValueError):
            values.append(json.loads(line))
    return values


def truncate(path: Path, size: int) -> None:
    """Cuts a file back to `size` bytes, where it is longer."""
    if path.exists() and path.stat().st_size > size:
        _make_own(path)
        with path.open("rb+") as file:
            file.truncate(size)
            os.fsync(file.fileno())


@contextlib.contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """Yields a directory to fill; it gets its manifest and its name when the block ends well."""
    from concurrent.futures import ThreadPoolExecutor

    path = places.target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        files = [p for p in partial.rglob("*") if p.is_file()]
        for file in files:
            _give_usual_mode(file, partial)
        with ThreadPoolExecutor(1, "disk") as thread:  # waits for it while the files are hashed
            synced = thread.submit(_sync, files)
            write_manifest(partial)
            synced.result()
        former = _move_away(path)
        partial.rename(path)
        _sync_directory(path.parent)
        shutil.rmtree(former, ignore_errors=True)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def write_manifest(directory: Path) -> None:
    """Lists the files of a directory, with their sizes and checksums, in a file of it."""
    listed = {}
    for file in sorted(p for p in directory.rglob("*") if p.is_file()):
        sha256 = file_states.hash_and_know(file)
        name = file.relative_to(directory).as_posix()
        listed[name] = {"size": file.stat().st_size, "sha256": sha256}
    write_json(directory / MANIFEST, {"format": MANIFEST_FORMAT, "files": listed})


def link_or_copy(source: Path | str, target: Path | str) -> None:
    """Gives a file a second name, or copies it where the file system has no hard links."""
    try:
        file_states.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def remove(path: Path) -> None:
    """Removes a directory; a kill on the way leaves what `remove_partials` removes.

    Of a link only the link goes.
    """
    if path.is_symlink():
        path.unlink()
        return
    shutil.rmtree(_move_away(path), ignore_errors=True)


def _move_away(path: Path) -> Path:
    """Moves a directory away whole: deleting it in place could leave half of it there."""
    former = path.with_name(f".{path.name}.{os.getpid()}.former{_PARTIAL}")
    shutil.rmtree(former, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        path.rename(former)
    return former


def manifest(path: Path) -> dict[str, tuple[int, str]] | None:
    """The files that were written into a directory, with their sizes and checksums.

    None where there is no manifest, or none that can be read; the checksums of one of an earlier
    version are empty.
    """
    try:
        files = read_json(path / MANIFEST)["files"]
        return {
            name: (about, "") if isinstance(about, int) else (about["size"], about["sha256"])
            for name, about in files.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def is_complete(path: Path) -> bool:
    """Whether a directory has its manifest and every file of it in full size."""
    files = manifest(path)
    try:
        return bool(files) and all(
            (path / name).stat().st_size == size for name, (size, _) in (files or {}).items()
        )
    except OSError:
        return False


def remove_partials(directory: Path) -> None:
    """Removes what killed writers left behind; call it only while holding the run's lock."""
    for path in partials(directory):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def partials(directory: Path, deep: bool = True) -> list[Path]:
    """What writers, killed ones or such at work, have not finished.

    Args:
        deep: also in the directories below.
    """
    look = directory.rglob if deep else directory.glob
    return list(look(f".*{_PARTIAL}")) if directory.is_dir() else []


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that the disk, the quota or the file-size limit is exhausted.

    Libraries that write for us (safetensors, torch) pass the operating system's message on
    without its number.
    """
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    text = str(error)
    forms = [form for n in _FULL for form in (f"(os error {n})", f"Os {{ code: {n},")]
    if "No space left on device" in text or any(form in text for form in forms):
        return True
    chained = error.__cause__ or error.__context__
    return chained is not None and is_disk_full(chained)


def _give_usual_mode(file: Path, directory: Path) -> None:
    """The permissions that any new file has here: safetensors makes its files the owner's alone.

    A directory that was just made shows what the umask leaves.
    """
    usual = stat.S_IMODE(directory.stat().st_mode) & 0o666
    if stat.S_IMODE(file.stat().st_mode) != usual:
        with contextlib.suppress(OSError):  # a file system without permissions
            file.chmod(usual)


def _make_own(path: Path) -> None:
    """Gives a file that has other names (hard links) a copy of its own: those stay as they are."""
    with contextlib.suppress(FileNotFoundError):
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            write_bytes(path, path.read_bytes())


def _drop_torn_line(descriptor: int, path: Path) -> None:
    size = os.fstat(descriptor).st_size
    if size == 0:
        return
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) == b"\n":
            return
        file.seek(0)
        keep = file.read().rfind(b"\n") + 1
    os.truncate(path, keep)


def _sync(files: Iterable[Path]) -> None:
    """Waits until the content of files is on the disk."""
    for file in files:
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())


def _sync_directory(path: Path) -> None:
    """Makes a rename durable, where directories can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
