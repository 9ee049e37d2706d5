"""The published tasks' repositories on the hub: `{language}/{split}-*.parquet`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xlt_cli.api import DataError, Split, did_you_mean
from xlt_tasks.sources import parquet
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.files import SHARD
from xlt_tasks.sources.hub_client import Client
from xlt_tasks.sources.table import Table

SPLIT_NAMES: dict[Split, str] = {"train": "train", "dev": "validation", "test": "test"}


@dataclass(frozen=True)
class Repository:
    """A data set on the hub and the languages (its configurations) that it has."""

    name: str
    languages: tuple[str, ...]


class Hub:
    """One repository at one revision, whose languages and layout are known without asking."""

    untranslated = frozenset({"NS", ""})
    """PAWS-X leaves failed translations empty in some files."""

    def __init__(self, repository: Repository, revision: str, task: str) -> None:
        self.repository = repository
        self.task = task
        self._client = Client(repository.name, revision)

    @property
    def revision(self) -> str:
        """The branch, tag or commit; once something was read, the commit."""
        return self._client.revision

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
        advice = (
            f"put files in XTREME's layout ({split}-{language}.tsv) into a folder "
            f"'{self.task}' and set XLT_DATA_DIR to the folder that contains it"
        )
        files = self._client.bring([pattern], lambda s: complete(s, pattern), place, advice)
        commit = files[0].parent.parent.name
        source = f"{self.repository.name}@{commit}"
        return source, [parquet.read(path, columns) for path in files]

    def all_files(self) -> None:
        """Not known here: a branch of the repository may point to another commit by now."""


def complete(snapshot: Path, pattern: str) -> list[Path] | None:
    """The files of a snapshot that match, in order; None if one is missing."""
    files = sorted(snapshot.glob(pattern))
    shards = [SHARD.fullmatch(path.name) for path in files]
    if not files or any(match and int(match[3]) != len(files) for match in shards):
        return None
    return files if all(path.exists() for path in files) else None  # links to what was deleted
