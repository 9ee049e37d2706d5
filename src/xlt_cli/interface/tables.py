"""Rows and results, as plain Python values and as pandas data frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from xlt_cli.languages import FACTS, facts_of
from xlt_cli.reports import evaluation

if TYPE_CHECKING:
    import pandas

    from xlt_cli.api.reports import Report


class Table(Sequence[dict[str, Any]]):
    """Rows, each a dictionary from column to value; it has a length and can be indexed."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows = tuple(dict(row) for row in rows)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | Sequence[dict[str, Any]]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)}; .frame() is a pandas data frame>"

    def frame(self) -> pandas.DataFrame:
        """The rows as a pandas data frame.

        Returns:
            One row for each row, one column for each key; values that a row lacks are missing.
        """
        import pandas

        return pandas.DataFrame(list(self._rows))


class Results(Table):
    """The results of evaluations: dictionaries, as `xlt eval --json` prints them.

    `result["languages"]["de"]["accuracy"]["value"]` is one figure.
    """

    def __init__(
        self, results: Iterable[Mapping[str, Any]], of: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(results)
        self._of = tuple(dict(about) for about in of) or ({},) * len(self)

    def frame(self) -> pandas.DataFrame:
        """The figures as a pandas data frame, one figure in a row.

        Returns:
            The columns of `xlt eval --csv`: task, split, setting, cell (a language, a pair of
            languages or an average), trained_on, n, metric, value, low, high, source, data_sha256
            and warning; collapse and condition where labels were collapsed, or there are
            conditions. Before them stand run, point and seed, after them family, script and
            resource (the class) of a language.
        """
        return Table(
            {**about, **line, **_facts(line)}
            for about, result in zip(self._of, self, strict=True)
            for line in evaluation.lines([result])
        ).frame()


def records_of(report: Report) -> Table:
    """The records of a report that has some, as rows."""
    table = report.records
    assert table is not None
    names = [column.key or column.name for column in table.columns]
    return Table(dict(zip(names, row.cells, strict=True)) for row in table.rows)


def _facts(line: Mapping[str, Any]) -> dict[str, Any]:
    """The family, script and resource class of the language that a line is about."""
    language = str(line["cell"])
    if "+" in language or ":" in language or language == "transfer_gap":
        return {name: line.get(name) for name in FACTS[:3]}
    known = facts_of(language)
    return {name: getattr(known, name) for name in FACTS[:3]}
