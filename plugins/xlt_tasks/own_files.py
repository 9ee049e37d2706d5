"""What the tasks share that read files of others: their parameters, and where the files are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from xlt_cli.api import SPLITS, DataError, PluginParams, Split, Task, UserError
from xlt_tasks.examples.labels import DROP
from xlt_tasks.folder_params import Revision
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.compression import inner_suffix
from xlt_tasks.sources.dataset import MAIN, HubFiles, HubLayout
from xlt_tasks.sources.files import FileSet, Layout
from xlt_tasks.sources.folder import locate
from xlt_tasks.sources.naming import DEFAULT_PATTERN, Naming, check_pattern
from xlt_tasks.sources.parquet import class_names
from xlt_tasks.sources.table import Form, Quoting


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses a name that is empty or given twice."""
    if len(set(names)) < len(names):
        raise ValueError("a name is given twice")
    if not all(names):
        raise ValueError("a name is empty")
    return names


def check_columns(columns: Sequence[str] | None, texts: int, last: str) -> None:
    """Refuses names of columns that are not one for each text and one for what comes last."""
    if columns is not None and len(columns) != texts + 1:
        raise ValueError(
            f"`columns` has {len(columns)} names; `texts: {texts}` needs {texts + 1} "
            f"(the texts, then the {last})"
        )


def _text_keys(value: Any) -> Any:
    """YAML's `true` and `0` as keys mean what a file writes: `true`, `0`."""
    if not isinstance(value, Mapping):
        return value
    return {_text(key): label for key, label in value.items()}


def _text(key: Any) -> Any:
    if isinstance(key, bool):
        return str(key).lower()
    return str(key) if isinstance(key, int | float) else key


def _patterns(files: str | dict[Split, str] | None) -> str | dict[Split, str] | None:
    for pattern in [files] if isinstance(files, str) else (files or {}).values():
        check_pattern(pattern)
    if isinstance(files, str) and "{split}" not in files:
        raise ValueError(
            "`files` has no {split}; if names do not contain the split, give a pattern for "
            "each split: {train: a.tsv, test: b.tsv}"
        )
    return files


Names = Annotated[tuple[str, ...], Field(min_length=2), AfterValidator(distinct)]
LabelMap = Annotated[dict[str, str], BeforeValidator(_text_keys)]
Patterns = Annotated[str | dict[Split, str] | None, AfterValidator(_patterns)]


class FileParams(PluginParams):
    """How files are named and written."""

    files: Patterns = Field(
        None,
        description="the names of the files, if they are not {split}-{language}.SUFFIX, e.g. "
        '"{language}/{split}.tsv"; or a pattern for each split',
    )
    splits: dict[Split, str] = Field(
        {},
        description="name of a split in file names, e.g. {dev: eval}; validation, valid, val "
        "and development are recognized as dev without it",
    )
    language: str | None = Field(
        None, min_length=1, description="the language of files whose names do not contain one"
    )
    language_column: str | None = Field(
        None, min_length=1, description="the column with the language of each row"
    )
    quoting: Quoting = Field(
        "auto",
        description="whether quotation marks around the fields of a .tsv or .csv are text (none) "
        "or quote them (csv); auto: by the suffix and the file's content",
    )
    header: bool | None = Field(
        None,
        description="whether the first line is a header; default: detected if the column "
        "names are known or given in `columns`",
    )

    @model_validator(mode="after")
    def _one_language(self) -> FileParams:
        ways = [self.language is not None, self.language_column is not None]
        ways.append(any("{language}" in pattern for pattern in self.naming.patterns.values()))
        if self.files is not None and sum(ways) > 1 and not (ways[0] and ways[2]):
            raise ValueError(
                "give the language in one way only: {language} in `files`, `language_column`, "
                "or `language`"
            )
        if ways[0] and ways[1]:
            raise ValueError("give `language` or `language_column`, not both")
        return self

    @property
    def naming(self) -> Naming:
        """How the files are named."""
        default = DEFAULT_PATTERN
        if self.language is not None or self.language_column is not None:
            default = "{split}"
        files = self.files or default
        patterns = dict.fromkeys(SPLITS, files) if isinstance(files, str) else files
        return Naming(patterns, self.splits)

    @property
    def form(self) -> Form:
        """How the files are written."""
        return Form(self.quoting, self.header)

    def file_set(self, path: Path, task: str | None = None) -> FileSet:
        """The files of a folder."""
        folder = locate(path, task, self.naming)
        return FileSet(folder, self.naming, self.form, self.language, self.language_column)


class DataParams(FileParams):
    """A folder of files, or a data set on the hub."""

    path: Path | None = Field(
        None,
        description="a folder of {train,dev,test}-LANGUAGE.SUFFIX files (tsv, csv, jsonl, json, "
        "parquet, arrow, conll, conllu; also .gz, .bz2, .xz); relative paths are also looked up in "
        "$XLT_DATA_DIR",
    )
    dataset: str | None = Field(
        None, min_length=1, description="instead of `path`, a data set on the hub: ORG/NAME"
    )
    subset: str | None = Field(
        None,
        min_length=1,
        description="the configuration of the data set, or a pattern with {language} for several",
    )
    revision: Revision = MAIN

    @model_validator(mode="after")
    def _one_place(self) -> DataParams:
        if self.path is not None and self.dataset is not None:
            raise ValueError("give either `path` (a folder) or `dataset` (on the hub)")
        if self.dataset is None and (self.subset is not None or self.revision != MAIN):
            raise ValueError("`subset` and `revision` need `dataset`")
        if self.subset is not None:
            check_pattern(self.subset)
            if self.files is not None:
                raise ValueError(
                    "`files` selects files independently of the subset: give one of the two"
                )
            if "{language}" in self.subset and (self.language or self.language_column):
                raise ValueError(
                    "give the language in one way only: {language} in `subset`, "
                    "`language_column`, or `language`"
                )
        return self

    def source(self) -> FileSet:
        """Where the data come from."""
        if self.path is not None:
            return self.file_set(self.path)
        assert self.dataset is not None
        files = HubFiles(self.dataset, self.revision)
        layout: Layout = self.naming
        if self.files is None:
            layout = HubLayout(files, self.subset, self.splits)
        return FileSet(files, layout, self.form, self.language, self.language_column)


class OwnData(Task):
    """A task whose data are anyone's."""

    class Params(DataParams):
        """Where the data come from."""

    params: DataParams

    def __init__(self, params: DataParams | None = None) -> None:
        super().__init__(params)
        if self.params.path is None and self.params.dataset is None:
            raise UserError(
                f"'{self.name}' has no data: give `path` (a folder) or `dataset` (on the hub)"
            )

    def check(self) -> None:
        """A folder that is named is there; the hub is not asked."""
        if self.params.dataset is None:
            self.params.source()

    def missing(self, split: Split) -> str:
        """What the folder or the repository holds instead of a split."""
        return self.source.missing(split)

    def files(self) -> Sequence[Path] | None:
        return self.source.all_files()

    def languages(self, split: Split) -> tuple[str, ...]:
        return self.source.languages(split)

    def class_names(self, columns: Columns, parameter: str) -> tuple[str, ...]:
        """The labels as the data themselves name them, where `parameter` does not list them.

        Raises:
            DataError: they do not.
        """
        path = self.source.any_file()
        names = class_names(path, columns) if inner_suffix(path.name) == ".parquet" else None
        if names is None:
            raise DataError(
                f"the data do not name their labels, so `{parameter}` must list them",
                str(path),
                f"{parameter}: [..., ...], as they stand in the files; without it, names are taken "
                "from the features (ClassLabel) of Parquet files",
            )
        return names

    @property
    def source(self) -> FileSet:
        """The files; those of a data set on the hub are listed once."""
        return self._listed if self.params.dataset is not None else self.params.source()

    @cached_property
    def _listed(self) -> FileSet:
        return self.params.source()


def check_map(mapped: Mapping[str, str], labels: tuple[str, ...], name: str) -> None:
    """Refuses a map onto labels that the task does not have; ValueError says which."""
    unknown = [label for label in mapped.values() if label not in (*labels, DROP)]
    if unknown:
        raise ValueError(
            f"`{name}` maps to '{unknown[0]}', which is not one of the labels "
            f"({', '.join(labels)}) and not `drop`"
        )


def checked_map(mapped: Mapping[str, str], labels: tuple[str, ...], name: str) -> None:
    """The same for labels that are only known once the data are read; UserError says which."""
    try:
        check_map(mapped, labels, name)
    except ValueError as error:
        raise UserError(str(error)) from None
