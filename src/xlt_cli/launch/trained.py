"""What evaluation has to know of a run's training, and the model that the run ended with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from xlt_cli.api import Encoder, EncoderModel, Plugin, Task
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import UserError
from xlt_cli.evaluation import held_out
from xlt_cli.evaluation.loaded_once import LoadedOnce
from xlt_cli.evaluation.subject import Subject
from xlt_cli.models.segments import of_model
from xlt_cli.problems import Problem
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.stage import model_of
from xlt_cli.spec import ExperimentSpec, ResolvedExperiment, ResolvedStage, Stage
from xlt_cli.spec.building import build_encoder, build_perturbation
from xlt_cli.spec.seen_languages import trained_languages
from xlt_cli.spec.stage_resolution import reopen_stage
from xlt_cli.training.words import warn_of_other_way


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


def trained_subject(run: Run, trained: Trained, rows: RowStore, runtime: Runtime) -> Subject:
    """The model that the run ended with, to be tested."""
    encoder = trained.encoder

    def load(problem: Problem) -> tuple[PreTrainedTokenizerBase, EncoderModel]:
        model = encoder.load_model(problem.head, run.model)
        tokenizer = encoder.load_tokenizer(run.model)
        last = atomic.read_json(run.stage(len(trained.stages) - 1) / "result.json") or {}
        warn_of_other_way(last, problem, tokenizer)
        return tokenizer, model

    def outputs() -> tuple[str, ...]:
        return encoder.checkpoint_labels(run.model) or trained.task.labels

    return Subject(
        LoadedOnce(load),
        lambda: encoder.load_tokenizer(run.model),
        held_out.used(run, trained.stages, rows),
        trained.languages,
        trained.caveats,
        trained.max_length,
        run.weights,
        encoder,
        of_model(model_of(run.stage(len(trained.stages) - 1)), ours=True),
        outputs,
    )


def _reopened(stage: Stage) -> ResolvedStage | None:
    try:
        return reopen_stage(stage)
    except UserError:  # a plugin is gone, or its parameters have changed
        return None
