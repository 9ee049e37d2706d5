"""Tasks that can be restricted to a part of their rows: a phenomenon, a genre, a kind of noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from xlt_cli.api import DataError, Split, did_you_mean
from xlt_tasks.file_tasks.texts import TextParams, TextTask
from xlt_tasks.sources.table import counted


def _names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Slices = Annotated[tuple[str, ...] | None, BeforeValidator(_names)]


class SliceParams(TextParams):
    """Where the files are, and which of their rows are read."""

    slice: Slices = Field(
        None,
        min_length=1,
        description="only rows of this slice of the data, or of these; default: all rows",
    )


class SlicedTask(TextTask):
    """Texts and labels, some of whose rows can be asked for by the names of slices."""

    class Params(SliceParams):
        """Where the files are, and which of their rows are read."""

    params: SliceParams

    def wanted(
        self, split: Split, language: str, rows: int
    ) -> tuple[frozenset[int] | None, tuple[str, ...]]:
        asked = self.params.slice
        if asked is None:
            return None, ()
        of_rows = self.slices(split, language)
        if len(of_rows) != rows:
            raise DataError(
                f"slices are named for {len(of_rows):,} rows, and there are {rows:,}",
                f"{self.name} ({language}, {split})",
                "the files belong to different versions of the data: fetch them again",
            )
        known = sorted({name for names in of_rows for name in names})
        for name in asked:
            if name not in known:
                raise DataError(
                    f"'{self.name}' has no slice '{name}' in its {split} split",
                    f"{self.name} ({language}, {split})",
                    did_you_mean(name, known),
                )
        wanted = frozenset(n for n, names in enumerate(of_rows, 1) if not names.isdisjoint(asked))
        said = f"only the {counted(len(wanted), 'row')} of the slice {', '.join(asked)}"
        return wanted, (said,)

    def slices(self, split: Split, language: str) -> Sequence[frozenset[str]]:
        """The slices that each row belongs to; names in one field are separated by colons."""
        names = self.found()[1].slice_columns
        columns = [self.column(split, language, name) for name in names]
        return [
            frozenset(name for value in row for name in value.split(":") if name)
            for row in zip(*columns, strict=True)
        ]
