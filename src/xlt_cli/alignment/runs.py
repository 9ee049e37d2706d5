"""What `xlt analyze alignment` compares: finished runs of one task, on the same rows and tokens."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.alignment.probing import Probing
from xlt_cli.alignment.records import Analysis, Probed, ProbedRun
from xlt_cli.api import SequenceExample, Split
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.features import Featuriser
from xlt_cli.data.hashing import data_hash
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import DataError, RunError
from xlt_cli.evaluation import held_out
from xlt_cli.evaluation.notes import notes
from xlt_cli.evaluation.plan import Plan, make_plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.languages import among, own_codes
from xlt_cli.launch import pipeline
from xlt_cli.models.segments import of_model
from xlt_cli.problems import Feature, Problem
from xlt_cli.problems.sequence import SequenceClassification
from xlt_cli.registry.guard import problem_of
from xlt_cli.runs.directory import Run
from xlt_cli.runs.pruned import check_weights
from xlt_cli.spec import Evaluation, PluginUse
from xlt_cli.spec.identity import plugin_stated
from xlt_cli.spec.resolution import build_encoder, build_task
from xlt_cli.stats.validity import note


@dataclass(frozen=True)
class Request:
    """What is to be probed.

    Attributes:
        languages: None for all that the task has.
        limit: of the source language's rows, the first so many; None for all.
    """

    split: Split
    languages: Sequence[str] | None
    limit: int | None
    probing: Probing


@dataclass(frozen=True)
class Subjected:
    """A run made ready to be probed; its model is not loaded yet.

    Attributes:
        source: the language that it was trained on.
        features: by language and id, in the order of the source's rows.
        about: what the stored records depend on.
        rows: hash of the rows of each language.
    """

    run: Run
    plan: Plan
    subject: Subject
    problem: Problem
    pad_id: int
    source: str
    features: dict[str, dict[str, Feature]]
    about: dict[str, Any]
    rows: dict[str, str]

    @property
    def name(self) -> str:
        """The run's, as tables show it."""
        return self.run.path.resolve().name

    @property
    def languages(self) -> list[str]:
        """All but the source language."""
        return [language for language in self.features if language != self.source]

    @property
    def notes(self) -> list[str]:
        """What must be said beside the figures."""
        warned = held_out.warnings(self.plan, self.subject.used)
        found = [*map(note, warned), *notes(self.plan, self.subject)]
        seen = [x for x in self.languages if among(x, self.subject.trained_on)]
        if seen:
            found.append(f"averages include {', '.join(seen)}, which a stage was trained on")
        limit = self.about["limit"]
        return [*found, f"only the first {limit:,} rows of '{self.source}'"] if limit else found


def prepare(run: Run, request: Request, runtime: Runtime) -> Subjected:
    """Loads and checks what a probe of a finished run reads.

    Raises:
        RunError: the run is not finished, or its weights were pruned.
        DataError: its task is of another problem, its rows are not aligned, or there is no language
            beside the source.
    """
    check_weights(run)
    spec = run.spec
    stage = spec.stages[-1]
    task = build_task(stage.task)
    if not issubclass(task.problem, SequenceClassification):
        raise DataError(
            f"the run '{run.name}' ends with '{task.name}', which is no sequence classification",
            str(run.path),
            "alignment is probed for tasks that give a text, or two texts, one label",
        )
    known = task.languages(request.split)
    wanted = [(stage.languages or [task.source_language])[0], *(request.languages or known)]
    languages = own_codes(wanted, known, f"{task.name} ({request.split})")
    source = languages[0]
    if len(languages) < 2:
        raise DataError(
            f"there is no language to compare '{source}' with",
            f"{task.name} ({request.split})",
            "name others: --languages de,fr",
        )
    store = RowStore()
    evaluation = Evaluation(task=stage.task, split=request.split, languages=languages)
    plan = make_plan(evaluation, store)
    if not plan.aligned:
        raise DataError(
            plan.notes[0] if plan.notes else f"the rows of '{task.name}' are not aligned",
            f"{task.name} ({request.split})",
            "alignment needs rows that are the same item in every language",
        )
    encoder = build_encoder(spec.encoder)
    problem = problem_of(task)
    tokenizer, segments = encoder.load_tokenizer(run.model), of_model(run.model, ours=True)
    featuriser = Featuriser(problem, tokenizer, spec.max_length, segments=segments)
    loaded = {x: store.load(task, request.split, x) for x in languages}
    ids = [example.id for example in loaded[source][: request.limit]]
    features = {x: _features(featuriser, examples, ids, x) for x, examples in loaded.items()}
    pipeline.fingerprint(run, store, runtime)
    subject = pipeline.trained_subject(run, spec, encoder, store, runtime)
    about = {
        "task": stage.task.model_dump(mode="json"),
        "labels": list(task.labels),
        "split": request.split,
        "limit": request.limit,
        "source": source,
        "probing": dataclasses.asdict(request.probing),
        "weights": subject.weights,
        "tokens": _tokens(list(features[source].values())),
    }
    rows = {
        x: data_hash([e for e in examples if e.id in features[x]]) for x, examples in loaded.items()
    }
    return Subjected(
        run,
        plan,
        subject,
        problem,
        featuriser.template.pad_id,
        source,
        features,
        about,
        rows,
    )


def essence(about: Mapping[str, Any]) -> dict[str, Any]:
    """What of an `about` makes the records what they are: all but what is at its default."""
    probing = dataclasses.asdict(Probing(**about["probing"]))
    usual = dataclasses.asdict(Probing())
    return {
        **about,
        "task": plugin_stated(PluginUse.model_validate(about["task"]), "task"),
        "probing": {name: value for name, value in probing.items() if value != usual[name]},
    }


def check_same(subjects: Sequence[Subjected]) -> None:
    """Figures of runs are compared on the same rows only, in the same tokens.

    Raises:
        RunError: a run is of another task, other rows or other tokens than the first.
    """
    first = subjects[0]
    for other in subjects[1:]:
        names = f"'{first.run.name}' and '{other.run.name}'"
        where = f"{first.run.path}\n{other.run.path}"
        mine, theirs = (_task(s) for s in (first, other))
        if mine != theirs:
            raise RunError(
                f"{names} are of different tasks: {mine} and {theirs}",
                where,
                "compare runs of one task, labels and source language",
            )
        if first.rows != other.rows:
            raise RunError(
                f"{names} have different rows", where, "their tasks must read the same data"
            )
        if first.about["tokens"] != other.about["tokens"]:
            raise RunError(
                f"{names} cut the same rows into different tokens",
                where,
                "compare runs of one tokenizer and max_length: radii are per token",
            )


def analysis_of(
    names: Sequence[str], subjects: Sequence[Subjected], probed: Sequence[Probed]
) -> Analysis:
    """What the figures of runs are made from; all three in one order."""
    first = subjects[0]
    about = {
        "task": first.plan.task.name,
        "split": first.about["split"],
        "limit": first.about["limit"],
        "source": first.source,
        "demonstration": first.plan.task.demonstration,
        "radii": {**first.about["probing"], "explained": explained(first.about["probing"])},
        "notes": list(dict.fromkeys(note for subject in subjects for note in subject.notes)),
    }
    runs = [
        ProbedRun(name, one.name, one.run.seed, one.subject.weights, records)
        for name, one, records in zip(names, subjects, probed, strict=True)
    ]
    return Analysis(about, runs)


def explained(probing: Mapping[str, Any]) -> list[str]:
    """How the radii were found, in words."""
    found = [
        "empirical radius: the smallest ball in which gradient ascent flipped the decision, an "
        f"upper bound of the true one (ascent: {probing['steps']} steps, starts: "
        f"{probing['starts']}; balls doubled up to {probing['largest']:g}, then "
        f"{probing['bisections']} bisections; fp32)",
    ]
    if probing["samples"]:
        found.append(
            f"certified radius: randomized smoothing, sigma {probing['sigma']:g}, "
            f"{probing['selection']} + {probing['samples']} votes, alpha {probing['alpha']:g}"
        )
    return found


def _features(
    featuriser: Featuriser, examples: Sequence[Any], ids: Sequence[str], language: str
) -> dict[str, Feature]:
    """The features of the rows with these ids, in their order; a language may lack some."""
    by_id: dict[str, SequenceExample] = {example.id: example for example in examples}
    chosen = [by_id[i] for i in ids if i in by_id]
    if not chosen:
        raise DataError(f"'{language}' has none of the source language's rows", language)
    return {feature.id: feature for feature in featuriser.features(chosen)}


def _task(subjected: Subjected) -> str:
    about = subjected.about
    return f"{about['task']['name']} ({', '.join(about['labels'])}; from {about['source']})"


def _tokens(features: Sequence[Feature]) -> str:
    text = json.dumps([feature.input_ids for feature in features])
    return hashlib.sha256(text.encode()).hexdigest()
