"""Evaluation cell by cell: a language, or a pair of languages. Finished cells are never redone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from xlt_cli.analysis.summary import check_alignment, summarise
from xlt_cli.api import EncoderModel, SequenceExample, Task
from xlt_cli.console.progress import Reporter
from xlt_cli.data.rows import RowStore
from xlt_cli.data.template import Template
from xlt_cli.engine.predict import predict
from xlt_cli.engine.runtime import Runtime
from xlt_cli.errors import DataError
from xlt_cli.problems import Encoded, Problem
from xlt_cli.runs.predictions import Pair, Store
from xlt_cli.spec import Evaluation, Stage
from xlt_cli.spec_file import build_task


@dataclass(frozen=True)
class Subject:
    """The model under test.

    Attributes:
        load: brings tokenizer and model (on the device); called only if a cell is missing.
        stages: what it was trained on, as far as xlt knows.
        trained_on: languages of all its stages.
        caveats: what must be said beside its results.
    """

    load: Callable[[Problem], tuple[PreTrainedTokenizerBase, EncoderModel]]
    stages: Sequence[Stage]
    trained_on: Collection[str]
    caveats: tuple[str, ...]
    max_length: int


@dataclass
class Plan:
    """An evaluation with its languages known and its rows loaded.

    Attributes:
        aligned: whether one id is the same item in all these languages; averages are then
            resampled over items jointly.
        notes: what was seen of the alignment.
    """

    evaluation: Evaluation
    task: Task
    languages: list[str]
    rows: RowStore
    aligned: bool
    notes: tuple[str, ...]

    @property
    def cells(self) -> list[Pair]:
        """Standard cells first, then pairs of different languages where they are asked for."""
        generalized = "generalized" in self.evaluation.settings
        standard = "standard" in self.evaluation.settings
        return [
            *[(a, a) for a in self.languages if standard],
            *[(a, b) for a in self.languages for b in self.languages if a != b and generalized],
        ]


def plan(evaluation: Evaluation, rows: RowStore) -> Plan:
    """Loads and checks the rows of an evaluation.

    Raises:
        DataError: rows are missing or malformed, or (for the generalized setting) not aligned.
    """
    assert evaluation.task is not None
    task = build_task(evaluation.task)
    languages = evaluation.languages or list(task.languages(evaluation.split))
    if not languages:
        raise DataError(
            f"the task '{task.name}' has no {evaluation.split} split",
            f"{task.name} ({evaluation.split})",
        )
    languages = list(dict.fromkeys(languages))
    if "generalized" in evaluation.settings and len(languages) < 2:
        raise DataError(
            "the generalized setting needs two languages or more",
            f"{task.name} ({evaluation.split}, {languages[0]})",
        )
    loaded = {
        language: rows.load(task, evaluation.split, language, evaluation.limit)
        for language in languages
    }
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
        return Plan(evaluation, task, languages, rows, aligned=False, notes=(error.what,))
    return Plan(evaluation, task, languages, rows, aligned=True, notes=_shared(labels))


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
    problem = plan.task.problem(plan.task.labels)
    done = set(store.done())
    missing = [pair for pair in plan.cells if pair not in done]
    if missing:
        _fill(plan, missing, store, subject, problem, runtime, reporter)
    return summary(plan, store, subject, problem, write=bool(missing) and runtime.is_main)


def summary(
    plan: Plan, store: Store, subject: Subject, problem: Problem, write: bool
) -> dict[str, Any]:
    """The figures of the cells asked for, from the stored predictions."""
    from xlt_cli.analysis import export

    read = {pair: store.read(pair) for pair in store.done()}
    wanted = set(plan.cells)

    def results(pairs: Collection[Pair]) -> dict[str, Any]:
        figures = summarise(
            problem,
            plan.task.metric,
            {pair: rows for pair, rows in read.items() if pair in pairs},
            subject.trained_on,
            plan.aligned,
        )
        return {
            "task": plan.task.name,
            "split": plan.evaluation.split,
            "limit": plan.evaluation.limit,
            "demonstration": plan.task.demonstration,
            **figures.as_dict(),
            "notes": notes(plan, subject),
        }

    if write:
        everything = results(set(read))
        export.write_json(store.path / "results.json", everything)
        export.write_csv(store.path / "results.csv", everything)
    return results(wanted)


def notes(plan: Plan, subject: Subject) -> list[str]:
    """What must be said beside the figures."""
    task, split = plan.task, plan.evaluation.split
    found = list(subject.caveats)
    if task.demonstration:
        found.append(f"'{task.name}' is a demonstration, never evidence")
    if task.caveat:
        found.append(task.caveat)
    for stage in subject.stages:
        used = plan.evaluation.task
        if used is None or stage.task.model_dump() != used.model_dump():
            continue
        if stage.split == split:
            touched = plan.languages if task.aligned else stage.languages or []
            seen = [language for language in plan.languages if language in touched]
            if seen:
                found.append(f"not held out: a stage trained on these rows ({', '.join(seen)})")
        elif stage.dev is not None and stage.dev.split == split and stage.select == "best":
            found.append(f"the checkpoint was selected on the {split} split of '{task.name}'")
    found += plan.notes
    for language in plan.languages:
        found += [f"{language}: {note}" for note in plan.rows.notes(task, split, language)]
    if plan.evaluation.limit:
        found.append(f"only the first {plan.evaluation.limit} rows of each language")
    return found


def _fill(
    plan: Plan,
    missing: Sequence[Pair],
    store: Store,
    subject: Subject,
    problem: Problem,
    runtime: Runtime,
    reporter: Reporter,
) -> None:
    tokenizer, model = subject.load(problem)
    assert isinstance(model, torch.nn.Module)
    template = Template(tokenizer)
    encoded: dict[str, dict[str, Encoded]] = {}

    def of(language: str) -> dict[str, Encoded]:
        """The rows of a language as token ids; each language is tokenized once."""
        if language not in encoded:
            rows = plan.rows.load(plan.task, plan.evaluation.split, language, plan.evaluation.limit)
            encoded[language] = {e.id: e for e in problem.encode(rows, tokenizer)}
        return encoded[language]

    title = f"{plan.task.name} {plan.evaluation.split}"
    with reporter.bar(title, len(missing), "examples") as bar:
        for first, second in missing:
            rows = _cell(of(first), of(second), first == second, problem)
            if not rows:
                raise DataError(
                    f"no row of '{plan.task.name}' is there in both languages",
                    f"{plan.task.name} ({first}, {second})",
                )
            features = [problem.feature(e, template, subject.max_length) for e in rows]
            found = predict(model, features, problem, template.pad_id, runtime)
            if runtime.is_main:
                store.write((first, second), found)
            bar.advance(1, len(rows), first if first == second else f"{first}-{second}")
    runtime.wait()


def _cell(
    first: dict[str, Encoded], second: dict[str, Encoded], same: bool, problem: Problem
) -> list[Encoded]:
    if same:
        return list(first.values())
    return [problem.pair(row, second[key]) for key, row in first.items() if key in second]
