"""What a run's last stage was selected by: its step, and that step's score on dev."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec_file import build_task


@dataclass(frozen=True)
class Selected:
    """A step of a run's last stage, and how well it does on dev.

    Attributes:
        score: the task's metric, a mean over the languages.
        step: the one whose model goes on.
        steps: all that were made.
        oracle: whether it was chosen on languages that the stage did not train on.
    """

    task: str
    split: str
    languages: list[str]
    metric: str
    score: float
    step: int
    steps: int
    oracle: bool


def selected(run: Run, spec: ExperimentSpec) -> Selected | None:
    """What the run's files say of its last stage; None if it is unfinished or has no dev."""
    last = len(spec.stages) - 1
    stage, result = spec.stages[last], atomic.read_json(run.stage(last) / "result.json")
    if result is None or stage.dev is None:
        return None
    metric, step = build_task(stage.task).metric, result["selected_step"]
    # result.json has the best score, which is another step's under `select: last`. The mean of the
    # weights has a record of its own, at the last step.
    averaged = stage.select == "average"
    scores = [
        record[metric]
        for record in atomic.read_lines(run.metrics)
        if (record["kind"], record["stage"], record["step"]) == ("dev", last, step)
        and ("averaged" in record) == averaged
    ]
    if not scores:
        return None
    return Selected(
        stage.task.name,
        stage.dev.split,
        result["dev_languages"],
        metric,
        statistics.fmean(scores),
        step,
        result["steps"],
        result["oracle"],
    )
