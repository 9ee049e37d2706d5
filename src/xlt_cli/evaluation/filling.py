"""Predicts and stores the cells of an evaluation that are missing."""

from __future__ import annotations

import contextlib
import gc
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch

from xlt_cli.compute.importing import uncollected
from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.data.feature_cache import FeatureCache
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import DataError, ResultWarning
from xlt_cli.evaluation import collapsed
from xlt_cli.evaluation.answering import answered
from xlt_cli.evaluation.asking import Asking
from xlt_cli.evaluation.conditions import Tested
from xlt_cli.evaluation.deciding import Deciding
from xlt_cli.evaluation.inputs import Inputs, changes_inputs, clean, noisy, of_cell
from xlt_cli.evaluation.noise import NoiseOf
from xlt_cli.evaluation.plan import Plan
from xlt_cli.evaluation.predict import Underway, launch, recorded_logits
from xlt_cli.evaluation.remembered import Remembered
from xlt_cli.evaluation.searching import search_cell
from xlt_cli.evaluation.subject import Subject
from xlt_cli.models import segments
from xlt_cli.models.opening import check_evaluation
from xlt_cli.models.placing import on_device
from xlt_cli.noise.ahead import Ahead
from xlt_cli.noise.changes import Changed
from xlt_cli.noise.kept import NoiseCache
from xlt_cli.problems import Feature, Prediction
from xlt_cli.reports.summary import Counted, counted
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store

MANY = 10_000
"""From so many rows on, walks of the collector through them cost more than one at the end."""


def fill(
    plan: Plan,
    absent: Sequence[Cell],
    store: Store,
    subject: Subject,
    runtime: Runtime,
    reporter: Reporter,
) -> dict[Cell, Counted]:
    """Predicts and stores cells; returns them, where this process stored them."""
    problem, scorer, collapse = plan.problem, plan.scorer, plan.evaluation.collapse
    stored: dict[Cell, Counted] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResultWarning)
        tokenizer, model = collapsed.load(plan.task, collapse, subject)
    cache = FeatureCache.of_user(reporter.warn)
    featuriser = Featuriser(problem, tokenizer, subject.max_length, cache, subject.segments)
    said = [str(w.message) for w in caught if w.category is ResultWarning]
    loaded = {
        language: plan.counted(language)
        for language in dict.fromkeys(language for cell in absent for language in cell.languages)
    }
    many = sum(map(len, loaded.values())) >= MANY
    aside = _set_aside if many else contextlib.nullcontext
    said += check_evaluation(subject.encoder, model, featuriser, loaded, subject.weights)
    some = next(iter(loaded.values()))
    said += segments.notes(subject.segments, featuriser, model, some)
    if runtime.is_main:
        store.write_notes(said)
    model = on_device(model, runtime)
    assert isinstance(model, torch.nn.Module)
    recorded = recorded_logits(model, runtime)
    conditions = {tested.key: tested for tested in plan.conditions}
    encoded: dict[tuple[str, str], Inputs] = {}
    noise, ahead = NoiseOf(plan), Ahead(NoiseCache.of_user(reporter.warn))
    jobs = noise.jobs(absent, loaded) if runtime.is_main else []

    def of(language: str, tested: Tested | None) -> Inputs:
        """The rows of a language as token ids; each language is tokenized once."""
        key = tested.key if tested is not None else ""
        if (language, key) not in encoded:
            for other in [other for other in encoded if other[1] not in ("", key)]:
                del encoded[other]  # of a condition that is done
            rows = loaded[language]
            with aside():
                if tested is None:
                    encoded[language, key] = clean(featuriser, rows)
                else:
                    draw = partial(ahead.rows, noise.name(tested, language), tested.condition)
                    encoded[language, key] = noisy(tested.condition, featuriser, rows, draw)
        return encoded[language, key]

    def begin(features: Sequence[Feature]) -> Underway:
        pad_id = featuriser.template.pad_id
        return launch(model, features, problem, pad_id, runtime, tokenizer, recorded=recorded)

    def answers(features: Sequence[Feature], tested: Tested) -> Callable[[], list[Prediction]]:
        """Begins with a cell; what it returns waits for its predictions."""
        if "answer" not in tested.condition.acts:
            return remembered.begin(features) if problem.searches else begin(features).answers
        pad_id = featuriser.template.pad_id
        predictions = answered(model, features, problem, pad_id, tested.condition, runtime)
        return lambda: predictions

    def store_last() -> None:
        while underway:
            cell, waited_for, changed = underway.pop()
            predictions = decide(cell, waited_for())
            if runtime.is_main:
                # Before the cell: once it is stored, its threshold may never be chosen again.
                store.write_notes(decide.notes())
                if cell.condition:
                    store.write_given(cell.condition, conditions[cell.condition].given())
                store.write(cell, predictions, changed.as_dict() if changed else None)
                store.searching(cell).remove()
                stored[cell] = counted(scorer, predictions)
            bar.advance(1, len(predictions), "-".join(dict.fromkeys(cell.languages)))

    remembered = Remembered(problem, tokenizer, begin)
    decide = Deciding(plan, featuriser, lambda features: begin(features).answers())
    ask = Asking(model, featuriser, plan.evaluation.windows, runtime, recorded)
    underway: list[tuple[Cell, Callable[[], list[Prediction]], Changed | None]] = []
    title = f"{plan.task.name} {plan.evaluation.split}"
    with (
        _unfrozen_after() if many else contextlib.nullcontext(),
        ahead.working_on(jobs),
        reporter.bar(title, len(absent), "examples") as bar,
    ):
        for cell in absent:
            first, second = cell.languages
            tested = conditions[cell.condition]
            if tested.searches:
                store_last()
                underway.append(search_cell(cell, tested, loaded[first], ask, store, bar))
                continue
            by = tested if changes_inputs(tested.condition) else None
            one, other = of(first, by), of(second, by)
            with aside():
                rows, changed = of_cell(one, other, cell.is_standard, problem)
                if not rows:
                    raise DataError(
                        f"no row of '{plan.task.name}' exists in both languages",
                        f"{plan.task.name} ({first}, {second})",
                    )
                features = featuriser.laid_out(rows, plan.evaluation.windows)
            begun = answers(features, tested)
            store_last()  # while a GPU is busy with this cell
            underway.append((cell, begun, changed))
            if runtime.device.type == "cpu":
                store_last()
        encoded.clear()
        store_last()
    runtime.wait()
    return stored


@contextlib.contextmanager
def _set_aside() -> Iterator[None]:
    """Keeps the collector from walking through the rows that are made meanwhile.

    They are frozen with all else that is left once the collector has looked for garbage. They need
    no collector: nothing in them refers back, and they go when nothing needs them any more.
    """
    gc.collect(1)
    with uncollected():
        yield
        gc.freeze()


@contextlib.contextmanager
def _unfrozen_after() -> Iterator[None]:
    """Hands what was frozen meanwhile back to the collector."""
    try:
        yield
    finally:
        gc.unfreeze()
