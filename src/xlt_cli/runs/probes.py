"""Stored probes of a run's model: a directory per probe, filled batch by batch.

about.json     what was probed and how
rows.jsonl     one line per finished batch: the language and the records of its rows
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.runs import atomic, former
from xlt_cli.spec.identity import key


@dataclass(frozen=True)
class ProbeStore:
    """The directory of one probe; it is made when the first batch is written.

    A line is appended whole or dropped when it is read, so a kill loses one batch.
    """

    path: Path
    about: Mapping[str, Any]

    @classmethod
    def open(
        cls, run: Path, kind: str, about: Mapping[str, Any], essence: Callable[[Any], Any]
    ) -> ProbeStore:
        """The directory of a probe in a run's directory.

        Args:
            essence: what of an `about` makes the records what they are; another, another directory.
        """
        folder, wanted = run / "analysis", essence(about)
        path = folder / f"{kind}-{key(wanted)}"
        if not path.is_dir():
            path = former.probe_of(folder, kind, wanted, essence) or path
        return cls(path, about)

    def read(self, language: str) -> dict[str, dict[str, Any]]:
        """The records of a language, by id."""
        return {
            record["id"]: record
            for line in atomic.read_lines(self.path / "rows.jsonl")
            if line["language"] == language
            for record in line["rows"]
        }

    def append(self, language: str, records: Sequence[Mapping[str, Any]]) -> None:
        """Stores the records of a batch."""
        if not (self.path / "about.json").is_file():
            atomic.write_json(self.path / "about.json", dict(self.about))
        atomic.append_line(
            self.path / "rows.jsonl", {"language": language, "rows": [dict(r) for r in records]}
        )
