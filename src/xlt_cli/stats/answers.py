"""What statistics know of a prediction; nothing of problems, models or files."""

from __future__ import annotations

from typing import Protocol

Pair = tuple[str, str]
"""A cell: a language twice, or the languages of the two texts of a pair."""

Answer = str | tuple[str | None, ...] | None
"""A label, or the tags of words; None where the model abstained, or never saw a word."""


class Answered(Protocol):
    """One example with its answer, as `xlt_cli.problems.Prediction` has them."""

    @property
    def gold(self) -> Answer: ...

    @property
    def predicted(self) -> Answer: ...

    @property
    def radius(self) -> float | None: ...
