"""A data set repository on the hub at one commit: its listing, and its files in the cache."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from xlt_cli.api import DataError, OfflineError, user_cache

COMMIT = re.compile(r"[0-9a-f]{40}")
TIMEOUT = 10.0
"""Seconds to wait for the hub's first answer; its client library would wait for ever."""
LISTINGS = "hub"
"""The folder of the user's cache with the names of a commit's files."""

T = TypeVar("T")


class Client:
    """One repository at one revision; a branch is resolved once, so that all reads agree."""

    def __init__(self, name: str, revision: str) -> None:
        self.name = name
        self.revision = revision
        self.unreachable = ""

    def bring(
        self, patterns: Sequence[str], pick: Callable[[Path], T | None], place: str, advice: str
    ) -> T:
        """What `pick` finds in the snapshot with the files that match patterns.

        The snapshot is that of the cache, or the files are fetched into it. `pick` returns None
        where a file is missing.

        Raises:
            DataError: the repository has no such files, or is not there.
            OfflineError: they are not in the cache, and the hub is out of reach.
        """
        self._look_at_settings()
        # A commit's files never change, so those in the cache need no question to the hub.
        if self.unreachable or COMMIT.fullmatch(self.revision):
            picked = self._pick_cached(patterns, pick)
            if picked is not None:
                return picked
        if not self.unreachable:
            snapshot = self._ask(lambda: self._download(patterns), place)
            if snapshot is not None:
                self.revision = snapshot.name
                picked = pick(snapshot)
                if picked is not None:
                    return picked
                raise DataError(
                    f"the repository has no files {', '.join(patterns)}",
                    f"{self.name}@{snapshot.name}",
                    "its layout has changed: use an older `revision`, or files in a folder",
                )
            picked = self._pick_cached(patterns, pick)
            if picked is not None:
                return picked
        raise OfflineError(
            f"the data (revision '{self.revision}') are not in the cache, and {self.unreachable}",
            place,
            "on a machine with a network, `xlt fetch SPEC` downloads them into the cache "
            f"(HF_HOME); or {advice}",
        )

    def names(self, advice: str) -> list[str]:
        """The names of the repository's files."""
        self._look_at_settings()
        if COMMIT.fullmatch(self.revision) and not self.unreachable:
            listed = _stored(self.name, self.revision)
            if listed is not None:
                return listed
        if not self.unreachable:
            listed = self._ask(self._list, self.name)
            if listed is not None:
                return listed
        snapshot = self._cached([])
        if snapshot is not None:
            self.revision = snapshot.name
            # Without a stored listing: what another program has fetched.
            return _stored(self.name, snapshot.name) or _below(snapshot)
        raise OfflineError(
            f"the data set (revision '{self.revision}') is not in the cache, and "
            f"{self.unreachable}",
            self.name,
            "on a machine with a network, `xlt fetch SPEC` downloads it into the cache "
            f"(HF_HOME); or {advice}",
        )

    def _look_at_settings(self) -> None:
        from huggingface_hub import is_offline_mode

        if is_offline_mode():
            self.unreachable = "the network is turned off (HF_HUB_OFFLINE)"

    def _pick_cached(self, patterns: Sequence[str], pick: Callable[[Path], T | None]) -> T | None:
        snapshot = self._cached(patterns)
        picked = None if snapshot is None else pick(snapshot)
        if snapshot is not None and picked is not None:
            self.revision = snapshot.name
        return picked

    def _cached(self, patterns: Sequence[str]) -> Path | None:
        """The snapshot in the cache; None if there is none."""
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        try:
            snapshot = snapshot_download(
                self.name,
                repo_type="dataset",
                revision=self.revision,
                allow_patterns=list(patterns),
                local_files_only=True,
            )
        except LocalEntryNotFoundError:
            return None
        return Path(snapshot)

    def _download(self, patterns: Sequence[str]) -> Path:
        """The snapshot after fetching the files."""
        from huggingface_hub import HfApi, snapshot_download

        # Also a question whether the hub answers at all: the next call has no time limit.
        HfApi().repo_info(self.name, repo_type="dataset", revision=self.revision, timeout=TIMEOUT)
        snapshot = snapshot_download(
            self.name,
            repo_type="dataset",
            revision=self.revision,
            allow_patterns=list(patterns),
        )
        return Path(snapshot)

    def _list(self) -> list[str]:
        """The names of the files at the revision, which is resolved and kept."""
        from huggingface_hub import HfApi

        api = HfApi()
        info = api.repo_info(
            self.name, repo_type="dataset", revision=self.revision, timeout=TIMEOUT
        )
        assert info.sha is not None
        self.revision = info.sha
        listed = sorted(api.list_repo_files(self.name, repo_type="dataset", revision=info.sha))
        _store(self.name, info.sha, listed)
        return listed

    def _ask(self, question: Callable[[], T], place: str) -> T | None:
        """The hub's answer; None if it is out of reach."""
        from huggingface_hub.errors import (
            HFValidationError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        try:
            with _no_progress_bars():
                return question()
        except RevisionNotFoundError as error:
            raise DataError(
                f"the data set has no revision '{self.revision}'",
                place,
                "give a branch, a tag or a commit; `main` is the newest",
            ) from error
        except RepositoryNotFoundError as error:
            raise DataError(
                "there is no such data set on the hub, or you have no access to it",
                place,
                "log in with `hf auth login` if it is private or gated",
            ) from error
        except HFValidationError as error:
            raise DataError(f"not a valid revision: '{self.revision}'", place) from error
        except Exception as error:
            # Whatever else goes wrong in the client (its HTTP library, its transfer library, a
            # full disk): the data could not be brought here.
            reason = (str(error).strip() or "no reason given").splitlines()[0]
            self.unreachable = f"the download failed: {type(error).__name__}: {reason}"
            return None


def _listing(name: str, commit: str) -> Path:
    return user_cache() / LISTINGS / f"{name.replace('/', '--')}@{commit}.json"


def _stored(name: str, commit: str) -> list[str] | None:
    """The names of a commit's files, from the last time that they were listed."""
    try:
        listed: Any = json.loads(_listing(name, commit).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return listed if isinstance(listed, list) else None


def _store(name: str, commit: str, listed: Sequence[str]) -> None:
    """Keeps the names for reading offline; a cache that cannot be written fails nothing."""
    path = _listing(name, commit)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.{os.getpid()}")
        half.write_text(json.dumps(list(listed)), "utf-8")
        half.replace(path)


def _below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """The console is the runner's."""
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()
