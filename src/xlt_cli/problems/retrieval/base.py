"""What the problems of retrieval share: inputs, vectors, the loss, and the pool of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from xlt_cli.api import (
    Batch,
    Encoded,
    Example,
    Feature,
    Head,
    Problem,
    TaskFacts,
    Template,
)
from xlt_cli.errors import DataError
from xlt_cli.problems.pieces import pieces_of
from xlt_cli.problems.retrieval.contrast import IGNORED, NEGATIVE, POSITIVE, QUERY, info_nce
from xlt_cli.problems.retrieval.examples import RetrievalExample, unfound
from xlt_cli.problems.retrieval.settings import SHAPE, RetrievalSettings

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase

Pieces = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text of an example; its key is None for the query."""

    pieces: Pieces
    language: str
    key: str | None = None


@dataclass(frozen=True)
class Cell:
    """The queries of a cell, and the pool that they are searched in.

    Attributes:
        asked: which of the examples each query belongs to.
        queries: their vectors, [N, H].
        keys: of the candidates.
        pool: their vectors, [M, H].
        golds: the places in the pool of the right candidates of each query.
        texts: the tokens of each query, and of each candidate.
    """

    asked: list[int]
    queries: np.ndarray
    keys: list[str]
    pool: np.ndarray
    golds: list[list[int]]
    texts: tuple[list[Pieces], list[Pieces]]


class Retrieval(Problem):
    """Queries and candidates are inputs of their own; a head without weights makes vectors of them.

    The head is put on any model: an encoder that was trained on another task, or on none, can be
    tested as it is. The pool of a cell is the union of the candidates of all its examples.

    In training, the candidates of other queries in the batch are the negatives (`info_nce`). The
    loss of an example therefore depends on its batch: it grows with `batch_size`, and each part of
    a batch that is divided, by `accumulate` or between processes, has only its own negatives. Two
    stages are the same training only if these are the same as well.
    """

    example_type = RetrievalExample
    labelled = False
    grouped = True
    contrasts = True
    searches = True
    without_candidate: ClassVar[str] = "in no figure"
    """How queries count whose right candidates are not in the pool."""

    def __init__(
        self, labels: Sequence[str] = (), settings: RetrievalSettings | None = None
    ) -> None:
        super().__init__(labels)
        self.settings = settings or RetrievalSettings()

    @classmethod
    def of(cls, task: TaskFacts) -> Retrieval:
        return cls((), RetrievalSettings.of(task.params))

    @property
    def head(self) -> Head:
        s = self.settings
        return Head(SHAPE, (), over="states", has_weights=False, pooling=s.pooling, layer=s.layer)

    @property
    def scoring(self) -> str:
        return self.settings.described

    def check_example(self, example: Example) -> None:
        super().check_example(example)
        if fault := example.fault():
            raise DataError(fault, f"example '{example.id}'")

    def check_rows(self, examples: Sequence[Example], training: bool = False) -> None:
        rows = [example for example in examples if isinstance(example, RetrievalExample)]
        if training:
            if not any(row.has_pair for row in rows):
                raise DataError(
                    "no row has a query and a right candidate: there is nothing to train on",
                    hint="a row to train on has a right candidate of its query among its own",
                )
            return
        for row in unfound(rows):
            raise DataError(
                f"the right candidate '{row.relevant[0]}' of '{row.id}' is not among the "
                "candidates",
                hint="give it as a candidate of this row or another, with this `key`, or leave "
                "`relevant` empty",
            )

    def remark(self, examples: Sequence[Example]) -> str:
        lost = len(unfound(examples))
        if not lost:
            return ""
        asked = sum(bool(getattr(example, "relevant", ())) for example in examples)
        return (
            f"{lost:,} of {asked:,} queries have no right candidate among the rows that were read, "
            f"and count {self.without_candidate}"
        )

    def encode(
        self, examples: Sequence[RetrievalExample], tokenizer: PreTrainedTokenizerBase
    ) -> list[Encoded]:
        for example in examples:
            self.check_example(example)
        pieces = pieces_of(
            (
                text
                for e in examples
                for text in ([e.query] * bool(e.query) + [c.text for c in e.candidates])
            ),
            tokenizer,
        )
        made = []
        for e in examples:
            own = [_Text(pieces[e.query], e.languages[0])] if e.query else []
            own += [_Text(pieces[c.text], c.language, c.key) for c in e.candidates]
            made.append(Encoded(e.id, (own[0].pieces,), e.languages, e.relevant, data=tuple(own)))
        return made

    def features(
        self, encoded: Encoded, template: Template, max_length: int, windows: bool = True
    ) -> list[Feature]:
        """The query, then the candidates; each is cut off at `max_length`."""
        texts: tuple[_Text, ...] = encoded.data
        kinds = _kinds([text.key for text in texts], encoded.gold)
        features = []
        for number, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
            layout = template.lay_out((text.pieces,), max_length)
            made = Feature.of(encoded, layout, kind, goes_on=number > 0, data=text)
            features.append(replace(made, languages=(text.language,)))
        return features

    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        return info_nce(logits, batch, self.settings.temperature)

    def size(self, feature: Feature) -> int:
        return int(feature.target == QUERY)

    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Any]:
        """The vector of each input, in 32 bits."""
        return list(logits.float().cpu().numpy())

    def cell(self, kept: Sequence[Any], features: Sequence[Feature]) -> Cell:
        """The queries and the pool of a cell.

        Raises:
            DataError: two candidates have one key.
        """
        import numpy as np

        texts: dict[str, Pieces] = {}
        pool, queries, asked, relevant, of_queries = [], [], [], [], []
        example = -1
        for feature, vector in zip(features, kept, strict=True):
            example += not feature.goes_on
            text: _Text = feature.data
            if text.key is None:
                asked.append(example)
                queries.append(vector)
                relevant.append(feature.gold)
                of_queries.append(text.pieces)
            elif text.key not in texts:
                texts[text.key] = text.pieces
                pool.append(vector)
            elif texts[text.key] != text.pieces:
                raise DataError(
                    f"two candidates have the key '{text.key}'",
                    f"example '{feature.id}' ({text.language})",
                    "give each text of the pool a key of its own",
                )
        places = {key: place for place, key in enumerate(texts)}
        golds = [[places[key] for key in keys if key in places] for keys in relevant]
        width = len(kept[0]) if len(kept) else 0
        return Cell(
            asked,
            np.array(queries, dtype=np.float32).reshape(-1, width),
            list(texts),
            np.array(pool, dtype=np.float32).reshape(-1, width),
            golds,
            (of_queries, list(texts.values())),
        )


def _kinds(keys: Sequence[str | None], relevant: Sequence[str]) -> list[int]:
    """What the inputs of an example are in training."""
    trained = next((key for key in keys if key in relevant), None) if None in keys else None
    kinds = []
    for key in keys:
        if key is None:
            kinds.append(IGNORED if trained is None else QUERY)
        elif key == trained:
            kinds.append(POSITIVE)
        else:
            kinds.append(IGNORED if key in relevant else NEGATIVE)
    return kinds
