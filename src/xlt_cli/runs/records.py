"""Stored records of an analysis of a run: a directory per analysis, filled batch by batch.

about.json     what was measured and how
rows.jsonl     one line per finished batch: the language and the records of its rows
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xlt_cli.runs import atomic, former
from xlt_cli.spec.identity import key


@dataclass(frozen=True)
class RecordStore:
    """The directory of an analysis of a run; it is made when the first batch is written.

    A line is appended whole or dropped when it is read, so a kill loses one batch.
    """

    path: Path
    about: Mapping[str, Any]

    @classmethod
    def open(
        cls, run: Path, kind: str, about: Mapping[str, Any], essence: Callable[[Any], Any]
    ) -> RecordStore:
        """The directory of an analysis in a run's directory.

        Args:
            essence: what of an `about` makes the records what they are; another, another directory.
        """
        folder, wanted = run / "analysis", essence(about)
        path = folder / f"{kind}-{key(wanted)}"
        if not path.is_dir():
            path = former.records_of(folder, kind, wanted, essence) or path
        return cls(path, about)

    def read(self, language: str) -> Mapping[str, Mapping[str, Any]]:
        """The records of a language, by id, as they were when they were first asked for."""
        return self._stored.get(language, {})

    @cached_property
    def _stored(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        stored: dict[str, dict[str, Mapping[str, Any]]] = {}
        for line in atomic.read_lines(self.path / "rows.jsonl"):
            records = {record["id"]: record for record in line["rows"]}
            stored.setdefault(line["language"], {}).update(records)
        return stored

    def append(self, language: str, records: Sequence[Mapping[str, Any]]) -> None:
        """Stores the records of a batch."""
        if not (self.path / "about.json").is_file():
            atomic.write_json(self.path / "about.json", dict(self.about))
        atomic.append_line(
            self.path / "rows.jsonl", {"language": language, "rows": [dict(r) for r in records]}
        )
