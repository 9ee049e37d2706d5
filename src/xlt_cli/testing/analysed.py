"""A run of a tiny model as an analysis sees it, and its records as the runner has them measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from xlt_cli.api import (
    AnalysedRun,
    Analysis,
    EncoderModel,
    Measured,
    MeasuredRun,
    ModelAnalysis,
    ModelRows,
    Pass,
    PredictedRows,
    PredictionAnalysis,
    Record,
    Split,
    Task,
)
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.problems import Feature, Prediction
from xlt_cli.testing import tokenizers
from xlt_cli.testing.tiny_model import tiny_model

MAX_LENGTH = 48
SPLIT: Split = "dev"


@dataclass
class Analysed:
    """A run with a tiny model that was trained on no data.

    Attributes:
        name: what tables call it.
    """

    task: Task
    name: str = "tiny"

    @cached_property
    def model(self) -> EncoderModel:
        """In evaluation mode; its parameters ask for no gradients."""
        model: Any = tiny_model(len(tokenizers.shared()), self.view.problem.head)
        return model.requires_grad_(False)  # type: ignore[no-any-return]

    @cached_property
    def view(self) -> AnalysedRun:
        """The run and its rows."""
        problem = self.task.problem.of(self.task)
        rows = {
            language: {e.id: e for e in self.task.load(SPLIT, language).examples}
            for language in self.task.languages(SPLIT)
        }
        featuriser = Featuriser(problem, tokenizers.shared(), MAX_LENGTH)
        inputs = {
            language: {f.id: f for f in featuriser.features(list(own.values()))}
            for language, own in rows.items()
        }
        self._pad_id = featuriser.template.pad_id
        return AnalysedRun(
            self.name, Path(self.name), self.task, problem, SPLIT, self.task.source_language,
            (self.task.source_language,), self.task.aligned, "", rows, lambda code: inputs[code],
        )  # fmt: skip

    def measure(self, analysis: Analysis, each: Pass, ids: Sequence[str]) -> Sequence[Record]:
        """The records of some rows of a pass, as one batch."""
        language = each.language
        if isinstance(analysis, PredictionAnalysis):
            own = self.view.rows[language]
            examples = [own[i] for i in ids]
            said = self._predictions(language)
            told = [said[i] for i in ids]
            return analysis.measure(PredictedRows(self.view, language, ids, examples, told))
        assert isinstance(analysis, ModelAnalysis)
        batches = {
            code: collate(self._features(code, ids), self.view.problem, self._pad_id)
            for code in (language, *each.beside)
        }
        with torch.no_grad():
            return analysis.measure(self.model, ModelRows(self.view, language, ids, batches))

    def records(self, analysis: Analysis, size: int = 4) -> dict[str, list[Record]]:
        """The records of each pass, measured in batches of so many rows."""
        passes = analysis.prepare([self.view])
        return {each.language: list(self._measured(analysis, each, size)) for each in passes}

    def measured(self, analysis: Analysis, others: Mapping[str, Any] | None = None) -> Measured:
        """What a report is made from, as an archive gives it: of this run, and of others by name
        with its records."""
        records = json.loads(json.dumps(self.records(analysis)))
        about = {
            "task": self.task.name,
            "split": SPLIT,
            "limit": None,
            "source": self.task.source_language,
            "demonstration": False,
            "notes": [],
            **json.loads(json.dumps(dict(analysis.describe()))),
        }
        runs = {self.name: records, **(others or {})}
        return Measured(about, [MeasuredRun(n, n, 1, f"{n}-weights", r) for n, r in runs.items()])

    def _measured(self, analysis: Analysis, each: Pass, size: int) -> Iterator[Record]:
        for start in range(0, len(each.ids), size):
            yield from self.measure(analysis, each, each.ids[start : start + size])

    def _features(self, language: str, ids: Sequence[str]) -> list[Feature]:
        inputs = self.view.inputs(language)
        return [inputs[i] for i in ids]

    def _predictions(self, language: str) -> dict[str, Prediction]:
        features = list(self.view.inputs(language).values())
        problem, model = self.view.problem, self.model
        batch = collate(features, problem, self._pad_id)
        with torch.no_grad():
            kept = problem.predict(model.logits(model.embed(batch), batch), features)
        said = problem.decode(kept, features, tokenizers.shared())
        return {prediction.id: prediction for prediction in said}
