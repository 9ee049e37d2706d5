"""A whole run: preflight, stages, evaluations. Whatever is done already is not done again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from xlt_cli.api import (
    Encoder,
    EncoderModel,
    Example,
    Perturbation,
    Task,
    TextPerturbation,
)
from xlt_cli.console.progress import Reporter
from xlt_cli.data.rows import RowStore
from xlt_cli.data.template import Template
from xlt_cli.engine import checkpoints
from xlt_cli.engine.evaluate import Plan, Subject, evaluate, make_plan, missing, summary
from xlt_cli.engine.runtime import Runtime
from xlt_cli.engine.seeding import derive
from xlt_cli.engine.stream import Stream
from xlt_cli.engine.train import Parts, StageTrainer
from xlt_cli.errors import UserError
from xlt_cli.problems import Feature, Problem
from xlt_cli.runs import atomic, provenance
from xlt_cli.runs.directory import Run, create_for_model
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ExperimentSpec
from xlt_cli.spec_file import build_encoder, build_perturbation, build_task, checkpoint_encoder


def run_experiment(
    run: Run, spec: ExperimentSpec, runtime: Runtime, reporter: Reporter
) -> list[dict[str, Any]]:
    """Trains what is not trained yet, evaluates what is not evaluated yet, returns the results.

    Raises:
        UserError: something the user can mend, e.g. malformed data; found before training begins
            wherever it can be.
        TrainingFailed: the loss is no longer a number.
    """
    encoder, rows = build_encoder(spec.encoder), RowStore()
    plans = preflight(spec, rows)
    if _trained(run, spec):
        found = _stored(run, plans, rows, trained_subject(run, spec, encoder, runtime), runtime)
        if found is not None and run.status["state"] == "success":
            reporter.say(f"{run.name}: done before")
            return found
    with session(run, runtime):
        fingerprint(run, rows, runtime, encoder, _perturbations(spec))
        for index in range(len(spec.stages)):
            _train_stage(run, spec, index, encoder, rows, runtime, reporter)
        subject = trained_subject(run, spec, encoder, runtime)
        return _evaluate_all(run, plans, subject, runtime, reporter)


def evaluate_run(
    run: Run,
    spec: ExperimentSpec,
    evaluations: Sequence[Evaluation],
    runtime: Runtime,
    reporter: Reporter,
) -> list[dict[str, Any]]:
    """Evaluates a trained run from what its directory holds; stored cells are only read."""
    encoder, rows = build_encoder(spec.encoder), RowStore()
    plans = [make_plan(evaluation, rows) for evaluation in evaluations]
    subject = trained_subject(run, spec, encoder, runtime)
    found = _stored(run, plans, rows, subject, runtime)
    if found is not None:
        return found
    with session(run, runtime, training=False):
        fingerprint(run, rows, runtime)
        return _evaluate_all(run, plans, subject, runtime, reporter)


def evaluate_checkpoint(
    root: Path,
    directory: Path,
    encoder_name: str,
    evaluations: Sequence[Evaluation],
    trained_on: Sequence[str],
    max_length: int,
    runtime: Runtime,
    reporter: Reporter,
) -> list[dict[str, Any]]:
    """Evaluates a checkpoint directory that xlt did not train; results land under `root`."""
    if not directory.is_dir():
        raise UserError("--model takes a checkpoint directory; there is none", str(directory))
    encoder = checkpoint_encoder(encoder_name, directory)
    rows, weights = RowStore(), provenance.weights_hash(directory)
    plans = [make_plan(evaluation, rows) for evaluation in evaluations]
    about = {"model": str(directory.resolve()), "trained_on": list(trained_on)}
    key = hashlib.sha256(json.dumps([weights, max_length, sorted(trained_on)]).encode()).hexdigest()
    run = create_for_model(root, directory.resolve().name, key, about)

    def load(problem: Problem) -> tuple[PreTrainedTokenizerBase, EncoderModel]:
        model = encoder.load_model(problem.head, directory)
        tokenizer = encoder.load_tokenizer(directory)
        check_length(max_length, tokenizer, str(directory))
        return tokenizer, _on_device(model, runtime)

    # A checkpoint of xlt's own says what must be said of its encoder.
    own = atomic.read_json(directory / checkpoints.ABOUT) or {}
    caveats = dict.fromkeys([*own.get("caveats", []), *([encoder.caveat] * bool(encoder.caveat))])
    subject = Subject(load, [], trained_on, tuple(caveats), max_length, weights)
    with session(run, runtime, training=False):
        fingerprint(run, rows, runtime)
        return _evaluate_all(run, plans, subject, runtime, reporter)


def _evaluate_all(
    run: Run, plans: Sequence[Plan], subject: Subject, runtime: Runtime, reporter: Reporter
) -> list[dict[str, Any]]:
    return [evaluate(p, _store(run, p, subject), subject, runtime, reporter) for p in plans]


def _store(run: Run, plan: Plan, subject: Subject) -> Store:
    return Store.open(run.evaluations, plan.evaluation, subject.weights)


def _stored(
    run: Run, plans: Sequence[Plan], rows: RowStore, subject: Subject, runtime: Runtime
) -> list[dict[str, Any]] | None:
    """The results, if all cells are stored: nothing is written then, and no lock is needed."""
    if any(missing(p, _store(run, p, subject)) for p in plans):
        return None
    fingerprint(run, rows, runtime)
    return [summary(p, _store(run, p, subject), subject, p.cells) for p in plans]


def _trained(run: Run, spec: ExperimentSpec) -> bool:
    return all(_finished(run.stage(index)) for index in range(len(spec.stages)))


def _finished(stage: Path) -> dict[str, Any] | None:
    """A stage's result, if the stage has one and its model is whole."""
    found: dict[str, Any] | None = atomic.read_json(stage / "result.json")
    return found if found and atomic.is_complete(stage / "model") else None


@contextlib.contextmanager
def session(run: Run, runtime: Runtime, training: bool = True) -> Iterator[None]:
    """Holds the run for this process and keeps its status true.

    Only the main process of several holds and writes; the others work for it.
    """
    if not runtime.is_main:
        yield
        return
    with run.locked():
        before = run.status["state"]
        if training:
            run.set_state("started")
        atomic.append_line(
            run.path / "environment.jsonl", provenance.environment(str(runtime.device))
        )
        try:
            yield
        except KeyboardInterrupt:
            if training:
                run.set_state("cancelled", "interrupted from the keyboard")
            raise
        except BaseException as error:
            # On a full disk even this may fail; the error itself matters more.
            with contextlib.suppress(OSError):
                if training:
                    run.set_state("error", str(error) or type(error).__name__)
                if not isinstance(error, UserError):
                    atomic.write_text(run.path / "error.txt", traceback.format_exc())
            raise
        run.set_state("success" if training or before == "created" else before)


def preflight(spec: ExperimentSpec, rows: RowStore) -> list[Plan]:
    """Loads and checks all that a spec reads: bad data is found before hours of training."""
    for stage in spec.stages:
        if stage.perturbation is not None:
            build_perturbation(stage.perturbation).fetch()
        task = build_task(stage.task)
        for language in stage.languages or []:
            rows.load(task, stage.split, language, stage.limit)
        if stage.dev is not None:
            for language in stage.dev.languages or []:
                rows.load(task, stage.dev.split, language, stage.dev.limit)
    return [make_plan(evaluation, rows) for evaluation in spec.evaluations]


def fingerprint(
    run: Run,
    rows: RowStore,
    runtime: Runtime,
    encoder: Encoder | None = None,
    perturbations: Sequence[Perturbation] = (),
) -> None:
    """Records what data, encoder and lexicons are; refuses others than the run began with.

    Evaluation needs no pretrained encoder, and gives none.
    """
    if not runtime.is_main:
        return
    found: dict[str, Any] = {}
    if encoder is not None:
        found[f"encoder/{encoder.name}"] = encoder.fingerprint()
    for perturbation in perturbations:
        for name, digest in perturbation.fingerprint().items():
            found[f"perturbation/{perturbation.name}/{name}"] = {"sha256": digest}
    run.add_fingerprints({**found, **rows.fingerprints})


def _perturbations(spec: ExperimentSpec) -> list[Perturbation]:
    return [build_perturbation(stage.perturbation) for stage in spec.stages if stage.perturbation]


def trained_subject(run: Run, spec: ExperimentSpec, encoder: Encoder, runtime: Runtime) -> Subject:
    """The model that the run ended with, to be tested."""

    def load(problem: Problem) -> tuple[PreTrainedTokenizerBase, EncoderModel]:
        checkpoint = run.model
        model = encoder.load_model(problem.head, checkpoint)
        return encoder.load_tokenizer(checkpoint), _on_device(model, runtime)

    languages = {language for stage in spec.stages for language in stage.languages or []}
    caveats = dict.fromkeys(p.caveat for p in (encoder, *_perturbations(spec)) if p.caveat)
    weights = provenance.weights_hash(run.model)
    return Subject(load, spec.stages, languages, tuple(caveats), spec.max_length, weights)


def _train_stage(
    run: Run,
    spec: ExperimentSpec,
    index: int,
    encoder: Encoder,
    rows: RowStore,
    runtime: Runtime,
    reporter: Reporter,
) -> None:
    directory, stage = run.stage(index), spec.stages[index]
    finished = _finished(directory)
    if finished:
        reporter.say(f"stage {index + 1} ({finished['task']}): done before, {finished['rule']}")
        return
    task = build_task(stage.task)
    problem = task.problem(task.labels)
    noise = build_perturbation(stage.perturbation) if stage.perturbation else None
    restored = checkpoints.latest(directory)
    if (directory / "result.json").exists():
        reporter.warn(f"the model of stage {index + 1} is damaged or gone; it is trained again")
    if restored:
        reporter.say(f"stage {index + 1} ({task.name}): goes on from step {restored[1].step}")
    torch.manual_seed(derive(run.seed, "stage", index, "head"))
    tokenizer, model = _initial_model(run, spec, index, encoder, problem, restored, reporter)
    _check_room(run, model)
    check_length(spec.max_length, tokenizer, f"encoder '{spec.encoder.name}'")
    template = Template(tokenizer)

    def featurise(examples: Sequence[Example]) -> list[Feature]:
        encoded = problem.encode(examples, tokenizer)
        return [problem.feature(e, template, spec.max_length) for e in encoded]

    examples = [
        example
        for language in stage.languages or []
        for example in rows.load(task, stage.split, language, stage.limit)
    ]
    stream = Stream(
        examples,
        featurise,
        stage.batch_size,
        f"{run.seed}/stage/{index}",
        noise if isinstance(noise, TextPerturbation) else None,
    )
    caveats = [p.caveat for p in (encoder, *_perturbations(spec)) if p.caveat]
    parts = Parts(
        about={"encoder": encoder.name, "run": run.name, "caveats": list(dict.fromkeys(caveats))},
        task=task,
        problem=problem,
        tokenizer=tokenizer,
        pad_id=template.pad_id,
        model=_on_device(model, runtime),
        perturbation=noise,
        stream=stream,
        dev=_dev_features(spec, index, task, rows, featurise),
        restored=restored,
    )
    StageTrainer(run, index, stage, parts, runtime, reporter).train()


def _initial_model(
    run: Run,
    spec: ExperimentSpec,
    index: int,
    encoder: Encoder,
    problem: Problem,
    restored: tuple[Path, Any] | None,
    reporter: Reporter,
) -> tuple[PreTrainedTokenizerBase, EncoderModel]:
    """From the checkpoint, from the stage before, or pretrained."""
    if restored:
        model = encoder.load_model(problem.head, restored[0] / "model")
        return encoder.load_tokenizer(), model
    if index == 0:
        return encoder.load_tokenizer(), encoder.load_model(problem.head)
    before = build_task(spec.stages[index - 1].task)
    same = before.problem(before.labels).head == problem.head
    reporter.say(
        f"stage {index + 1}: goes on from stage {index}'s model "
        + ("and head (the labels are the same)" if same else "with a new head")
    )
    checkpoint = run.stage(index - 1) / "model"
    return encoder.load_tokenizer(), encoder.load_model(problem.head, checkpoint, new_head=not same)


def _dev_features(
    spec: ExperimentSpec, index: int, task: Task, rows: RowStore, featurise: Any
) -> dict[str, list[Feature]]:
    dev = spec.stages[index].dev
    if dev is None:
        return {}
    return {
        language: featurise(rows.load(task, dev.split, language, dev.limit))
        for language in dev.languages or []
    }


def _on_device(model: EncoderModel, runtime: Runtime) -> EncoderModel:
    assert isinstance(model, torch.nn.Module)
    moved = model.to(runtime.device)
    assert isinstance(moved, EncoderModel)
    return moved


def check_length(max_length: int, tokenizer: PreTrainedTokenizerBase, where: str) -> None:
    """Refuses inputs that are longer than the encoder takes."""
    longest = tokenizer.model_max_length
    if max_length > longest:
        raise UserError(
            f"max_length is {max_length}, but the encoder takes {longest} tokens at most",
            where,
            f"set it to {longest} or less",
        )


def _check_room(run: Run, model: EncoderModel) -> None:
    """Refuses to begin what would end with a full disk: two checkpoints must fit."""
    import shutil

    assert isinstance(model, torch.nn.Module)
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    needed = 2 * (size + 2 * trained)
    free = shutil.disk_usage(run.path).free
    if free < needed:
        raise UserError(
            f"the disk is too full: checkpoints need {needed / 2**20:,.0f} MiB, "
            f"{free / 2**20:,.0f} MiB are free",
            str(run.path),
            "make room, or choose another place with --runs-dir",
        )
