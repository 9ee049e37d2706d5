"""Multiple choice of one's own files or of any data set on the hub: no plugin to write."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from xlt_cli.api import Rows, Split
from xlt_cli.problems import MultipleChoice
from xlt_tasks.examples.cells import cell_text, filled
from xlt_tasks.examples.choices import Choices, build_choices
from xlt_tasks.own_files import DataParams, OwnData, distinct
from xlt_tasks.sources.columns import Columns


class OwnChoiceParams(DataParams):
    """The files, and what is in them. Columns are named as in a header line, or numbered from 1."""

    context: str = Field(min_length=1, description="the column with the context")
    question: str | None = Field(
        None,
        min_length=1,
        description="the column with the question, if there is one; rows in which it is empty have "
        "no question",
    )
    choices: Annotated[tuple[str, ...], AfterValidator(distinct)] = Field(
        min_length=1,
        description="the columns with the choices, in order; or the one column with a list of "
        "them, or an object with such a list under `text` and their names under `label`",
    )
    answer: str = Field(min_length=1, description="the column that says which choice is right")
    answers: Literal["number", "letter", "text"] = Field(
        "number",
        description="what it says: the number of the choice, its letter (A is the first), or its "
        "text; where choices have names, its name",
    )
    first_answer: int = Field(0, description="the number of the first choice")
    id_column: str | None = Field(
        None, min_length=1, description="the column with the id of a row; default: its number"
    )
    aligned: bool = Field(
        False, description="whether rows with the same id are the same item in every language"
    )


class OwnChoices(OwnData):
    """A context, a question if there is one, and the choices."""

    api_version = 1
    name = "multiple-choice"
    summary = "your own files: which of several texts goes with a context"
    problem = MultipleChoice
    metric = "accuracy"
    labels = ()

    class Params(OwnChoiceParams):
        """The files, and what is in them."""

    params: OwnChoiceParams

    def __init__(self, params: OwnChoiceParams | None = None) -> None:
        super().__init__(params)
        self.aligned = self.params.aligned

    def load(self, split: Split, language: str) -> Rows:
        p = self.params
        more = [name for name in (p.question, p.id_column) if name is not None]
        names = (p.context, *p.choices, *more)
        columns = Columns((names,), (p.answer,), named=True)
        read, tables = self.source.read(split, language, columns)
        built = build_choices(
            tables, (*names, p.answer), self._row, split, language, first_answer=p.first_answer
        )
        return Rows(built[0], read, built[1])

    def _row(self, cells: Mapping[str, Any]) -> Choices:
        p = self.params
        texts, names = _texts([cells[name] for name in p.choices])
        return Choices(
            cells[p.context],
            texts,
            self._number(cells[p.answer], texts, names),
            "" if p.question is None else cell_text(cells[p.question]),
            None if p.id_column is None else str(filled(cells[p.id_column], "the id")),
        )

    def _number(self, answer: Any, texts: Sequence[str], names: Sequence[str]) -> Any:
        """The number that stands for the answer; numbers themselves are checked with the rest."""
        known: Sequence[str] = names
        if not names:
            if self.params.answers == "number":
                return answer
            known = texts if self.params.answers == "text" else string.ascii_uppercase
        said = str(answer).strip() if known is not texts else answer
        if list(known).count(said) != 1:
            shown = ", ".join(map(str, known[: len(texts)]))
            raise ValueError(f"the right choice is {answer!r}, expected one of: {shown}")
        return list(known).index(said) + self.params.first_answer


def _texts(cells: Sequence[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The choices, and their names where the file gives them names."""
    if len(cells) > 1:
        return tuple(cells), ()
    (cell,) = cells
    texts = cell
    names: tuple[str, ...] = ()
    if isinstance(cell, Mapping):
        named = cell.get("label") or []
        if not isinstance(named, list):
            raise ValueError(f"the names of the choices are {named!r}, expected a list")
        texts, names = cell.get("text"), tuple(map(str, named))
    if not isinstance(texts, list) or len(texts) < 2:
        raise ValueError(f"the choices are {cell!r}, expected a list of two or more texts")
    if names and len(names) != len(texts):
        raise ValueError(f"{len(texts)} choices but {len(names)} names for them")
    return tuple(texts), names
