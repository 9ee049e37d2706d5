"""Languages that an encoder cannot be told: refused before training rather than when tested."""

from __future__ import annotations

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.resolution import build_task


def check_languages(model: EncoderModel, spec: ExperimentSpec) -> None:
    """Asks each module of a model that has `check_languages` about all languages of a spec.

    Raises:
        UserError: a module has nothing for one of them.
    """
    assert isinstance(model, torch.nn.Module)
    checks = [getattr(module, "check_languages", None) for module in model.modules()]
    if any(checks):
        languages = sorted(_languages(spec))
        for check in filter(callable, checks):
            check(languages)


def _languages(spec: ExperimentSpec) -> set[str]:
    """The languages that a spec trains on, selects on and tests in."""
    languages: set[str] = set()
    for stage in spec.stages:
        languages |= {*(stage.languages or []), *((stage.dev and stage.dev.languages) or [])}
    for evaluation in spec.evaluations:
        assert evaluation.task is not None
        tested = evaluation.languages or build_task(evaluation.task).languages(evaluation.split)
        languages |= set(tested)
    return languages
