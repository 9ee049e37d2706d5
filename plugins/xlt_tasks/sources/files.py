"""The files of a data set: found by their names, read, and sorted by language."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Protocol

from xlt_cli.api import SPLITS, DataError, Split, did_you_mean
from xlt_cli.languages import lookup, own_code
from xlt_tasks.sources import formats
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.compression import unreadable
from xlt_tasks.sources.naming import FilesByPart, Naming, suggest
from xlt_tasks.sources.table import FOUND_OUT, Form, Table

SHARD = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.[a-z0-9.]+")
SHOWN = 8
"""How many names an error lists."""

NAMED = "language"
"""What a column is called that says the language of each row."""


class Files(Protocol):
    """Where files are: a folder, or a repository on the hub."""

    @property
    def kind(self) -> str:
        """`folder` or `repository`, for messages."""
        ...

    def names(self, depth: int | None = None) -> Sequence[str]:
        """The names of the files, relative and with `/`, down to a depth of folders."""
        ...

    def place(self, name: str = "") -> str:
        """Where it is, or a file of it, for messages."""
        ...

    def bring(self, names: Sequence[str]) -> tuple[str, list[Path]]:
        """What to name as the source, and the files on this machine."""
        ...

    def all_files(self) -> list[Path] | None:
        """All files, also those that say more of the rows; None if only the hub knows."""
        ...


class Layout(Protocol):
    """Tells which files hold which split and language."""

    @property
    def depth(self) -> int | None:
        """How many folders deep the files are; None if they may be anywhere below."""
        ...

    def find(self, names: Sequence[str]) -> FilesByPart:
        """The files by split and language."""
        ...

    def several(self, split: Split) -> bool:
        """Whether the data of one split and language may be several files."""
        ...

    def example(self, split: Split, language: str) -> str:
        """The name that a file of a split and language is to have."""
        ...


@dataclasses.dataclass(frozen=True)
class FileSet:
    """A data set made of files: a source.

    Attributes:
        files: where they are.
        layout: which of them holds what.
        form: how they are written, as far as the user says it.
        language: the language of files whose names do not say it.
        language_column: the column that says the language of each row.
        untranslated: the texts that stand for a sentence that was not translated.
        renames: whether the task has the parameters `files` and `splits`, which say what files are
            called, for hints.
        on_hub: whether the task can take its data from the hub with `source: hub`, for hints.
    """

    files: Files
    layout: Layout = dataclasses.field(default_factory=Naming)
    form: Form = FOUND_OUT
    language: str | None = None
    language_column: str | None = None
    untranslated: frozenset[str] = frozenset({"NS"})
    renames: bool = True
    on_hub: bool = False

    def languages(self, split: Split) -> tuple[str, ...]:
        """The languages that the split has files for, or rows in."""
        by_part = self._by_part()
        known = [language for of_split, language in by_part if of_split == split]
        if self.language_column is None or not known:
            return tuple(sorted({self._language(language) for language in known}))
        _, paths = self.files.bring(self._names(by_part, split, None))
        only = Columns(((),), (self.language_column,), named=True)
        tables = [read_once(path, only, self.form) for path in paths]
        codes: dict[Hashable, str] = {}
        for table in tables:
            for record in table.records:
                code = _code(record.target, table.where(record))
                codes.setdefault(_identity(code), code)
        return tuple(sorted(codes.values()))

    def read(self, split: Split, language: str, columns: Columns) -> tuple[str, list[Table]]:
        """What was read, and the tables of a split in a language."""
        by_part = self._by_part()
        columns = dataclasses.replace(columns, on_hub=self.on_hub)
        if self.language_column is None:
            source, paths = self.files.bring(self._names(by_part, split, language))
            return source, [self._one_language(path, columns) for path in paths]
        source, paths = self.files.bring(self._names(by_part, split, None))
        columns = dataclasses.replace(columns, language=self.language_column)
        language = own_code(language, self.languages(split)) or language
        tables = [_only(read_once(path, columns, self.form), language) for path in paths]
        if not any(table.records for table in tables):
            raise DataError(
                f"there are no {split} rows in the language '{language}'",
                str(paths[0]),
                f"column {self.language_column}: {did_you_mean(language, self.languages(split))}",
            )
        return source, [table for table in tables if table.records]

    def any_file(self) -> Path:
        """One of the files, of the first split that there is."""
        by_part = self._by_part()
        ordered = sorted(by_part.items(), key=lambda part: SPLITS.index(part[0][0]))
        if not ordered:
            raise self._missing(by_part, "train", None, [])
        return self.files.bring(ordered[0][1][:1])[1][0]

    def _one_language(self, path: Path, columns: Columns) -> Table:
        """A file whose rows are in one language; a note where it names several itself."""
        table = formats.read(path, columns, self.form)
        if self.language is None:
            return table
        try:
            named = read_once(path, Columns(((),), (NAMED,), named=True), self.form)
        except DataError:  # there is no such column
            return table
        codes = {str(record.target) for record in named.records}
        known = {found.language for code in codes if (found := lookup(code))}
        if len(known) < 2:
            return table
        note = (
            f"all rows of {path.name} count as '{self.language}', and its column '{NAMED}' names "
            f"{len(known)} languages: is `language_column: {NAMED}` meant?"
        )
        return dataclasses.replace(table, notes=(*table.notes, note))

    def file(self, split: Split, language: str) -> Path:
        """The one file of a split in a language.

        Raises:
            DataError: there is none, or more than one.
        """
        return self.paths(split, language)[1][0]

    def paths(self, split: Split, language: str) -> tuple[str, list[Path]]:
        """What to name as the source, and the files of a split in a language."""
        return self.files.bring(self._names(self._by_part(), split, language))

    def all_files(self) -> list[Path] | None:
        """All files of the folder, whatever is in them; None for a repository on the hub."""
        return self.files.all_files()

    def _by_part(self) -> FilesByPart:
        return self.layout.find(self.files.names(self.layout.depth))

    def _language(self, language: str | None) -> str:
        if language is not None:
            return language
        if self.language is None:
            raise DataError(
                "the names of the files do not contain a language",
                self.files.place(),
                "give it with `language: en`, with `{language}` in `files`, or with "
                "`language_column`",
            )
        return self.language

    def _names(self, by_part: FilesByPart, split: Split, language: str | None) -> list[str]:
        """The files of a split in a language; None for those whose names do not say it."""
        by_language = {
            known if self.language_column else self._language(known): names
            for (of_split, known), names in by_part.items()
            if of_split == split
        }
        names = by_language.get(language, [])
        if not names:
            raise self._missing(by_part, split, language, list(by_language))
        shards = [SHARD.fullmatch(name) for name in names]
        if len(names) == 1 or self.layout.several(split) or all(shards):
            self._check_shards(names)
            return names
        listed = " and ".join(names)
        raise DataError(
            f"two files for the same data: {listed}", self.files.place(), "keep one of them"
        )

    def _check_shards(self, names: Sequence[str]) -> None:
        parts: dict[str, tuple[int, int]] = {}
        for name in names:
            match = SHARD.fullmatch(name)
            if match:
                parts[match[1]] = parts.get(match[1], (0, 0))[0] + 1, int(match[3])
        for stem, (there, wanted) in parts.items():
            if there != wanted:
                raise DataError(
                    f"only {there} of the {wanted} files {stem}-... exist",
                    self.files.place(),
                    "the download may be incomplete: download the files again",
                )

    def _missing(
        self, by_part: FilesByPart, split: Split, language: str | None, known: list[str | None]
    ) -> DataError:
        where = self.files.place(self.layout.example(split, language or "LANGUAGE"))
        if known and language is not None:
            languages = [self._language(one) for one in known]
            return DataError(
                f"there is no {split} file for the language '{language}'",
                where,
                f"languages of this split: {did_you_mean(language, languages)}",
            )
        return DataError(
            f"the {self.files.kind} has no {split} files", where, self.describe(by_part)
        )

    def missing(self, split: Split) -> str:
        """What there is instead of a split that has no files."""
        return self.describe(self._by_part())

    def describe(self, by_part: FilesByPart) -> str:
        """What the folder holds, for a reader who expected something else."""
        splits = [split for split in SPLITS if any(split == of_split for of_split, _ in by_part)]
        names = [name for name in self.files.names(2) if not name.startswith(".")]
        pattern, called = (suggest(names) if self.renames else None) or ("", {})
        missing = {split: name for split, name in called.items() if split not in splits}
        stated = ", ".join(f"{split}: {name}" for split, name in missing.items())
        if splits:
            found = f"it has files for {' and '.join(sorted(splits))}"
            if stated:
                found += f"; `splits: {{{stated}}}` states other names of splits"
            return f"{found}; the {self.files.kind} contains{_listed(names)}"
        hint = ""
        if pattern:
            beside = [f"`splits: {{{stated}}}`"] if stated else []
            if "{language}" not in pattern:
                column = "or `language_column: COLUMN` where a column says it"
                beside.append(f"`language: CODE` ({column})")
            both = f" with {' and '.join(beside)}" if beside else ""
            hint = f'`files: "{pattern}"`{both} would match them; '
        expected = self.layout.example("train", "LANGUAGE").replace("train", "{train,dev,test}")
        return f"expected files named {expected} (or {OTHERS}); {hint}it contains{_listed(names)}"


OTHERS = ", ".join(suffix for suffix in formats.READERS if suffix != ".tsv")


@functools.lru_cache(maxsize=4)
def _read_once(path: Path, _changed: tuple[int, int], columns: Columns, form: Form) -> Table:
    return formats.read(path, columns, form)


def read_once(path: Path, columns: Columns, form: Form) -> Table:
    """The records of a file that several languages are taken from; read anew when it changes."""
    try:
        stat = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    return _read_once(path, (stat.st_mtime_ns, stat.st_size), columns, form)


def _only(table: Table, language: str) -> Table:
    """The records of one language."""
    wanted = _identity(language)
    records = tuple(
        r for r in table.records if _identity(_code(r.language, table.where(r))) == wanted
    )
    return dataclasses.replace(table, records=records)


def _identity(code: str) -> Hashable:
    """What two forms of one language's code have in common: `en`, `eng`, `English`."""
    language = lookup(code)
    if language is None:
        return code
    return language.language, language.script, language.territory, language.variant


def _code(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DataError("the column for the language is empty", where)
    return value.strip()


def _listed(names: Sequence[str]) -> str:
    if not names:
        return ": nothing" if not names else ""
    shown = ", ".join(names[:SHOWN])
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f": {shown}{more}"
