"""The rows of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class SequenceExample:
    """One row of a sequence-classification task.

    Attributes:
        id: the row's identity within its split. In an aligned task the same id is the same item
            in every language.
        texts: one text, or the two texts of a pair.
        label: one of the task's labels.
        languages: the language of each text.
    """

    id: str
    texts: tuple[str, ...]
    label: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenExample:
    """One sentence of a token-labelling task: its words and a tag for each of them."""

    id: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    languages: tuple[str, ...]


Example = SequenceExample | TokenExample


@dataclass(frozen=True)
class Rows:
    """What `Task.load` returns: the examples of one split in one language, and where they are from.

    Attributes:
        examples: in the source's order.
        source: the file's path, or `repository@commit` for the hub.
        notes: what a reader of the results must know, e.g. rows left out and why.
    """

    examples: tuple[Example, ...]
    source: str
    notes: tuple[str, ...] = ()
