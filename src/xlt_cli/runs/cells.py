"""What an evaluation is made of: cells."""

from __future__ import annotations

from typing import NamedTuple

Pair = tuple[str, str]
"""Languages of the first and of the second text; equal in the standard setting."""


class Cell(NamedTuple):
    """The unit that is predicted, stored, resumed and resampled: languages under a condition.

    Attributes:
        languages: of the first and of the second text; equal in the standard setting.
        condition: the key of the condition; empty for the evaluation's own, which is `clean`
            unless its spec has the field of the condition that is older than conditions.
    """

    languages: Pair
    condition: str = ""

    @property
    def is_standard(self) -> bool:
        """Whether both texts are in one language."""
        return self.languages[0] == self.languages[1]
