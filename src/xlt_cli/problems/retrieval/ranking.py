"""Sentence retrieval and answer retrieval: the candidates of each query, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xlt_cli.api import Feature, Metric, Prediction
from xlt_cli.problems.retrieval.base import Retrieval
from xlt_cli.problems.retrieval.nearest import average_precision, best, scored

if TYPE_CHECKING:
    import numpy as np

DEPTH = 20
"""Candidates that the average precision looks at, as in XTREME-R."""

Answer = tuple[tuple[str, ...], int, float]
NO_ANSWER: Answer = ((), 0, 0.0)
NOTHING: Answer = ((), 1, 1.0)
"""The right answer of an example without a query, or without a right candidate in the pool; it
counts in no metric."""


class Ranking(Retrieval):
    """An answer is the keys of the best candidates (as many as are right), the rank of the first
    right one, and the average precision."""

    def decode(
        self, kept: Sequence[Any], features: Sequence[Feature], tokenizer: Any
    ) -> list[Prediction]:
        """Right candidates that are not in the pool do not count; of equal scores, the candidate
        that stands first in the pool comes first."""
        ids = [feature.id for feature in features if not feature.goes_on]
        predictions = [Prediction(id_, NOTHING, NO_ANSWER) for id_ in ids]
        cell = self.cell(kept, features)
        if not cell.keys:
            return predictions
        settings = self.settings
        blocks = scored(cell.queries, cell.pool, settings.scoring, settings.neighbours)
        for start, scores in blocks:
            deepest = max([DEPTH, *map(len, cell.golds[start : start + len(scores)])])
            ranked = best(scores, deepest).tolist()
            for row, (own, first) in enumerate(zip(scores, ranked, strict=True), start=start):
                right = cell.golds[row]
                if not right:
                    continue
                example, keys = cell.asked[row], cell.keys
                predictions[example] = Prediction(
                    ids[example],
                    (tuple(keys[place] for place in right), 1, 1.0),
                    (
                        tuple(keys[place] for place in first[: len(right)]),
                        _rank(own, right),
                        round(average_precision(first, set(right), DEPTH), 6),
                    ),
                )
        return predictions

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Whether the first is right, one over the rank, the average precision, and 1."""
        import numpy as np

        rows = []
        for prediction in predictions:
            right = prediction.gold[0]
            keys, rank, precision = prediction.predicted or NO_ANSWER
            first = bool(set(keys[:1]) & set(right))
            rows.append((first, rank and 1 / rank, precision, 1) if right else (0, 0, 0, 0))
        return np.array(rows, dtype=np.float64).reshape(-1, 4)

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        import numpy as np

        first, reciprocal, precision, count = np.moveaxis(np.asarray(sums), -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            every = {
                "accuracy": first / count,
                "mrr": reciprocal / count,
                "map_at_20": precision / count,
            }
        return {name: every[name] for name in self.metric_names}


class SentenceRetrieval(Ranking):
    """The sentence of the pool that is nearest to each query; accuracy, and the mean reciprocal
    rank of the first right candidate."""

    api_version = 1
    name = "sentence-retrieval"
    summary = "the translation of a sentence among many, by the nearness of vectors"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return Metric("accuracy"), Metric("mrr")


class AnswerRetrieval(Ranking):
    """The candidates that answer a question, one or many; mean average precision of the first 20
    (as XTREME-R scores LAReQA), mean reciprocal rank, and accuracy of the first."""

    api_version = 1
    name = "answer-retrieval"
    summary = "the answers to a question among many texts, by the nearness of vectors"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return Metric("map_at_20"), Metric("mrr"), Metric("accuracy")


def _rank(scores: np.ndarray, right: Sequence[int]) -> int:
    """The rank of the best of the right candidates, from 1."""
    import numpy as np

    place = max(right, key=lambda one: (scores[one], -one))
    above = int(np.count_nonzero(scores > scores[place]))
    return 1 + above + int(np.count_nonzero(scores[:place] == scores[place]))
