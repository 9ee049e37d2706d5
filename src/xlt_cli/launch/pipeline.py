"""A whole run: preflight, stages, evaluations. Whatever is done already is not done again."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from xlt_cli import between_runs
from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.data.rows import RowStore
from xlt_cli.data.training_rows import training_rows
from xlt_cli.errors import DamagedFile, PluginFailure, UserError
from xlt_cli.evaluation import held_out
from xlt_cli.evaluation.evaluate import evaluate, missing
from xlt_cli.evaluation.extras import NONE, Extras
from xlt_cli.evaluation.loaded_once import LoadedOnce
from xlt_cli.evaluation.plan import Plan, check_claims, make_plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.evaluation.summary import summarise_all, summarised, summary
from xlt_cli.languages import among, language_of, lookup
from xlt_cli.launch.keeping import keep, packed_meanwhile
from xlt_cli.launch.session import fingerprint, session
from xlt_cli.launch.sharing import train_shared_stage
from xlt_cli.launch.stage_keys import stage_keys
from xlt_cli.launch.trained import trained_subject
from xlt_cli.models.foreign import Foreign
from xlt_cli.models.segments import of_model
from xlt_cli.problems import Problem
from xlt_cli.runs import atomic, pruned
from xlt_cli.runs.directory import Run
from xlt_cli.runs.leftovers import none_of_refused, tidy, traceback_of_plugins
from xlt_cli.runs.making import create_for_model
from xlt_cli.runs.packing import Ahead
from xlt_cli.runs.predictions import Store
from xlt_cli.runs.stage import ABOUT, is_pruned
from xlt_cli.sharing import card
from xlt_cli.spec import ResolvedEvaluation, ResolvedExperiment
from xlt_cli.spec.seen_languages import seen_by, seen_in
from xlt_cli.spec.trained import Trained
from xlt_cli.tracking.following import following
from xlt_cli.training.stage import finished_stage

INPUTS = 2
"""How texts become inputs: results of checkpoints that were made otherwise are not mixed in."""


def run_experiment(
    run: Run,
    experiment: ResolvedExperiment,
    runtime: Runtime,
    reporter: Reporter,
    restore: bool = False,
    rows: RowStore | None = None,
) -> list[dict[str, Any]]:
    """Trains what is not trained yet, evaluates what is not evaluated yet, returns the results.

    Args:
        restore: train again what was pruned, for its weights, which are kept then.
        rows: where its rows are loaded to; a new store by default.

    Raises:
        UserError: something the user can mend, e.g. malformed data; found before training begins
            wherever it can be.
        TrainingFailed: the loss is no longer a number.
    """
    with none_of_refused(run) if runtime.is_main else contextlib.nullcontext():
        return _run_experiment(run, experiment, runtime, reporter, restore, rows or RowStore())


def _run_experiment(
    run: Run,
    experiment: ResolvedExperiment,
    runtime: Runtime,
    reporter: Reporter,
    restore: bool,
    rows: RowStore,
) -> list[dict[str, Any]]:
    between_runs.begin(experiment.encoder.name)
    plans = preflight(experiment, rows, run.seed)
    gone = any(map(is_pruned, pruned.stages(run)))
    if _trained(run, experiment) and not (restore and gone):
        results = _done(run, experiment, plans, rows, runtime)
        if results is not None and run.status["state"] == "success":
            reporter.say(f"{run.name}: done before")
            keep(run, experiment.spec, runtime, reporter, remove=not restore)
            return results
        if results is None:
            pruned.check_weights(run)
    results, ahead = _made(run, experiment, plans, rows, runtime, reporter, restore)
    keep(run, experiment.spec, runtime, reporter, remove=not restore, ahead=ahead)
    return results


def _made(
    run: Run,
    experiment: ResolvedExperiment,
    plans: Sequence[Plan],
    rows: RowStore,
    runtime: Runtime,
    reporter: Reporter,
    restore: bool,
) -> tuple[list[dict[str, Any]], Ahead | None]:
    """Trains the stages that are not finished, and evaluates; what is packed of it meanwhile."""
    with (
        session(run, runtime, reporter),
        following(run, runtime.is_main, reporter.warn) as follower,
    ):
        runtime = dataclasses.replace(runtime, follow=follower.record)
        if runtime.is_main:
            _restore(run, experiment, restore)
        runtime.wait()
        fingerprint(run, rows, runtime, experiment)
        trained = Trained.of(experiment)
        keys = stage_keys(experiment, rows, run.seed, runtime.precision)
        uses = held_out.used_by_stage(run, trained.stages, rows) if runtime.is_main else []
        for plan in plans if runtime.is_main else ():
            held_out.check(plan, [use for of_stage in uses for use in of_stage])
        left = None
        for index in range(len(keys)):
            left = None  # a stage needs the memory of the one before
            left = train_shared_stage(run, experiment, index, keys, uses, rows, runtime, reporter)
        with packed_meanwhile(run, experiment.spec, left is not None) as ahead:
            subject = trained_subject(run, trained, rows, runtime, left)
            results = _evaluate_all(run, plans, subject, runtime, reporter)
            if runtime.is_main:
                follower.results(results)
                card.write_quietly(run, reporter.warn)
        return results, ahead


def evaluate_run(
    run: Run,
    evaluations: Sequence[ResolvedEvaluation],
    runtime: Runtime,
    reporter: Reporter,
    leave_out: Callable[[ResolvedEvaluation, UserError], None] | None = None,
    extras: Extras = NONE,
) -> list[dict[str, Any]]:
    """Evaluates a trained run from what its directory holds; stored cells are only read.

    Args:
        leave_out: called with an evaluation whose data cannot be used, and why; the others are made
            all the same. Without it, that is an error.
        extras: what is asked of results beyond the figures of cells.
    """
    rows = RowStore()
    with traceback_of_plugins(run) if runtime.is_main else contextlib.nullcontext():
        trained = Trained.stored(run.spec)
        subject = trained_subject(run, trained, rows, runtime)
        plans = []
        for evaluation in evaluations:
            try:
                plan = dataclasses.replace(make_plan(evaluation, rows), extras=extras)
                check_claims(plan, trained.languages)
                if leave_out is not None:
                    held_out.check(plan, subject.used)
                plans.append(plan)
            except (PluginFailure, DamagedFile):
                raise
            except UserError as error:
                if leave_out is None:
                    raise
                leave_out(evaluation, error)
    results = _stored(run, plans, rows, subject, runtime)
    if results is not None:
        return results
    for plan in plans:
        held_out.check(plan, subject.used)
    pruned.check_weights(run)
    with session(run, runtime, reporter, training=False):
        fingerprint(run, rows, runtime)
        return _evaluate_all(run, plans, subject, runtime, reporter)


def evaluate_checkpoint(
    root: Path,
    checkpoint: Foreign,
    evaluations: Sequence[ResolvedEvaluation],
    trained_on: Sequence[str],
    max_length: int,
    runtime: Runtime,
    reporter: Reporter,
    extras: Extras = NONE,
) -> list[dict[str, Any]]:
    """Evaluates a model that xlt did not train; results land under `root`."""
    encoder, directory = checkpoint.encoder, checkpoint.folder
    rows, weights = RowStore(), checkpoint.weights()
    plans = [
        dataclasses.replace(make_plan(evaluation, rows), extras=extras)
        for evaluation in evaluations
    ]
    # The same languages in other forms are the same evaluation.
    tested = {language for plan in plans for language in plan.languages}
    trained_on = list(dict.fromkeys(_stated(language, tested) for language in trained_on))
    for plan in plans:
        check_claims(plan, trained_on)
    about = {**checkpoint.about, "trained_on": list(trained_on), **checkpoint.settings}
    of_key = [weights, max_length, sorted(trained_on), INPUTS]
    of_key += [checkpoint.settings] if checkpoint.settings else []
    key = hashlib.sha256(json.dumps(of_key, sort_keys=True).encode()).hexdigest()
    run = create_for_model(root, checkpoint.name, key, about)

    def load(problem: Problem) -> tuple[PreTrainedTokenizerBase, EncoderModel]:
        model = checkpoint.load(problem.head)  # its errors say more of a config
        return encoder.load_tokenizer(directory), model

    # A checkpoint of xlt's own says what must be said of its encoder.
    own = {} if directory is None else atomic.read_json(directory / ABOUT) or {}
    caveats = dict.fromkeys([*own.get("caveats", []), *([encoder.caveat] * bool(encoder.caveat))])
    subject = Subject(
        LoadedOnce(load),
        lambda: encoder.load_tokenizer(directory),
        [],
        trained_on,
        tuple(caveats),
        max_length,
        weights,
        encoder,
        "default" if directory is None else of_model(directory),
        checkpoint.labels,
    )
    with none_of_refused(run), session(run, runtime, reporter, training=False):
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
    """The results, if all cells are stored: a run is read then even where it cannot be written.

    What a killed command left unsaid in its files, or lying about, is put in order where it can be.
    """
    stores = [(p, _store(run, p, subject)) for p in plans]
    if any(missing(p, store) for p, store in stores):
        return None
    fingerprint(run, rows, runtime)
    if runtime.is_main:
        stale = [(p, store) for p, store in stores if not summarised(p, store)]
        if stale:
            with contextlib.suppress(UserError, OSError), run.locked():
                for p, store in stale:
                    summarise_all(p, store, subject)
        tidy(run)
    return [summary(p, store, subject, p.cells) for p, store in stores]


def _done(
    run: Run,
    experiment: ResolvedExperiment,
    plans: Sequence[Plan],
    rows: RowStore,
    runtime: Runtime,
) -> list[dict[str, Any]] | None:
    """The results of a trained run; None if it is not evaluated as a whole.

    Nothing is held meanwhile, so that another process may remove the weights (`keep` of a second
    sweep, `xlt runs prune`): the run is looked at again then, as one whose weights are gone.
    """
    before = [is_pruned(stage) for stage in pruned.stages(run)]
    try:
        subject = trained_subject(run, Trained.of(experiment), rows, runtime)
        return _stored(run, plans, rows, subject, runtime)
    except (OSError, UserError, PluginFailure):
        if [is_pruned(stage) for stage in pruned.stages(run)] == before:
            raise
    return _done(run, experiment, plans, rows, runtime)


def _restore(run: Run, experiment: ResolvedExperiment, all_stages: bool) -> None:
    """Makes unfinished what was pruned and is needed: all of it, or what a later stage starts from.

    A stage that is unfinished needs the model of the one before.
    """
    open_ones = [i for i in range(len(experiment.stages)) if not finished_stage(run.stage(i))]
    if all_stages or open_ones:
        pruned.restore(run, None if all_stages else max(open_ones))


def _trained(run: Run, experiment: ResolvedExperiment) -> bool:
    """Whether the run has all its stages; what is trained in the store is still to be taken."""
    stages = [run.stage(index) for index in range(len(experiment.stages))]
    return all(finished_stage(stage) and not stage.is_symlink() for stage in stages)


def preflight(experiment: ResolvedExperiment, rows: RowStore, seed: int) -> list[Plan]:
    """Loads and checks all that an experiment reads: bad data is found before hours of training."""
    for perturbation in experiment.perturbations:
        perturbation.fetch()
    for stage in experiment.stages:
        task = stage.task
        training_rows(stage, rows, seed)
        if stage.dev is not None:
            for language in stage.dev.languages:
                rows.load(task, stage.dev.split, language, stage.dev.limit)
                among(language, seen_by(stage), f"{task.name} ({stage.dev.split})")
    plans = [make_plan(evaluation, rows) for evaluation in experiment.evaluations]
    seen = seen_in(experiment)
    for plan in plans:
        check_claims(plan, seen)
    return plans


def _stated(language: str, tested: Collection[str]) -> str:
    """The shortest code of a language that a user says a checkpoint was trained on.

    Raises:
        UserError: the language is unknown, and none of those tested is written like it.
    """
    if lookup(language) is None and language in tested:
        return language
    return language_of(language, "--trained-on").short
