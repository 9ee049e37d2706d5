"""A stage of a run: whatever it needs is put together here, and trained."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from xlt_cli.api import Encoder, EncoderModel
from xlt_cli.compute.importing import uncollected
from xlt_cli.compute.runtime import Runtime
from xlt_cli.compute.seeding import derive
from xlt_cli.console.progress import Reporter
from xlt_cli.data.batches import collate
from xlt_cli.data.feature_cache import FeatureCache
from xlt_cli.data.features import Featuriser
from xlt_cli.data.rows import RowStore
from xlt_cli.data.training_rows import TrainingRows, training_rows
from xlt_cli.errors import UserError
from xlt_cli.models import adapters
from xlt_cli.models.encoder_languages import check_languages
from xlt_cli.models.opening import check_training
from xlt_cli.models.placing import on_device
from xlt_cli.models.segments import of_stage
from xlt_cli.models.trained_parts import about_head, prepare
from xlt_cli.problems import Feature, Problem
from xlt_cli.registry.guard import problem_of
from xlt_cli.reports.scorer import Scorer
from xlt_cli.runs import provenance
from xlt_cli.runs import stage as stages
from xlt_cli.runs.directory import Run
from xlt_cli.spec import ResolvedExperiment, ResolvedStage
from xlt_cli.training import checkpoints, criterion
from xlt_cli.training.epochs import Epochs, SeveralEpochs
from xlt_cli.training.heads import further_rows, other_head, own_rows, sampling_of
from xlt_cli.training.left import Left
from xlt_cli.training.loop import Parts, StageTrainer
from xlt_cli.training.noise import Noise
from xlt_cli.training.sampling import Sampling
from xlt_cli.training.stream import Stream
from xlt_cli.training.words import remember_way, trained_words


def finished_stage(stage: Path) -> dict[str, Any] | None:
    """A stage's result, if the stage has one and its model is whole, or was pruned."""
    result = stages.result_of(stage)
    return result if result and not stages.fault(stage) else None


def train_stage(
    run: Run,
    experiment: ResolvedExperiment,
    index: int,
    rows: RowStore,
    runtime: Runtime,
    reporter: Reporter,
) -> Left | None:
    """Trains a stage, from its last checkpoint if it has one, unless it is finished.

    Returns:
        The model that it has published, where that is still in memory.
    """
    directory, stage = run.stage(index), experiment.stages[index]
    spec, encoder, task = stage.spec, experiment.encoder, stage.task
    finished = finished_stage(directory)
    parent = provenance.weights_hash(stages.model_of(run.stage(index - 1))) if index else ""
    if finished:
        reporter.say(f"stage {index + 1} ({finished['task']}): done before, {finished['rule']}")
        _say_other_parent(finished.get("parent", ""), parent, index, reporter)
        return None
    problem = problem_of(task)
    noise = Noise.of(stage.perturbations)
    restored = checkpoints.latest(directory, reporter.warn)
    if (directory / "result.json").exists():
        wrong = stages.fault(directory)
        reporter.warn(
            f"the model of stage {index + 1} is damaged or missing ({wrong}); the stage is "
            "trained again"
        )
    if restored:
        _say_other_parent(restored[1].parent, parent, index, reporter)
        reporter.say(f"stage {index + 1} ({task.name}): continues from step {restored[1].step}")
    torch.manual_seed(derive(run.seed, "stage", index, "head"))
    # The classes of an architecture are a third of what libraries import.
    with uncollected():
        tokenizer, model = _initial_model(run, experiment, index, problem, restored, reporter)
    check_languages(model, experiment)
    if restored is None:
        after = [stage.spec for stage in experiment.stages[index:]]
        drawn = derive(run.seed, "stage", index, "adapter")
        said = adapters.begin(model, after, encoder.name, drawn)
        if said:
            reporter.say(f"stage {index + 1}: {said}")
    prepare(model, spec, encoder.name)
    partly = "" if spec.adapter else _trained_part(model, encoder)
    if partly:
        reporter.say(f"stage {index + 1}: {partly}")
    _check_room(run, model, averaged=spec.select == "average")
    cache = FeatureCache.of_user(reporter.warn)
    before = stages.model_of(run.stage(index - 1)) if index else None
    segments = of_stage(directory, before, restored is not None, runtime.is_main)
    featuriser = Featuriser(problem, tokenizer, experiment.spec.max_length, cache, segments)
    chosen = training_rows(stage, rows, run.seed)
    if chosen.excluded:
        left = len(chosen.examples)
        reporter.say(
            f"stage {index + 1} ({task.name}): {chosen.excluded:,} rows are excluded, "
            f"{left:,} are trained on"
        )
    trained = index > 0 or restored is not None
    further = further_rows(stage, chosen)
    main = own_rows(chosen, further)
    check_training(encoder, model, featuriser, main.by_language, trained)
    examples = main.examples
    if runtime.is_main:
        remember_way(run, index, featuriser, goes_on=restored is not None)
    words = trained_words(featuriser, examples)
    if words and words["words"]["cut_off"]:
        reporter.warn(
            f"stage {index + 1} ({task.name}): {words['words']['cut_off']:,} of "
            f"{words['words']['of_training_rows']:,} words are cut off at max_length "
            f"{experiment.spec.max_length} and not trained on"
        )
    seed = f"{run.seed}/stage/{index}"
    sampling = _sampling(stage, chosen, seed)
    epochs = Epochs(examples, featuriser, seed, noise, sampling_of(main, chosen, sampling))
    others, every = [], [epochs]
    for number, one in enumerate(further, start=1):
        of_head, rows_of_head = replace(featuriser, problem=problem_of(one.task)), one.rows.examples
        taken = sampling_of(one.rows, chosen, sampling)
        every.append(Epochs(rows_of_head, of_head, seed, noise, taken, number))
        probe = collate(of_head.features(rows_of_head[:1]), of_head.problem, 0)
        others.append(other_head(model, encoder, of_head.problem, one.name, probe, seed))
        said = f"'{one.name}' has a head of its own, {len(rows_of_head):,} rows"
        reporter.say(f"stage {index + 1}: {said}")
    stream = Stream(
        SeveralEpochs(every) if further else epochs, spec.batch_size, seed, problem.grouped
    )
    rows_of = epochs.clean_features
    problem.criterion = criterion.criterion_of(spec, problem, rows_of, runtime.device)
    weights = criterion.described(problem.criterion, problem)
    if weights:
        reporter.say(f"stage {index + 1}: {weights}")
    until_now = [p for s in experiment.stages[: index + 1] for p, _ in s.perturbations]
    caveats = [p.caveat for p in (encoder, *until_now) if p.caveat]

    def merged(source: Path | EncoderModel) -> EncoderModel:
        if isinstance(source, Path):
            source = encoder.load_model(problem.head, source / "model")
        return adapters.merge(source)

    adapter = adapters.about(model)
    parts = Parts(
        about={
            "encoder": encoder.name,
            "run": run.name,
            "caveats": list(dict.fromkeys(caveats)),
            "segments": segments,
        },
        task=task,
        problem=problem,
        scorer=_scorer(stage, problem),
        tokenizer=tokenizer,
        pad_id=featuriser.template.pad_id,
        model=model if runtime.sharded else on_device(model, runtime),  # each part goes there
        noise=noise,
        stream=stream,
        dev=_dev_features(stage, rows, featuriser),
        restored=restored,
        words=words,
        parent=parent,
        adapter=adapter,
        others=others,
        merged=merged if spec.adapter is not None and spec.adapter.after == "merge" else None,
    )
    return StageTrainer(run, index, spec, parts, runtime, reporter).train()


def _trained_part(model: EncoderModel, encoder: Encoder) -> str:
    """How much of a model is trained, and the encoder's settings; empty where all of it is."""
    assert isinstance(model, torch.nn.Module)
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    trained, all_of_it = sum(n for n, grad in sizes if grad), sum(n for n, _ in sizes)
    if trained == all_of_it:
        return ""
    settings = encoder.params.model_dump(mode="json", exclude_defaults=True)
    given = ", ".join(f"{name}: {_plain(value)}" for name, value in settings.items())
    with_settings = f"{encoder.name} ({given})" if given else encoder.name
    return (
        f"trains {trained:,} of the {all_of_it:,} parameters of {with_settings}; the others "
        "stay as they are"
    )


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scorer(stage: ResolvedStage, problem: Problem) -> Scorer:
    if stage.dev is None:
        return Scorer(problem, stage.task.metric)
    return Scorer(problem, stage.dev.metrics.main, stage.dev.metrics.extra)


def _sampling(stage: ResolvedStage, chosen: TrainingRows, seed: str) -> Sampling | None:
    if stage.spec.temperature == 1:
        return None
    sizes = tuple(len(group.examples) for group in chosen.groups)
    return Sampling(sizes, stage.spec.temperature, seed)


def _say_other_parent(began_with: str, there: str, index: int, reporter: Reporter) -> None:
    """Says that the stage before was trained again, and to another end than before."""
    if began_with and began_with != there:
        reporter.warn(
            f"stage {index + 1} started from another model of stage {index} than the present "
            f"one (which was trained again, perhaps on other hardware): {began_with[:12]} "
            f"then, {there[:12]} now; the results of stage {index + 1} are kept and belong to "
            "the former model"
        )


def _initial_model(
    run: Run,
    experiment: ResolvedExperiment,
    index: int,
    problem: Problem,
    restored: tuple[Path, Any] | None,
    reporter: Reporter,
) -> tuple[PreTrainedTokenizerBase, EncoderModel]:
    """From the checkpoint, from the stage before, or pretrained."""
    encoder = experiment.encoder
    if restored:
        model = encoder.load_model(problem.head, restored[0] / "model")
        return encoder.load_tokenizer(), model
    if index == 0:
        model = encoder.load_model(problem.head)
        if about_head(model):
            reporter.say(f"stage 1: begins with {about_head(model)}")
        return encoder.load_tokenizer(), model
    before = experiment.stages[index - 1].task
    same = problem_of(before).head == problem.head
    checkpoint = run.stage(index - 1) / "model"
    model = encoder.load_model(problem.head, checkpoint, new_head=not same)
    whence = f"the model of stage {index} with {about_head(model) or 'a new head'}"
    if same:
        whence = f"the model and the head of stage {index} (the labels are the same)"
    reporter.say(f"stage {index + 1}: starts from {whence}")
    return encoder.load_tokenizer(), model


def _dev_features(
    stage: ResolvedStage, rows: RowStore, featuriser: Featuriser
) -> dict[str, list[Feature]]:
    dev = stage.dev
    if dev is None:
        return {}
    return {
        language: featuriser.windows(rows.load(stage.task, dev.split, language, dev.limit))
        for language in dev.languages
    }


def _check_room(run: Run, model: EncoderModel, averaged: bool) -> None:
    """Refuses to begin what would end with a full disk: two checkpoints must fit.

    A checkpoint has the weights, AdamW's two moments and, where it is asked for, their average.
    """
    assert isinstance(model, torch.nn.Module)
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    needed = 2 * (size * (1 + averaged) + 2 * trained)
    free = shutil.disk_usage(run.path).free
    if free < needed:
        raise UserError(
            f"the disk is too full: checkpoints need {needed / 2**20:,.0f} MiB, "
            f"{free / 2**20:,.0f} MiB are free",
            str(run.path),
            "free some space, or choose another place with --runs-dir",
        )
