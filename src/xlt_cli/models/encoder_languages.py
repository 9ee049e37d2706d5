"""Languages that an encoder cannot be told: refused before training rather than when tested."""

from __future__ import annotations

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.spec import ResolvedExperiment


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
        languages |= {*stage.languages, *(stage.dev.languages if stage.dev else ())}
    for evaluation in experiment.evaluations:
        spec = evaluation.spec
        tested = spec.languages or evaluation.task.languages(spec.split)
        languages |= set(tested)
    return languages
