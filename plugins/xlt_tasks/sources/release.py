"""How the files of a published data set are named and written, as its task states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xlt_cli.api import SPLITS, Split
from xlt_tasks.sources.columns import PAIR, Columns
from xlt_tasks.sources.files import Files, FileSet
from xlt_tasks.sources.folder import Folder
from xlt_tasks.sources.naming import DEFAULT_PATTERN, Naming
from xlt_tasks.sources.table import Form

AS_THEY_STAND = Form("none")


@dataclass(frozen=True)
class Release:
    """One form in which a data set is published.

    Attributes:
        files: the names of the files, with `{split}` and `{language}`; or a pattern for each split
            that there is.
        columns: the columns that are read.
        language: the language of files whose names do not say it.
        language_column: the number or name of the column that says the language of a row.
        languages: those that belong to the set, where the folder has files of others, too.
        codes: the languages' codes by what the names of files call them, where that is another
            name: `{"German": "de"}`.
        splits: what a split is called in the names, where that is none of the usual names.
        label_map: what the labels of the files stand for.
        slice_columns: the columns, by name or number, that name the slices that a row belongs to.
        id_column: the column with the number or name of an item, where rows are in another order
            in each language.
        form: how fields are written; by default as they stand, without quoting.
        needs: a split without which a folder is of another form, where forms share a file's name.
    """

    files: str | Mapping[Split, str] = DEFAULT_PATTERN
    columns: Columns = PAIR
    language: str | None = None
    language_column: str | None = None
    languages: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[Split, str] = field(default_factory=dict)
    label_map: Mapping[str, str] = field(default_factory=dict)
    slice_columns: tuple[str, ...] = ()
    id_column: str | None = None
    form: Form = AS_THEY_STAND
    needs: Split | None = None

    @property
    def naming(self) -> Naming:
        """How its files are named."""
        files = self.files
        patterns = dict.fromkeys(SPLITS, files) if isinstance(files, str) else files
        return Naming(patterns, self.splits, bool(self.form.suffix), self.codes)

    def is_in(self, folder: Folder) -> bool:
        """Whether a folder holds files that are named so."""
        found = self.naming.find(folder.names(self.naming.depth))
        return any(self.needs in (None, split) for split, _ in found)

    def file_set(self, files: Files, untranslated: frozenset[str]) -> FileSet:
        """Its files in a folder, or in a repository on the hub."""
        return FileSet(
            files,
            self.naming,
            self.form,
            self.language,
            self.language_column,
            untranslated,
            renames=False,
        )
