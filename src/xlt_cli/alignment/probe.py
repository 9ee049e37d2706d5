"""The records of `xlt analyze alignment`, measured batch by batch and kept in the run.

The model runs in fp32 whatever it was trained in: radii are found where two logits are nearly
equal, and bf16's three digits would flip decisions there by rounding alone.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from xlt_cli.alignment import probing
from xlt_cli.alignment.distances import compare
from xlt_cli.alignment.probing import Anchor, Probing
from xlt_cli.alignment.records import Probed, SourceRow, TranslatedRow
from xlt_cli.alignment.runs import Subjected, essence
from xlt_cli.api import Batch, EncoderModel, ResultWarning
from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Bar, Reporter
from xlt_cli.data.batches import collate, evaluation_batches
from xlt_cli.launch import pipeline
from xlt_cli.models.placing import on_device
from xlt_cli.problems import Feature, Problem
from xlt_cli.runs.probes import ProbeStore

BATCH_SIZES = {"cuda": 256, "cpu": 32}
"""Rows in a pass. Ascent keeps activations, so fewer than in evaluation."""


def probe(subjected: Subjected, runtime: Runtime, reporter: Reporter) -> Probed:
    """The records of a run's rows; what is stored is not measured again."""
    store = ProbeStore.open(subjected.run.path, "alignment", subjected.about, essence)
    if any(_absent(subjected, store, language) for language in subjected.features):
        with pipeline.session(subjected.run, runtime, training=False):
            _fill(subjected, store, runtime, reporter)
    source = store.read(subjected.source)
    return Probed(
        [SourceRow(**source[i]) for i in subjected.features[subjected.source]],
        {
            x: [TranslatedRow(**record) for record in _wanted(store.read(x), subjected.features[x])]
            for x in subjected.languages
        },
    )


def _fill(subjected: Subjected, store: ProbeStore, runtime: Runtime, reporter: Reporter) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResultWarning)
        _, loaded = subjected.subject.load(subjected.problem)
    model = on_device(loaded, runtime)
    for warning in caught:
        if warning.category is ResultWarning:
            reporter.warn(str(warning.message))
    size = BATCH_SIZES.get(runtime.device.type, 32)
    source, settings = subjected.features[subjected.source], Probing(**subjected.about["probing"])

    def batch(features: Sequence[Feature]) -> Batch:
        return collate(features, subjected.problem, subjected.pad_id).to(runtime.device)

    def measure_source(ids: Sequence[str]) -> list[dict[str, Any]]:
        features = [source[i] for i in ids]
        return _source_records(model, subjected.problem, features, batch(features), settings)

    def measure(language: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        own = subjected.features[language]
        return _translated_records(
            model,
            subjected.problem,
            ids,
            batch([source[i] for i in ids]),
            batch([own[i] for i in ids]),
        )

    with probing.at_rest(model):
        title = f"{subjected.run.name}: radii ({subjected.source})"
        with reporter.bar(title, len(source), "rows") as bar:
            _by_batches(subjected, store, subjected.source, size, measure_source, bar)
        total = sum(len(subjected.features[x]) for x in subjected.languages)
        with reporter.bar(f"{subjected.run.name}: translations", total, "rows") as bar:
            for x in subjected.languages:
                _by_batches(subjected, store, x, size, partial(measure, x), bar)


def _by_batches(
    subjected: Subjected,
    store: ProbeStore,
    language: str,
    size: int,
    measure: Callable[[Sequence[str]], list[dict[str, Any]]],
    bar: Bar,
) -> None:
    """Measures the batches of a language that are not stored whole.

    Batches are the same however often the probe was stopped, so that its figures are, too.
    """
    features = subjected.features[language]
    absent = _absent(subjected, store, language)
    ids = list(features)
    for chosen in evaluation_batches([len(f.input_ids) for f in features.values()], size):
        batch = [ids[i] for i in chosen]
        if absent & set(batch):
            store.append(language, measure(batch))
        bar.advance(len(batch), len(batch), language)


def _source_records(
    model: EncoderModel,
    problem: Problem,
    features: Sequence[Feature],
    batch: Batch,
    settings: Probing,
) -> list[dict[str, Any]]:
    anchor = Anchor.of(model, batch, [f.id for f in features])
    radii = probing.empirical_radii(model, anchor, settings)
    moved = probing.hidden_move(model, anchor, radii.noise)
    decided = anchor.decided.tolist()
    certified: list[float | None] = [None] * len(features)
    if settings.samples:
        answers, found = probing.certified_radii(model, anchor, settings)
        certified = [
            float(radius) if answer == decision else 0.0
            for answer, radius, decision in zip(answers, found, decided, strict=True)
        ]
    rows = [
        SourceRow(
            feature.id,
            str(feature.gold),
            problem.labels[decision],
            round(epsilon, 6),
            censored,
            round(hidden, 6),
            None if sure is None else round(sure, 6),
        )
        for feature, decision, epsilon, censored, hidden, sure in zip(
            features,
            decided,
            radii.epsilon.tolist(),
            radii.censored.tolist(),
            moved.tolist(),
            certified,
            strict=True,
        )
    ]
    return [dataclasses.asdict(row) for row in rows]


def _translated_records(
    model: EncoderModel, problem: Problem, ids: Sequence[str], source: Batch, translated: Batch
) -> list[dict[str, Any]]:
    found = compare(model, source, translated)
    columns = (found.decided, found.shifted, found.words, found.hidden, found.total)
    rows = [
        TranslatedRow(
            i,
            problem.labels[decided],
            problem.labels[shifted],
            round(words, 6),
            round(hidden, 6),
            round(total, 6),
        )
        for i, decided, shifted, words, hidden, total in zip(
            ids, *(column.tolist() for column in columns), strict=True
        )
    ]
    return [dataclasses.asdict(row) for row in rows]


def _absent(subjected: Subjected, store: ProbeStore, language: str) -> set[str]:
    return set(subjected.features[language]) - set(store.read(language))


def _wanted(
    records: dict[str, dict[str, Any]], features: dict[str, Feature]
) -> list[dict[str, Any]]:
    return [records[i] for i in features]
