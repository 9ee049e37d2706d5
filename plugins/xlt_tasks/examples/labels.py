"""Labels as files write them: names, or class ids; and the labels that they are read as."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from xlt_cli.api import DataError, did_you_mean
from xlt_tasks.sources.table import Table

DROP = "drop"
"""In a map of labels: the row is left out."""
MISSING = ("", "-1")
SHOWN = 12
"""How many unknown labels an error lists."""


class LabelReader:
    """Turns values of a file into labels of the task.

    A number is a class id where the file itself names its classes. Otherwise it is a label like any
    other, by its digits: what it stands for is not guessed from the order of the task's labels.

    Attributes:
        labels: the task's labels.
        mapped: what the user says that values stand for: labels, or `DROP`.
        written: the same of values that the data set is known to have.
        dropped: how many values were mapped to `DROP`, by value.
        changed: how many values were read as another label, by value.
        parameter: the name of the parameter that maps values, for hints.
        columns: whether the task has the parameter `columns`, for hints.
    """

    def __init__(
        self,
        labels: Sequence[str],
        mapped: Mapping[str, str] | None = None,
        parameter: str = "label_map",
        written: Mapping[str, str] | None = None,
        *,
        columns: bool = False,
    ) -> None:
        self.labels = tuple(labels)
        self.mapped = dict(mapped or {})
        self.written = dict(written or {})
        self.parameter = parameter
        self.columns = columns
        self.dropped: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self._known = {label: label for label in self.labels} | self.written | self.mapped
        self._unknown: Counter[str] = Counter()
        self._first: tuple[object, str] | None = None
        self._numbers = False

    def get(self, value: object, class_names: Sequence[str] | None = None) -> str | None:
        """The label, or `DROP` if the user maps the value to it; None if it is no label.

        Args:
            class_names: what the file says its class ids mean.
        """
        known = isinstance(value, str) and value in self._known  # the usual case
        texts = (str(value),) if known else texts_of(value, class_names)
        for text in texts:
            label = self._known.get(text)
            if label is not None:
                if label == DROP and label not in self.labels:
                    self.dropped[text] += 1
                elif text in self.mapped:
                    self.changed[text] += 1
                return label
        return None

    def reject(self, value: object, where: str, class_names: Sequence[str] | None = None) -> None:
        """Takes down a value that is no label; `check` raises the error once all are known."""
        texts = texts_of(value, class_names)
        self._unknown[texts[0] if texts else str(value)] += 1
        self._numbers = self._numbers or (
            class_names is None and isinstance(value, int | float) and not isinstance(value, bool)
        )
        if self._first is None:
            self._first = value, where

    def check(self, tables: Sequence[Table] = ()) -> None:
        """Raises a DataError if values were rejected: all of them, with their numbers.

        Args:
            tables: what was read, to tell an unknown label from an unknown header.
        """
        if self._first is None:
            return
        value, where = self._first
        if all(label in (*MISSING, "None", "nan") for label in self._unknown):
            raise missing(value, where, self.parameter)
        names = [name for name, _ in self._unknown.most_common()]
        if len(names) == 1:
            what = f"the label '{names[0]}' is not one of the task's"
            if self._unknown[names[0]] > 1:
                what += f" ({self._unknown[names[0]]:,} times)"
        else:
            counts = ", ".join(f"'{n}' ({self._unknown[n]:,})" for n in names[:SHOWN])
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            what = f"{len(names)} labels are not labels of the task: {counts}{more}"
        once = self._unknown[next(iter(self._unknown))] == 1  # as a header's is
        hint = _columns_hint(tables, where, once=once, columns=self.columns)
        raise DataError(what, where, hint + self._hint(names))

    def notes(self, noun: str) -> tuple[str, ...]:
        """What became of mapped values; `noun` is what is left out with one."""
        said = []
        for chosen, why in ((True, f"by `{self.parameter}`"), (False, "for their label")):
            dropped = [x for x in sorted(self.dropped.items()) if (x[0] in self.mapped) == chosen]
            if dropped:
                values = ", ".join(f"'{value}' ({n:,})" for value, n in dropped)
                said.append(f"{noun} left out {why}: {values}")
        if self.changed:
            values = ", ".join(
                f"'{value}' as '{self.mapped[value]}' ({n:,})"
                for value, n in sorted(self.changed.items())
            )
            said.append(f"read by `{self.parameter}`: {values}")
        return tuple(said)

    def _hint(self, names: Sequence[str]) -> str:
        near = did_you_mean(names[0], self.labels)
        if self._numbers:
            example = f"{{{names[0]}: LABEL, ...}}"
            return (
                f"the file does not define what its numbers stand for; use `{self.parameter}: "
                f"{example}`; " + near
            )
        if len(names) > 1 or near.startswith("known"):
            return f"{near}; `{self.parameter}: {{'{names[0]}': LABEL, ...}}` reads others as these"
        return near


def _columns_hint(tables: Sequence[Table], where: str, *, once: bool, columns: bool) -> str:
    """What to do if labels are unknown for the columns or the header of the file that has them."""
    for table in tables:
        if once and table.first_line and where == table.where(table.records[0]):
            if not columns:
                return "if the first line is a header, take it out; "
            named = ", ".join(table.first_line)
            return (
                "if the first line is a header, select columns by name, e.g. from "
                f"`columns: [{named}]`; "
            )
        if table.unit == "word" and table.notes and where.startswith(f"{table.path}:"):
            others = ": select others with `columns`, e.g. [1, 2]" if columns else ""
            return f"{'; '.join(table.notes)}{others}; "
    return ""


def texts_of(value: object, class_names: Sequence[str] | None = None) -> tuple[str, ...]:
    """The forms in which a value may be one of the labels, the likeliest first."""
    if isinstance(value, bool):
        return str(value).lower(), str(value)
    if isinstance(value, float) and value.is_integer():
        number = int(value)
        return _of_number(number, class_names) if class_names else (str(number), str(value))
    if isinstance(value, float) and math.isfinite(value):
        return (str(value),)
    if isinstance(value, int):
        return _of_number(value, class_names)
    if isinstance(value, str):
        whole, point, rest = value.partition(".")
        if point and rest and not rest.strip("0") and whole.removeprefix("-").isdecimal():
            return value, whole  # pandas writes whole numbers as 1.0 where a column has a gap
        return (value,)
    return ()


def _of_number(number: int, class_names: Sequence[str] | None) -> tuple[str, ...]:
    if class_names is None:
        return (str(number),)
    return (class_names[number],) if 0 <= number < len(class_names) else ()


def missing(value: object, where: str, parameter: str = "label_map") -> DataError:
    """The error for a row or word that has no label."""
    shown = value if value and not (isinstance(value, float) and math.isnan(value)) else None
    return DataError(
        "there is no label" + (f" ({shown!r})" if shown is not None else ""),
        where,
        "a row without a label cannot be scored: add the label, or leave the row out"
        + (f' (`{parameter}: {{"{shown}": drop}}`)' if isinstance(shown, str | int) else ""),
    )
