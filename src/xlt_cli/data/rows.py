"""Rows of tasks, loaded once, checked, and fingerprinted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xlt_cli.api import Example, Rows, Split, Task
from xlt_cli.data.hashing import data_hash, row_hashes
from xlt_cli.errors import DataError, UserError, did_you_mean
from xlt_cli.languages import own_code
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec.stated import stated

if TYPE_CHECKING:
    import numpy as np


@dataclass
class RowStore:
    """The rows that a run has loaded.

    Attributes:
        fingerprints: `task/split/language` -> hash, source, number of rows and notes of each.
    """

    fingerprints: dict[str, dict[str, Any]] = field(default_factory=dict)
    _rows: dict[tuple[str, str, str], Rows] = field(default_factory=dict)
    _hashes: dict[tuple[str, str, str], np.ndarray] = field(default_factory=dict)
    _earlier: RowStore | None = None

    def of_next_run(self) -> RowStore:
        """A store for another run in this process, which takes rows from this one.

        Only the rows of the two runs are held: what the next run does not use is forgotten after
        it.
        """
        self._earlier = None
        return RowStore(_earlier=self)

    def copy(self) -> RowStore:
        """A store with the same rows; what is loaded into one is not in the other."""
        return RowStore(
            dict(self.fingerprints), dict(self._rows), dict(self._hashes), self._earlier
        )

    def load(
        self, task: Task, split: Split, language: str, limit: int | None = None
    ) -> Sequence[Example]:
        """The first `limit` rows of a task's split in a language, in any form of its code.

        Raises:
            DataError: the task lacks the language, the split is empty, an id stands twice, an
                example is not of the task's problem or has a label outside its set, or what its
                problem finds in all rows.
            UserError: the code fits several of the task's languages.
        """
        language = self._own(task, split, language)
        key = (task_key(task), split, language)
        if key not in self._rows:
            self._rows[key], about = self._of_earlier(key) or self._load(task, split, language)
            self.fingerprints["/".join(key)] = about
        return self._rows[key].examples[:limit]

    def loaded(self, task: Task, split: Split, language: str) -> bool:
        """Whether rows are at hand."""
        try:
            own = self._own(task, split, language)
        except UserError:  # the data are gone
            return False
        return (task_key(task), split, own) in self._rows

    def about(self, task: Task, split: Split, language: str) -> dict[str, Any]:
        """The fingerprint of rows that were loaded: hash, source, number of rows, notes."""
        own = self._own(task, split, language)
        return self.fingerprints[f"{task_key(task)}/{split}/{own}"]

    def notes(self, task: Task, split: Split, language: str) -> tuple[str, ...]:
        """What the task says of rows that were loaded."""
        return self._rows[(task_key(task), split, self._own(task, split, language))].notes

    def hashes(
        self, task: Task, split: Split, language: str, limit: int | None = None
    ) -> np.ndarray:
        """What the first `limit` rows are known again by (`row_hashes`); each is hashed once."""
        rows = self.load(task, split, language, limit)
        key = (task_key(task), split, self._own(task, split, language))
        known = self._hashes.get(key)
        if known is None and self._earlier is not None and self._of_earlier(key) is not None:
            known = self._earlier._hashes.get(key)
        if known is None or len(known) < len(rows):
            known = row_hashes(task, rows)
        self._hashes[key] = known
        return known[: len(rows)]

    def _own(self, task: Task, split: Split, language: str) -> str:
        """The task's own code for a language; as written if it has none."""
        if (task_key(task), split, language) in self._rows:
            return language
        return own_code(language, task.languages(split), f"{task.name} ({split})") or language

    def _of_earlier(self, key: tuple[str, str, str]) -> tuple[Rows, dict[str, Any]] | None:
        """Rows that the run before has loaded, and their fingerprint."""
        if self._earlier is None or key not in self._earlier._rows:
            return None
        return self._earlier._rows[key], self._earlier.fingerprints["/".join(key)]

    def _load(self, task: Task, split: Split, language: str) -> tuple[Rows, dict[str, Any]]:
        known = task.languages(split)
        where = f"{task.name} ({split}, {language})"
        if language not in known:
            raise DataError(
                f"the task '{task.name}' has no '{language}' in its {split} split",
                where,
                did_you_mean(language, known)
                or task.missing(split)
                or f"there is no {split} split",
            )
        rows = task.load(split, language)
        if not rows.examples:
            raise DataError(f"the {split} split of '{task.name}' is empty in '{language}'", where)
        twice = [i for i, n in Counter(e.id for e in rows.examples).items() if n > 1]
        if twice:
            raise DataError(f"the id '{twice[0]}' occurs twice", f"{where}: {rows.source}")
        problem = problem_of(task)
        for example in rows.examples:
            try:
                problem.check_example(example)
            except DataError as error:
                raise replace(error, where=f"{where}: {error.where}") from None
        try:
            problem.check_rows(rows.examples)
        except DataError as error:
            raise replace(error, where=f"{where}: {rows.source}") from None
        return rows, {
            "sha256": data_hash(rows.examples),
            "rows": len(rows.examples),
            "source": rows.source,
            "notes": list(rows.notes),
        }


def task_key(task: Task) -> str:
    """The task's name, with those of its parameters that are not at their defaults."""
    given = stated(task.params)
    return task.name + (f"{given}" if given else "")
