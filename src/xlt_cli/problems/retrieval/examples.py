"""Examples of retrieval: a query, and candidates for the pool that it is searched in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from xlt_cli.api import Edit, Example, ExampleText


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text of the pool.

    Attributes:
        key: identifies it within the pool; in aligned tasks it is the same in all languages.
    """

    key: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class RetrievalExample(Example):
    """A query, candidates, and the keys of those that are right.

    The pool of a cell is the union of the candidates of all its examples, one for each key. Where
    an example puts its candidates does not matter: the right ones may belong to other examples.

    Attributes:
        query: empty if the example only adds to the pool.
        relevant: the keys of the right candidates; none if nothing in the pool is right.
        languages: the language of the query, if there is one, then that of each candidate.
    """

    id: str
    query: str
    candidates: tuple[Candidate, ...]
    relevant: tuple[str, ...]
    languages: tuple[str, ...]

    @classmethod
    def of(
        cls,
        id: str,
        query: str,
        language: str,
        candidates: Sequence[Candidate] = (),
        relevant: Sequence[str] = (),
    ) -> Self:
        """The example with a query in a language."""
        languages = [language] * bool(query) + [candidate.language for candidate in candidates]
        return cls(id, query, tuple(candidates), tuple(relevant), tuple(languages))

    @property
    def has_pair(self) -> bool:
        """Whether a right candidate stands beside the query, so that it can be trained on."""
        keys = {candidate.key for candidate in self.candidates}
        return bool(self.query) and not keys.isdisjoint(self.relevant)

    def editable(self) -> tuple[ExampleText, ...]:
        """The query. Noise leaves the pool as it is."""
        return (ExampleText(self.languages[0], self.query),) if self.query else ()

    def edited(self, texts: Sequence[Edit]) -> Self | None:
        return replace(self, query=str(texts[0])) if texts else self

    def content(self) -> Any:
        return [self.query, *(candidate.text for candidate in self.candidates)]

    def fingerprint(self) -> list[Any]:
        pool = [[c.key, c.text, c.language] for c in self.candidates]
        return [self.id, self.query, pool, list(self.relevant)]

    def as_row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "query": self.query,
            "candidates": {candidate.key: candidate.text for candidate in self.candidates},
            "relevant": list(self.relevant),
        }

    def fault(self) -> str:
        if not self.query and not self.candidates:
            return "it has neither a query nor a candidate"
        if self.relevant and not self.query:
            return f"'{self.relevant[0]}' is relevant, and there is no query"
        keys = Counter(candidate.key for candidate in self.candidates)
        twice = [key for key, count in keys.items() if count > 1]
        if twice:
            return f"two of its candidates have the key '{twice[0]}'"
        empty = [candidate.key for candidate in self.candidates if not candidate.text.strip()]
        if empty:
            return f"its candidate '{empty[0]}' has no text"
        texts = bool(self.query) + len(self.candidates)
        if len(self.languages) != texts:
            return f"it has {texts} texts and {len(self.languages)} languages"
        return ""

    def replacement_fault(self, other: Self, labels: Sequence[str]) -> str:
        if bool(other.query) != bool(self.query):
            return "only one of the two has a query"
        if other.relevant != self.relevant:
            return f"its right candidates are {other.relevant}, not {self.relevant}"
        return ""


def unfound(examples: Iterable[Example]) -> list[RetrievalExample]:
    """The queries that state right candidates, none of which is in the pool of these examples."""
    rows = [example for example in examples if isinstance(example, RetrievalExample)]
    pool = {candidate.key for row in rows for candidate in row.candidates}
    return [row for row in rows if row.relevant and pool.isdisjoint(row.relevant)]
