"""Bitext mining: which sentences of two collections are translations of each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xlt_cli.api import Feature, Metric, Prediction
from xlt_cli.problems.retrieval.base import Pieces, Retrieval
from xlt_cli.problems.retrieval.pairs import best_threshold, mined

if TYPE_CHECKING:
    import numpy as np

Answer = tuple[tuple[str, ...], float | None]
NONE: Answer = ((), None)


class BitextMining(Retrieval):
    """Pairs of translations whose score reaches a threshold; F1, precision and recall of the pairs,
    as XTREME scores BUCC.

    The queries are the sentences of one language, the pool those of the other; most of either have
    no translation. The threshold is a parameter of the task, or else the best one for its dev rows.
    Sentences that occur more than once in a collection belong to no pair.
    """

    api_version = 1
    name = "bitext-mining"
    summary = "the translations that two collections of sentences have in common"
    without_candidate = "as if they had none"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return Metric("f1"), Metric("precision"), Metric("recall")

    @property
    def scoring(self) -> str:
        stated = self.settings.threshold
        return super().scoring + ("" if stated is None else f", threshold {stated:g}")

    def decode(
        self, kept: Sequence[Any], features: Sequence[Feature], tokenizer: Any
    ) -> list[Prediction]:
        """An answer is the key of the candidate that a query is paired with, and the score."""
        ids = [feature.id for feature in features if not feature.goes_on]
        predictions = [Prediction(id_, NONE, NONE) for id_ in ids]
        cell = self.cell(kept, features)
        for query, example in enumerate(cell.asked):
            gold = tuple(cell.keys[place] for place in cell.golds[query])
            predictions[example] = Prediction(ids[example], (gold, None), NONE)
        queries, pool = map(_distinct, cell.texts)
        if queries and pool:
            settings = self.settings
            pairs = mined(
                cell.queries[list(queries)],
                cell.pool[list(pool)],
                settings.scoring,
                settings.neighbours,
            )
            of_query, of_pool = list(queries), list(pool)
            for one, other, score in pairs:
                query, place = of_query[one], of_pool[other]
                if queries[query] == pool[place] == 1:
                    example = cell.asked[query]
                    answer = ((cell.keys[place],), round(score, 6))
                    predictions[example] = replace(predictions[example], predicted=answer)
        stated = self.settings.threshold
        return predictions if stated is None else self.above(predictions, stated)

    @property
    def open_threshold(self) -> bool:
        return self.settings.threshold is None

    def best_threshold(self, predictions: Sequence[Prediction]) -> float:
        pairs = [p for p in predictions if p.predicted[0]]
        return best_threshold(
            [p.predicted[1] for p in pairs],
            [p.predicted[0][0] in p.gold[0] for p in pairs],
            sum(len(p.gold[0]) for p in predictions),
        )

    def above(self, predictions: Sequence[Prediction], threshold: float) -> list[Prediction]:
        return [
            p if not p.predicted[0] or p.predicted[1] >= threshold else replace(p, predicted=NONE)
            for p in predictions
        ]

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Right pairs, mined pairs, and pairs that there are."""
        import numpy as np

        rows = []
        for prediction in predictions:
            gold, (keys, _) = prediction.gold[0], prediction.predicted or NONE
            rows.append((len(set(gold) & set(keys)), len(keys), len(gold)))
        return np.array(rows, dtype=np.float64).reshape(-1, 3)

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """All are 0 where no pair is right."""
        import numpy as np

        right, mined_pairs, gold = np.moveaxis(np.asarray(sums), -1, 0)

        def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
            shares: np.ndarray = np.divide(part, whole, out=np.zeros_like(right), where=whole > 0)
            return shares

        return {
            "f1": share(2 * right, mined_pairs + gold),
            "precision": share(right, mined_pairs),
            "recall": share(right, gold),
        }


def _distinct(texts: Sequence[Pieces]) -> dict[int, int]:
    """The first place of each text, and how often the text occurs."""
    counts = Counter(texts)
    first: dict[Pieces, int] = {}
    for place, text in enumerate(texts):
        first.setdefault(text, place)
    return {place: counts[text] for text, place in first.items()}
