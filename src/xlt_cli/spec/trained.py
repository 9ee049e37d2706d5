"""The training of a run, at work or as its record states it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlt_cli.api import Encoder, Plugin, Task
from xlt_cli.errors import UserError
from xlt_cli.spec.building import build_encoder, build_perturbation
from xlt_cli.spec.experiment import ResolvedExperiment, ResolvedStage
from xlt_cli.spec.seen_languages import trained_languages
from xlt_cli.spec.stage import Stage
from xlt_cli.spec.stage_resolution import reopen_stage
from xlt_cli.spec.written import ExperimentSpec


@dataclass(frozen=True)
class Trained:
    """The training of a run.

    Attributes:
        stages: as they are written and resolved; None where the plugins of an earlier stage cannot
            be built any more, which leaves the model as it is.
        task: that of the last stage.
        caveats: what must be said beside the model's results.
    """

    encoder: Encoder
    stages: Sequence[tuple[Stage, ResolvedStage | None]]
    task: Task
    caveats: tuple[str, ...]
    max_length: int

    @classmethod
    def of(cls, experiment: ResolvedExperiment) -> Trained:
        """The training of an experiment that is at work."""
        plugins = (experiment.encoder, *experiment.perturbations)
        return cls(
            experiment.encoder,
            [(stage.spec, stage) for stage in experiment.stages],
            experiment.stages[-1].task,
            tuple(dict.fromkeys(plugin.caveat for plugin in plugins if plugin.caveat)),
            experiment.spec.max_length,
        )

    @classmethod
    def stored(cls, spec: ExperimentSpec) -> Trained:
        """The training that a run's record states.

        Raises:
            PluginError: the plugin of its encoder, its last task or a perturbation is gone, or does
                not take parameters that it once took.
        """
        *earlier, written = spec.stages
        last, encoder = reopen_stage(written), build_encoder(spec.encoder)
        stages = [*((stage, _reopened(stage)) for stage in earlier), (written, last)]
        plugins: list[Plugin] = [encoder]
        for stage, resolved in stages:
            if resolved is None:
                plugins += map(build_perturbation, stage.perturbation)
            else:
                plugins += (perturbation for perturbation, _ in resolved.perturbations)
        return cls(
            encoder,
            stages,
            last.task,
            tuple(dict.fromkeys(plugin.caveat for plugin in plugins if plugin.caveat)),
            spec.max_length,
        )

    @property
    def languages(self) -> set[str]:
        """The languages of all stages, as their files have them."""
        return {language for stage, _ in self.stages for language in trained_languages(stage)}


def _reopened(stage: Stage) -> ResolvedStage | None:
    try:
        return reopen_stage(stage)
    except UserError:  # a plugin is gone, or its parameters have changed
        return None
