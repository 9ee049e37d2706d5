"""Runs whose models are loaded to be measured.

Models run in fp32 whatever they were trained in: an analysis may look where two logits are nearly
equal, and bf16's three digits would flip decisions there by rounding alone.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from xlt_cli.analyses.subjects import Measure, Request, Subject
from xlt_cli.api import (
    AnalysedRun,
    Analysis,
    EncoderModel,
    Example,
    ModelAnalysis,
    ModelRows,
    Pass,
    Record,
    ResultWarning,
)
from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.data.batches import collate, evaluation_batches
from xlt_cli.data.features import Featuriser
from xlt_cli.data.hashing import data_hash
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import DataError
from xlt_cli.evaluation import held_out
from xlt_cli.evaluation.notes import notes
from xlt_cli.evaluation.plan import Plan, make_plan
from xlt_cli.evaluation.subject import Subject as Tested
from xlt_cli.languages import among, own_codes
from xlt_cli.launch.session import fingerprint, session
from xlt_cli.launch.trained import trained_subject
from xlt_cli.models.placing import on_device
from xlt_cli.models.segments import of_model
from xlt_cli.problems import Feature
from xlt_cli.registry.guard import problem_of
from xlt_cli.reports.validity import note
from xlt_cli.runs.directory import Run
from xlt_cli.runs.pruned import check_weights
from xlt_cli.spec import Evaluation
from xlt_cli.spec.resolution import reopen_evaluation
from xlt_cli.spec.trained import Trained as TrainedStages

BATCH_SIZES = {"cuda": 256, "cpu": 32}
"""Rows in a batch. An analysis may keep activations for gradients: fewer than in evaluation."""


@dataclass(frozen=True)
class Trained(Subject):
    """A run whose model is measured; it is loaded by `measuring`."""

    tested: Tested
    pad_id: int
    runtime: Runtime

    def batches(self, wanted: Pass) -> Iterator[list[str]]:
        """By length, the longest first."""
        inputs = self.view.inputs(wanted.language)
        lengths = [len(inputs[i].input_ids) for i in wanted.ids]
        size = BATCH_SIZES.get(self.runtime.device.type, 32)
        for chosen in evaluation_batches(lengths, size):
            yield [wanted.ids[index] for index in chosen]

    @contextlib.contextmanager
    def measuring(self, analysis: Analysis, reporter: Reporter) -> Iterator[Measure]:
        """Holds the run, and loads its model."""
        assert isinstance(analysis, ModelAnalysis)
        with session(self.run, self.runtime, reporter, training=False):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", ResultWarning)
                _, loaded = self.tested.load(self.view.problem)
            model = on_device(loaded, self.runtime)
            for warning in caught:
                if warning.category is ResultWarning:
                    reporter.warn(str(warning.message))

            def measure(wanted: Pass, ids: Sequence[str]) -> Sequence[Record]:
                return analysis.measure(model, self._rows(wanted, ids))

            with at_rest(model):
                yield measure

    def _rows(self, wanted: Pass, ids: Sequence[str]) -> ModelRows:
        problem = self.view.problem
        inputs = {}
        for language in (wanted.language, *wanted.beside):
            features = self.view.inputs(language)
            batch = collate([features[i] for i in ids], problem, self.pad_id)
            inputs[language] = batch.to(self.runtime.device)
        return ModelRows(self.view, wanted.language, ids, inputs)


def prepare(name: str, run: Run, request: Request, runtime: Runtime) -> Trained:
    """Loads and checks the rows of a finished run in its last stage's task.

    Raises:
        RunError: the run is not finished, or its weights were pruned.
        UserError: its data are not there, or are not what it was trained on.
    """
    check_weights(run)
    spec = run.spec
    stage = spec.stages[-1]
    trained = TrainedStages.stored(spec)
    task = trained.task
    known = task.languages(request.split)
    wanted = [(stage.languages or [task.source_language])[0], *(request.languages or known)]
    languages = own_codes(wanted, known, f"{task.name} ({request.split})")
    source = languages[0]
    store = RowStore()
    evaluation = Evaluation(task=stage.task, split=request.split, languages=languages)
    plan = make_plan(reopen_evaluation(evaluation), store)
    rows = _rows(plan, request.limit)
    problem = problem_of(task)

    @functools.cache
    def featuriser() -> Featuriser:
        segments = of_model(run.model, ours=True)
        tokenizer = trained.encoder.load_tokenizer(run.model)
        return Featuriser(problem, tokenizer, spec.max_length, segments=segments)

    @functools.cache
    def inputs(language: str) -> Mapping[str, Feature]:
        return {f.id: f for f in featuriser().features(list(rows[language].values()))}

    fingerprint(run, store, runtime)
    tested = trained_subject(run, trained, store, runtime)
    view = AnalysedRun(
        name, run.path, task, problem, request.split, source, tested.trained_on, plan.aligned,
        plan.notes[0] if plan.notes and not plan.aligned else "", rows, inputs,
    )  # fmt: skip
    about = {
        "task": stage.task.model_dump(mode="json"),
        "labels": list(task.labels),
        "split": request.split,
        "limit": request.limit,
        "source": source,
        "weights": tested.weights,
        "tokens": _tokens(list(inputs(source).values())),
    }
    return Trained(
        run,
        view,
        about,
        {language: data_hash(list(own.values())) for language, own in rows.items()},
        run.seed,
        tested.weights,
        _notes(plan, tested, view, request.limit),
        tested,
        featuriser().template.pad_id,
        runtime,
    )


@contextlib.contextmanager
def at_rest(model: EncoderModel) -> Iterator[None]:
    """Without dropout and gradients of parameters, which are brought back afterwards."""
    assert isinstance(model, torch.nn.Module)
    training, learning = model.training, [p for p in model.parameters() if p.requires_grad]
    model.eval()
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        model.train(training)
        for parameter in learning:
            parameter.requires_grad_(True)


def _rows(plan: Plan, limit: int | None) -> dict[str, dict[str, Example]]:
    """The first rows of the source language and, where rows are aligned, the same in others."""
    loaded = {x: {e.id: e for e in plan.counted(x)} for x in plan.languages}
    source = plan.languages[0]
    first = list(loaded[source])[:limit]
    rows: dict[str, dict[str, Example]] = {}
    for language, own in loaded.items():
        ids = first if plan.aligned else list(own)[:limit]
        rows[language] = {i: own[i] for i in ids if i in own}
        if not rows[language]:
            raise DataError(f"'{language}' has none of the source language's rows", language)
    return rows


def _notes(plan: Plan, tested: Tested, view: AnalysedRun, limit: int | None) -> list[str]:
    """What must be said beside the figures."""
    said = [*map(note, held_out.warnings(plan, tested.used)), *notes(plan, tested)]
    seen = [x for x in view.rows if x != view.source and among(x, tested.trained_on)]
    if seen:
        said.append(f"averages include {', '.join(seen)}, which a stage was trained on")
    return [*said, f"only the first {limit:,} rows of '{view.source}'"] if limit else said


def _tokens(features: Sequence[Feature]) -> str:
    text = json.dumps([feature.input_ids for feature in features])
    return hashlib.sha256(text.encode()).hexdigest()
