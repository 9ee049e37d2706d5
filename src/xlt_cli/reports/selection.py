"""What a run's last stage was selected by: its step, and that step's score on dev."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from xlt_cli.api import Split, Task
from xlt_cli.data.place import place
from xlt_cli.data.rows import task_key
from xlt_cli.errors import UserError
from xlt_cli.languages import among
from xlt_cli.registry.guard import problem_of
from xlt_cli.reports.scorer import Scorer
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.spec import ExperimentSpec, Stage
from xlt_cli.spec.building import build_task
from xlt_cli.spec.metrics import reopen_metrics
from xlt_cli.spec.seen_languages import trained_languages


@dataclass(frozen=True)
class Selected:
    """A step of a run's last stage, and how well it does on dev.

    Attributes:
        metric: the one that the step was selected by.
        score: its value, a mean over the languages.
        step: the one whose model goes on.
        steps: all that were made.
        oracle: whether it was chosen on languages that the stage did not train on.
        constant: whether it gives one answer to every row of the languages trained on; None for
            runs of an older version, which did not record it.
        place: where the dev data are from; empty for the task's usual place.
        lower_is_better: whether a lower score is the better one.
    """

    task: str
    split: str
    languages: list[str]
    metric: str
    score: float
    step: int
    steps: int
    oracle: bool
    constant: bool | None = None
    place: str = ""
    lower_is_better: bool = False

    def values(self) -> dict[str, Any]:
        """As values by name; the direction is stated only where lower is better."""
        stated = asdict(self)
        if not self.lower_is_better:
            del stated["lower_is_better"]
        return stated


def selected(run: Run, spec: ExperimentSpec) -> Selected | None:
    """What the run's files say of its last stage; None if it is unfinished or has no dev, or if the
    metric is not defined for the rows of dev."""
    last = len(spec.stages) - 1
    stage, result = spec.stages[last], atomic.read_json(run.stage(last) / "result.json")
    if result is None or stage.dev is None:
        return None
    task, step = build_task(stage.task), result["selected_step"]
    metrics = reopen_metrics(stage.dev, task)
    scorer = Scorer(problem_of(task), metrics.main, metrics.extra)
    # result.json has the best score, which is another step's under `select: last`.
    records = _records(run, last, stage, step)
    score = statistics.fmean(record[scorer.main] for record in records) if records else math.nan
    if not math.isfinite(score):
        return None
    return Selected(
        stage.task.name,
        stage.dev.split,
        result["dev_languages"],
        scorer.main,
        score,
        step,
        result["steps"],
        result["oracle"],
        _constant(records, stage),
        place(task, _sources(run, task, stage.dev.split, result["dev_languages"])),
        not scorer.main_metric.higher_is_better,
    )


def _sources(run: Run, task: Task, split: Split, languages: Sequence[str]) -> list[str]:
    """Where the rows of a split were read from, as far as the run says."""
    fingerprints = atomic.read_json(run.path / "fingerprints.json") or {}
    keys = [f"{task_key(task)}/{split}/{language}" for language in languages]
    return [fingerprints[key]["source"] for key in keys if key in fingerprints]


def one_answer_on_dev(run: Run) -> bool | None:
    """Whether a finished run gives one answer to every row of dev; None if it does not say."""
    if "spec" not in run.record:
        return None
    stages = run.spec.stages
    last = len(stages) - 1
    result = atomic.read_json(run.stage(last) / "result.json")
    if result is None:
        return None
    records = _records(run, last, stages[last], result["selected_step"])
    return _constant(records, stages[last]) if records else None


def _is_one_of(language: str, trained_on: Sequence[str]) -> bool:
    try:
        return among(language, trained_on)
    except UserError:  # of a version that took any code
        return False


def _records(run: Run, index: int, stage: Stage, step: int) -> list[dict[str, Any]]:
    """What was recorded on dev at a step, language by language.

    The mean of the weights has records of its own, at the last step.
    """
    averaged = stage.select == "average"
    return [
        record
        for record in run.curve
        if (record["kind"], record["stage"], record["step"]) == ("dev", index, step)
        and ("averaged" in record) == averaged
    ]


def _constant(records: Sequence[dict[str, Any]], stage: Stage) -> bool | None:
    """Whether all records say so; where languages trained on are among them, only those count."""
    seen = trained_languages(stage)
    own = [record for record in records if _is_one_of(record["language"], seen)]
    said = [record.get("constant") for record in own or records]
    return None if None in said else all(said)
