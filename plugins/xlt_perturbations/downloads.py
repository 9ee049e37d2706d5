"""Files that are fetched or made once, into the user's cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from xlt_cli.api import DataError, OfflineError, user_cache

CACHE_DIR = "XLT_CACHE_DIR"
FOLDER = "lexicons"
MARK = ".written"
TIMEOUT = 10.0
"""Seconds to wait for the server, at the start and between two pieces of the answer."""


def cache_path(name: str) -> Path:
    """A lexicon's place in the user's cache; it may be empty."""
    return user_cache() / FOLDER / name


def is_offline() -> bool:
    """Whether the network is turned off, as it is for the hub's client."""
    from huggingface_hub import is_offline_mode

    return is_offline_mode()


def cached(name: str, sha256: str) -> Path | None:
    """The file in the cache; None where there is none, or one of other content."""
    path = cache_path(name)
    try:
        return path if hashlib.sha256(path.read_bytes()).hexdigest() == sha256 else None
    except OSError:
        return None


def fetch(url: str, sha256: str, name: str, by_hand: str) -> Path:
    """The file in the cache, downloaded where it is not there yet.

    Args:
        url: where it is from.
        sha256: what its content must be; nothing else is kept.
        name: in the cache.
        by_hand: what to do where it cannot be downloaded.

    Raises:
        OfflineError: the network is off, or the server does not answer.
        DataError: the server gave something else, or the cache cannot be written.
    """
    kept = cached(name, sha256)
    if kept is not None:
        return kept
    if is_offline():
        raise OfflineError(
            f"{name} is not on this machine, and the network is turned off (HF_HUB_OFFLINE)",
            url,
            f"on a machine with a network, run `xlt fetch SPEC`; or {by_hand}",
        )
    with one_process(name) as path:
        # Another process may have brought it meanwhile.
        return cached(name, sha256) or _download(url, sha256, path, by_hand)


@contextmanager
def one_process(name: str) -> Iterator[Path]:
    """A file's place in the cache, for one process at a time to put it there.

    Raises:
        DataError: the cache cannot be written.
    """
    from filelock import FileLock

    path = cache_path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{name}.lock"))
        lock.acquire()
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield path
    finally:
        lock.release()


def write(path: Path, content: bytes) -> None:
    """Writes a file so that no reader sees half of it; DataError if that cannot be done.

    The mark beside it lets `xlt cache clear` tell it from files that a user put there.
    """
    partial = path.with_name(f".{path.name}.{uuid4().hex}.partial")
    try:
        mark = path.with_name(f".{path.name}{MARK}")
        mark.write_text(hashlib.sha256(content).hexdigest(), "ascii")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def _download(url: str, sha256: str, path: Path, by_hand: str) -> Path:
    import http.client
    import urllib.request  # slow to import, and seldom needed

    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            content: bytes = answer.read()
    except (OSError, http.client.HTTPException) as error:  # urllib's own errors are OSErrors
        raise OfflineError(
            f"{path.name} is not on this machine, and it cannot be downloaded: {error}",
            url,
            f"try again later; or {by_hand}",
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise DataError(
            f"the server returned a different file: its sha256 is {digest}, not {sha256}",
            url,
            f"a proxy may have answered instead of the server; otherwise {by_hand}",
        )
    write(path, content)
    return path


def _cannot_write(path: Path, error: OSError) -> DataError:
    return DataError(
        f"cannot write to the cache: {error.strerror or error}",
        str(path.parent),
        f"set {CACHE_DIR} to a folder of your own",
    )
