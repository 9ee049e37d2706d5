"""The plugin `errors`: answers to rows, with their labels and texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from xlt_cli.api import (
    AnalysedRun,
    DataError,
    Measured,
    Pass,
    PluginParams,
    PredictedRows,
    PredictionAnalysis,
    Record,
)
from xlt_cli.api.reports import Report


class Errors(PredictionAnalysis):
    """What does a model take for what, and which rows does a second run get right or wrong instead?

    Reads the stored predictions of one run, or of two: confusions and scores of each class by
    language; of one run, wrong answers with their texts; of two, the rows that flip between them,
    with McNemar's exact test.

    No model is loaded. `xlt eval RUN` makes predictions that are not stored yet.
    """

    api_version = 1
    name = "errors"
    summary = "confusions of labels by language, and the rows that change between two runs"
    keeps = False  # predictions are stored already
    reporting = ("shown",)

    class Params(PluginParams):
        shown: int = Field(
            5,
            ge=0,
            description="Number of rows of each language that are printed with their texts.",
        )

    params: Params

    def prepare(self, runs: Sequence[AnalysedRun]) -> Sequence[Pass]:
        if len(runs) > 2:
            raise DataError(
                f"{len(runs)} runs are given; errors are shown for one run, or compared "
                "between two",
                "xlt analyze errors",
                "give one or two runs",
            )
        if len(runs) == 2 and runs[0].name == runs[1].name:
            raise DataError(
                f"both runs have the name '{runs[0].name}'; errors are compared between runs, "
                "not over seeds",
                "xlt analyze errors",
                "give them different names",
            )
        for run in runs:
            if not run.problem.labels:
                raise _without_labels(run)
        return super().prepare(runs)

    def measure(self, rows: PredictedRows) -> Sequence[Record]:
        return [
            {
                "id": prediction.id,
                "gold": _labels(rows.run, prediction.gold),
                "predicted": prediction.predicted,
                "texts": [
                    text.content if text.words is None else " ".join(text.words)
                    for text in example.editable()
                ],
            }
            for example, prediction in zip(rows.examples, rows.predictions, strict=True)
        ]

    def report(self, measured: Measured) -> Report:
        from xlt_analyses.errors.tables import report

        return report(measured, self.params.shown)


def _labels(run: AnalysedRun, gold: Any) -> Any:
    """The label of a row, or the tags of its words.

    Raises:
        DataError: it is none of the task's labels.
    """
    parts = gold if isinstance(gold, tuple | list) else [gold]
    if not all(isinstance(part, str) and part in run.problem.labels for part in parts):
        raise _without_labels(run)
    return gold


def _without_labels(run: AnalysedRun) -> DataError:
    return DataError(
        f"the rows of '{run.task.name}' have no labels, so that there are no confusions",
        str(run.path),
        "errors are shown for tasks with a set of labels for texts or words",
    )
