"""Evaluation cell by cell: a language, or a pair of languages. Finished cells are never redone."""

from __future__ import annotations

import contextlib
import gc
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from xlt_cli.api import Encoder, EncoderModel, Example, SequenceExample, Task
from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.data.feature_cache import FeatureCache
from xlt_cli.data.features import Featuriser
from xlt_cli.data.place import place
from xlt_cli.data.rows import RowStore
from xlt_cli.data.template import Segments
from xlt_cli.errors import DataError, ResultWarning
from xlt_cli.evaluation import collapsed, held_out
from xlt_cli.evaluation.held_out import Used
from xlt_cli.evaluation.notes import notes, words_notes
from xlt_cli.evaluation.predict import launch
from xlt_cli.evaluation.smoothing import noise_of, smoothed
from xlt_cli.languages import among, own_codes
from xlt_cli.models import segments
from xlt_cli.models.opening import check_evaluation
from xlt_cli.models.placing import on_device
from xlt_cli.problems import Encoded, Feature, Prediction, Problem
from xlt_cli.problems.collapse import collapsed as counted_as
from xlt_cli.problems.collapse import problem_under
from xlt_cli.reports import export
from xlt_cli.reports.summary import check_alignment, counted, summarise
from xlt_cli.runs.predictions import Pair, Store
from xlt_cli.spec import Evaluation
from xlt_cli.spec.resolution import build_task
from xlt_cli.stats import validity
from xlt_cli.stats.certification import summarise as certified_figures
from xlt_cli.stats.intervals import Cell
from xlt_cli.stats.validity import cell_name

ABOUT = ("source", "sha256", "rows")
"""What results say of the data of a language: all rows of the split, whatever the limit."""


@dataclass(frozen=True)
class Subject:
    """The model under test.

    Attributes:
        load: brings tokenizer and model; called only if a cell is missing.
        used: the rows that it was trained and selected on, as far as xlt knows.
        trained_on: languages of all its stages.
        caveats: what must be said beside its results.
        weights: hash of its weights.
        encoder: what loads it.
        segments: the segment ids that it was trained with.
        outputs: the labels of the model's outputs in order, or None if it does not name them.
    """

    load: Callable[[Problem], tuple[PreTrainedTokenizerBase, EncoderModel]]
    used: Sequence[Used]
    trained_on: Collection[str]
    caveats: tuple[str, ...]
    max_length: int
    weights: str
    encoder: Encoder
    segments: Segments = "default"
    outputs: Callable[[], tuple[str, ...] | None] = lambda: None


@dataclass
class Plan:
    """An evaluation with its languages known and its rows loaded.

    Attributes:
        aligned: whether one id is the same item in all these languages; averages are then
            resampled over items jointly.
        notes: what was seen of the alignment.
        warnings: the same, as values (see `analysis.validity`).
    """

    evaluation: Evaluation
    task: Task
    languages: list[str]
    rows: RowStore
    aligned: bool
    notes: tuple[str, ...]
    warnings: tuple[dict[str, Any], ...] = ()

    @property
    def problem(self) -> Problem:
        """The task's problem, over the classes that its labels are counted as."""
        return problem_under(self.task, self.evaluation.collapse)

    def counted(self, language: str) -> Sequence[Example]:
        """The rows of a language, their labels counted as classes."""
        evaluation = self.evaluation
        rows = self.rows.load(self.task, evaluation.split, language, evaluation.limit)
        return counted_as(rows, evaluation.collapse)

    @property
    def cells(self) -> list[Pair]:
        """Standard cells first, then pairs of different languages where they are asked for."""
        generalized = "generalized" in self.evaluation.settings
        standard = "standard" in self.evaluation.settings
        return [
            *[(a, a) for a in self.languages if standard],
            *[(a, b) for a in self.languages for b in self.languages if a != b and generalized],
        ]


def make_plan(evaluation: Evaluation, rows: RowStore) -> Plan:
    """Loads and checks the rows of an evaluation.

    Raises:
        DataError: rows are missing or malformed, or (for the generalized setting) not aligned.
    """
    assert evaluation.task is not None
    task = build_task(evaluation.task)
    known, where = list(task.languages(evaluation.split)), f"{task.name} ({evaluation.split})"
    languages = own_codes(evaluation.languages or known, known, where)
    if not languages:
        raise DataError(f"the task '{task.name}' has no {evaluation.split} split", where)
    if "generalized" in evaluation.settings and len(languages) < 2:
        raise DataError(
            "the generalized setting needs two languages or more",
            f"{task.name} ({evaluation.split}, {languages[0]})",
        )
    loaded = {
        language: rows.load(task, evaluation.split, language, evaluation.limit)
        for language in languages
    }
    if "generalized" in evaluation.settings:
        _check_pairs(task, loaded)
    if not task.aligned:
        return Plan(evaluation, task, languages, rows, aligned=False, notes=())
    labels = {
        language: {e.id: e.label for e in examples if isinstance(e, SequenceExample)}
        for language, examples in loaded.items()
    }
    try:
        check_alignment(task.name, labels)
    except DataError as error:
        if "generalized" in evaluation.settings:
            raise
        differing = tuple(validity.disagreements(labels))
        return Plan(evaluation, task, languages, rows, False, (error.what,), differing)
    return Plan(evaluation, task, languages, rows, aligned=True, notes=_shared(labels))


def check_claims(plan: Plan, trained_on: Collection[str]) -> None:
    """Refuses languages of which it cannot be said whether the model was trained on them.

    Raises:
        UserError: a language is unknown; known before anything is predicted.
    """
    for language in plan.languages:
        among(language, trained_on, f"{plan.task.name} ({plan.evaluation.split}, {language})")


def _check_pairs(task: Task, loaded: dict[str, Sequence[Example]]) -> None:
    for language, examples in loaded.items():
        for example in examples:
            if not isinstance(example, SequenceExample) or len(example.texts) != 2:
                raise DataError(
                    "the generalized setting needs a task whose examples have two texts",
                    f"{task.name} ({language}): example '{example.id}'",
                )


def _shared(labels: dict[str, dict[str, str]]) -> tuple[str, ...]:
    """Says how many items all languages share, if some lack some."""
    everywhere = set.intersection(*(set(ids) for ids in labels.values()))
    anywhere = set.union(*(set(ids) for ids in labels.values()))
    if len(everywhere) == len(anywhere):
        return ()
    return (f"{len(everywhere):,} of {len(anywhere):,} items are there in all languages",)


def evaluate(
    plan: Plan, store: Store, subject: Subject, runtime: Runtime, reporter: Reporter
) -> dict[str, Any]:
    """Fills the missing cells of an evaluation; returns the figures of those asked for.

    Figures of all cells in the store are written to its results.json and results.csv.
    """
    absent = missing(plan, store)
    known: dict[Pair, Cell] = {}
    if absent:
        known = _fill(plan, absent, store, subject, runtime, reporter)
    if runtime.is_main and (absent or not store.summarised()):
        summarise_all(plan, store, subject, known)
    return summary(plan, store, subject, plan.cells, known)


def summarise_all(
    plan: Plan, store: Store, subject: Subject, known: Mapping[Pair, Cell] | None = None
) -> None:
    """Writes the figures of all cells in the store.

    Args:
        known: what need not be read from the store.
    """
    done = _stored(plan, store)
    everything = summary(_covering(plan, done), store, subject, done, known)
    store.write_summary(everything, export.csv_text([everything]))


def missing(plan: Plan, store: Store) -> list[Pair]:
    """The cells of a plan that are not stored."""
    done = set(_stored(plan, store))
    return [pair for pair in plan.cells if pair not in done]


def _stored(plan: Plan, store: Store) -> list[Pair]:
    return store.done(words=plan.task.problem.name == "token-classification")


def summary(
    plan: Plan,
    store: Store,
    subject: Subject,
    pairs: Sequence[Pair],
    known: Mapping[Pair, Cell] | None = None,
) -> dict[str, Any]:
    """The figures of stored cells, and what must be said beside them.

    Args:
        known: what need not be read from the store.
    """
    known = known or {}
    problem = plan.problem
    cells = {**known, **_read(plan, store, [pair for pair in pairs if pair not in known])}
    cells = {pair: cells[pair] for pair in pairs}
    figures = summarise(problem, plan.task.metric, cells, subject.trained_on, plan.aligned)
    warned = [*figures.warnings, *plan.warnings, *held_out.warnings(plan, subject.used)]
    languages = list(dict.fromkeys(language for pair in pairs for language in pair))
    data = {x: plan.rows.about(plan.task, plan.evaluation.split, x) for x in languages}
    smoothing = plan.evaluation.smoothing
    votes = pairs if smoothing else ()
    certified = {cell_name(pair): certified_figures(store.read(pair)) for pair in votes}
    return {
        "task": plan.task.name,
        "split": plan.evaluation.split,
        "limit": plan.evaluation.limit,
        "place": place(plan.task, [about["source"] for about in data.values()]),
        "demonstration": plan.task.demonstration,
        **({"scoring": problem.scoring} if problem.scoring else {}),
        **figures.as_dict(),
        **({"smoothing": smoothing.model_dump(), "certified": certified} if smoothing else {}),
        **({"collapse": plan.evaluation.collapse} if plan.evaluation.collapse else {}),
        "data": {x: {name: about[name] for name in ABOUT} for x, about in data.items()},
        "warnings": warned,
        "notes": [
            *map(validity.note, warned),
            *notes(plan, subject),
            *words_notes(problem, cells, subject.max_length),
            *store.notes(),
        ],
    }


def _read(plan: Plan, store: Store, pairs: Sequence[Pair]) -> dict[Pair, Cell]:
    problem = plan.problem
    return {pair: counted(problem, store.bare(pair)) for pair in pairs}


def _covering(plan: Plan, pairs: Sequence[Pair]) -> Plan:
    """A plan of all languages of some cells, whose rows are aligned only if all of them are."""
    languages = list(dict.fromkeys(language for pair in pairs for language in pair))
    if set(languages) <= set(plan.languages):
        return plan
    changes = {"languages": languages, "settings": ["standard"]}
    return make_plan(plan.evaluation.model_copy(update=changes), plan.rows)


def _fill(
    plan: Plan,
    absent: Sequence[Pair],
    store: Store,
    subject: Subject,
    runtime: Runtime,
    reporter: Reporter,
) -> dict[Pair, Cell]:
    """Predicts and stores cells; returns them, where this process stored them."""
    problem, collapse = plan.problem, plan.evaluation.collapse
    stored: dict[Pair, Cell] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResultWarning)
        tokenizer, model = collapsed.load(plan.task, collapse, subject)
    cache = FeatureCache.of_user(reporter.warn)
    featuriser = Featuriser(problem, tokenizer, subject.max_length, cache, subject.segments)
    said = [str(w.message) for w in caught if w.category is ResultWarning]
    loaded = {
        language: plan.counted(language)
        for language in dict.fromkeys(language for pair in absent for language in pair)
    }
    said += check_evaluation(subject.encoder, model, featuriser, loaded, subject.weights)
    some = next(iter(loaded.values()))
    said += segments.notes(subject.segments, featuriser, model, some)
    if runtime.is_main:
        store.write_notes(said)
    model = on_device(model, runtime)
    assert isinstance(model, torch.nn.Module)
    encoded: dict[str, dict[str, Encoded]] = {}

    def of(language: str) -> dict[str, Encoded]:
        """The rows of a language as token ids; each language is tokenized once."""
        if language not in encoded:
            encoded[language] = {e.id: e for e in featuriser.clean(loaded[language])}
            gc.freeze()  # they stay: the collector need not walk through them again and again
        return encoded[language]

    def answers(features: Sequence[Feature]) -> Callable[[], list[Prediction]]:
        """Begins with a cell; what it returns waits for its predictions."""
        pad_id = featuriser.template.pad_id
        if smoothing is None:
            return launch(model, features, problem, pad_id, runtime).answers
        noise = noise_of(smoothing)
        found = smoothed(model, features, problem, pad_id, smoothing, noise, runtime)
        return lambda: found

    def store_last() -> None:
        while underway:
            pair, waited_for = underway.pop()
            found = waited_for()
            if runtime.is_main:
                store.write(pair, found)
                stored[pair] = counted(problem, found)
            bar.advance(1, len(found), pair[0] if pair[0] == pair[1] else "-".join(pair))

    smoothing = plan.evaluation.smoothing
    underway: list[tuple[Pair, Callable[[], list[Prediction]]]] = []
    title = f"{plan.task.name} {plan.evaluation.split}"
    with _unfrozen_after(), reporter.bar(title, len(absent), "examples") as bar:
        for first, second in absent:
            rows = _cell(of(first), of(second), first == second, problem)
            if not rows:
                raise DataError(
                    f"no row of '{plan.task.name}' is there in both languages",
                    f"{plan.task.name} ({first}, {second})",
                )
            if plan.evaluation.windows:
                features = [feature for e in rows for feature in featuriser.parted(e)]
            else:
                features = [featuriser.cut(e) for e in rows]
            begun = answers(features)
            store_last()  # while a GPU is busy with this cell
            underway.append(((first, second), begun))
            if runtime.device.type == "cpu":
                store_last()
        store_last()
    runtime.wait()
    return stored


@contextlib.contextmanager
def _unfrozen_after() -> Iterator[None]:
    """Hands what was frozen meanwhile back to the collector."""
    try:
        yield
    finally:
        gc.unfreeze()
        gc.collect()  # counts what is left, or the collector would walk through it ever again


def _cell(
    first: dict[str, Encoded], second: dict[str, Encoded], same: bool, problem: Problem
) -> list[Encoded]:
    if same:
        return list(first.values())
    return [problem.pair(row, second[key]) for key, row in first.items() if key in second]
