"""A data set repository on the hub, in its parquet layout: `{language}/{split}-*.parquet`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xlt_cli.api import DataError, OfflineError, Split, did_you_mean
from xlt_tasks.sources import parquet
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.table import Table

SPLIT_NAMES: dict[Split, str] = {"train": "train", "dev": "validation", "test": "test"}
COMMIT = re.compile(r"[0-9a-f]{40}")
SHARD = re.compile(r".*-\d{5}-of-(\d{5})\.parquet")
TIMEOUT = 10.0
"""Seconds to wait for the hub's first answer; its client library would wait for ever."""


@dataclass(frozen=True)
class Repository:
    """A data set on the hub and the languages (its configurations) that it has."""

    name: str
    languages: tuple[str, ...]


class Hub:
    """One repository at one revision; a branch is resolved once, so that all reads agree."""

    untranslated = frozenset({"NS", ""})
    """PAWS-X leaves failed translations empty in some files."""

    def __init__(self, repository: Repository, revision: str, task: str) -> None:
        self.repository = repository
        self.revision = revision
        self.task = task
        self._unreachable = ""

    def languages(self, split: Split) -> tuple[str, ...]:
        """The repository's languages; it has every split in each."""
        return self.repository.languages

    def read(self, split: Split, language: str, columns: Columns) -> tuple[str, list[Table]]:
        """The files of a split in a language: from the cache, or fetched into it."""
        place = f"{self.repository.name} ({language}, {split})"
        if language not in self.repository.languages:
            raise DataError(
                f"the data set has no language '{language}'",
                place,
                did_you_mean(language, self.repository.languages),
            )
        pattern = f"{language}/{SPLIT_NAMES[split]}-*.parquet"
        files = self._files(pattern, place)
        commit = files[0].parent.parent.name
        source = f"{self.repository.name}@{commit}"
        return source, [parquet.read(path, columns) for path in files]

    def _files(self, pattern: str, place: str) -> list[Path]:
        from huggingface_hub import is_offline_mode

        if is_offline_mode():
            self._unreachable = "the network is turned off (HF_HUB_OFFLINE)"
        # A commit's files never change, so those in the cache need no question to the hub.
        if self._unreachable or COMMIT.fullmatch(self.revision):
            files = self._cached(pattern)
            if files:
                return files
        if not self._unreachable:
            snapshot = self._download(pattern, place)
            if snapshot is not None:
                self.revision = snapshot.name
                files = complete(snapshot, pattern)
                if files:
                    return files
                raise DataError(
                    f"the repository has no files {pattern}",
                    f"{self.repository.name}@{snapshot.name}",
                    "its layout has changed: name an older `revision`, or use files in a folder",
                )
            files = self._cached(pattern)
            if files:
                return files
        raise OfflineError(
            f"the data (revision '{self.revision}') are not in the cache, and {self._unreachable}",
            place,
            "on a machine with network `xlt fetch SPEC` brings them into the cache (HF_HOME); or "
            f"put files in XTREME's layout ({_layout(pattern)}) into a folder '{self.task}' and "
            "set XLT_DATA_DIR to the folder that holds it",
        )

    def _cached(self, pattern: str) -> list[Path]:
        """The files in the cache; none if any is missing."""
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        try:
            snapshot = snapshot_download(
                self.repository.name,
                repo_type="dataset",
                revision=self.revision,
                allow_patterns=[pattern],
                local_files_only=True,
            )
        except LocalEntryNotFoundError:
            return []
        return complete(Path(snapshot), pattern)

    def _download(self, pattern: str, place: str) -> Path | None:
        """The snapshot after fetching the files; None if the hub is out of reach."""
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.errors import (
            HFValidationError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        name, revision = self.repository.name, self.revision
        try:
            with _no_progress_bars():
                # Also a question whether the hub answers at all: the next call has no time limit.
                HfApi().repo_info(name, repo_type="dataset", revision=revision, timeout=TIMEOUT)
                snapshot = snapshot_download(
                    name, repo_type="dataset", revision=revision, allow_patterns=[pattern]
                )
            return Path(snapshot)
        except RevisionNotFoundError as error:
            raise DataError(
                f"the data set has no revision '{revision}'",
                place,
                "name a branch, a tag or a commit; `main` is the newest",
            ) from error
        except RepositoryNotFoundError as error:
            raise DataError(
                "the hub has no such data set, or does not show it to you",
                place,
                "log in with `hf auth login` if it is private or gated",
            ) from error
        except HFValidationError as error:
            raise DataError(f"not a valid revision: '{revision}'", place) from error
        except Exception as error:
            # Whatever else goes wrong in the client (its HTTP library, its transfer library, a
            # full disk): the data could not be brought here.
            reason = (str(error).strip() or "no reason given").splitlines()[0]
            self._unreachable = f"fetching them failed: {type(error).__name__}: {reason}"
            return None


def complete(snapshot: Path, pattern: str) -> list[Path]:
    """The files of a snapshot that match, in order; none if a shard is missing."""
    files = sorted(snapshot.glob(pattern))
    shards = [SHARD.fullmatch(path.name) for path in files]
    if any(match and int(match[1]) != len(files) for match in shards):
        return []
    return files if all(path.exists() for path in files) else []  # links to what was deleted


def _layout(pattern: str) -> str:
    language, name = pattern.split("/")
    split = next(s for s, hub_name in SPLIT_NAMES.items() if name.startswith(f"{hub_name}-"))
    return f"{split}-{language}.tsv"


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
