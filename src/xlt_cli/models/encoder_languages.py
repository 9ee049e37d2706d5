"""Languages that an encoder cannot be told: refused before training rather than when tested."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from xlt_cli.api import EncoderModel, Task
from xlt_cli.spec import ResolvedExperiment
from xlt_cli.spec.seen_languages import seen_by


def check_languages(model: EncoderModel, experiment: ResolvedExperiment) -> None:
    """Asks each module of a model that has `check_languages` about all languages of an experiment.

    Raises:
        UserError: a module has nothing for one of them.
    """
    assert isinstance(model, torch.nn.Module)
    checks = [getattr(module, "check_languages", None) for module in model.modules()]
    if any(checks):
        languages = sorted(_languages(experiment))
        for check in filter(callable, checks):
            check(languages)


def _languages(experiment: ResolvedExperiment) -> set[str]:
    """The languages that an experiment trains on, selects on and tests in."""
    languages: set[str] = set()
    for stage in experiment.stages:
        languages |= {
            *seen_by(stage),
            *_of_rows(stage.task, stage.dev.languages if stage.dev else ()),
        }
    for evaluation in experiment.evaluations:
        spec = evaluation.spec
        tested = spec.languages or evaluation.task.languages(spec.split)
        languages |= _of_rows(evaluation.task, tested)
    return languages


def _of_rows(task: Task, languages: Sequence[str]) -> set[str]:
    """The languages of the texts of rows in some languages."""
    return {*languages, *(code for named in languages for code in task.row_languages(named))}
