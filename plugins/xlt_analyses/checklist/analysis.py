"""The plugin `checklist`: answers to the rows of behavioural tests."""

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
    Prediction,
    PredictionAnalysis,
    Record,
)
from xlt_cli.api.reports import Report
from xlt_tasks.checklist.cases import CHANGED
from xlt_tasks.checklist.task import CheckList as Tests
from xlt_tasks.checklist.templates import Test


class CheckList(PredictionAnalysis):
    """Which behavioural tests does a model fail?

    Reads the stored predictions for the task `checklist`: the share of cases that fail, by
    capability and language, with intervals, and some of the cases. A case of minimum functionality
    fails if the answer is not the label; one of invariance if a change changes the answer; one of a
    directional expectation if a change moves the probability of a label in the other direction.

    No model is loaded. `xlt eval RUN --task checklist` makes the predictions.
    """

    api_version = 1
    name = "checklist"
    summary = "failure rates of behavioural tests by capability and language"
    reference = "Ribeiro et al. 2020, Beyond Accuracy: Behavioral Testing (ACL)"
    keeps = False  # predictions are stored already
    reporting = ("shown",)

    class Params(PluginParams):
        shown: int = Field(
            2, ge=0, description="Number of failures of each test that are printed with texts."
        )

    params: Params

    def prepare(self, runs: Sequence[AnalysedRun]) -> Sequence[Pass]:
        for run in runs:
            if not isinstance(run.task, Tests):
                raise DataError(
                    f"the rows of '{run.task.name}' are no behavioural tests",
                    str(run.path),
                    "make predictions with `xlt eval RUN --task checklist`, then analyze them with "
                    "`xlt analyze checklist RUN --task checklist`",
                )
        names = [run.name for run in runs]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise DataError(
                f"two runs have the name '{twice[0]}'; each run has tables of its own",
                "xlt analyze checklist",
                "give them different names",
            )
        return super().prepare(runs)

    def measure(self, rows: PredictedRows) -> Sequence[Record]:
        task: Any = rows.run.task
        tests = {test.name: test for test in task.templates.tests}
        records: list[Record] = []
        for example, prediction in zip(rows.examples, rows.predictions, strict=True):
            test = tests[example.id.partition("/")[0]]
            records.append(
                {
                    "id": example.id,
                    "test": test.name,
                    "capability": test.capability,
                    "type": test.type,
                    "changed": example.id.endswith(CHANGED),
                    "gold": prediction.gold,
                    "predicted": prediction.predicted,
                    "texts": [text.content for text in example.editable()],
                    **_expected(rows.run, test, prediction),
                }
            )
        return records

    def report(self, measured: Measured) -> Report:
        from xlt_analyses.checklist.tables import report

        return report(measured, self.params.shown)


def _expected(run: AnalysedRun, test: Test, prediction: Prediction) -> dict[str, Any]:
    """What a directional expectation looks at; empty for other tests.

    Raises:
        DataError: the model's answers have no probability of the label.
    """
    if test.expect is None:
        return {}
    label = test.expect.label
    if label not in run.problem.ids or not prediction.probabilities:
        raise DataError(
            f"the test '{test.name}' needs the probability of '{label}', which the stored "
            "predictions do not have",
            str(run.path),
            "leave the test out of the templates",
        )
    return {
        "expect": test.expect.model_dump(mode="json"),
        "probability": prediction.probabilities[run.problem.ids[label]],
    }
