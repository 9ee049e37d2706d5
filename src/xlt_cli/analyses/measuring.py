"""The records of a run, measured batch by batch; what is stored is not measured again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.analyses.subjects import Measure, Subject
from xlt_cli.api import Analysis, Pass, PredictionAnalysis, Record
from xlt_cli.console.progress import Reporter
from xlt_cli.runs.records import RecordStore
from xlt_cli.spec import PluginUse
from xlt_cli.spec.identity import plugin_stated
from xlt_cli.spec.stated import stated


def measured(
    analysis: Analysis, subject: Subject, passes: Sequence[Pass], reporter: Reporter
) -> dict[str, list[Record]]:
    """The records of each pass, in the order of its ids."""
    records = _kept(_store(analysis, subject), passes)
    if any(set(wanted.ids) - set(records[wanted.language]) for wanted in passes):
        with subject.measuring(analysis, reporter) as measure:
            store = _store(analysis, subject)  # nobody else writes from here on
            records = _kept(store, passes)
            _fill(subject, passes, measure, store, records, reporter)
    return {each.language: [records[each.language][i] for i in each.ids] for each in passes}


def _kept(store: RecordStore | None, passes: Sequence[Pass]) -> dict[str, dict[str, Record]]:
    return {each.language: dict(store.read(each.language)) if store else {} for each in passes}


def _fill(
    subject: Subject,
    passes: Sequence[Pass],
    measure: Measure,
    store: RecordStore | None,
    records: Mapping[str, dict[str, Record]],
    reporter: Reporter,
) -> None:
    """Measures the batches that are not stored whole.

    Batches are the same however often the analysis was stopped, so that its figures are, too.
    """
    for title, group in itertools.groupby(passes, key=lambda each: each.title):
        together = list(group)
        total = sum(len(each.ids) for each in together)
        with reporter.bar(f"{subject.run.name}: {title}", total, "rows") as bar:
            for wanted in together:
                own = records[wanted.language]
                absent = set(wanted.ids) - set(own)
                for batch in subject.batches(wanted):
                    if absent & set(batch):
                        fresh = measure(wanted, batch)
                        own.update({str(record["id"]): record for record in fresh})
                        if store is not None:
                            store.append(wanted.language, fresh)
                    bar.advance(len(batch), len(batch), wanted.language)


def _store(analysis: Analysis, subject: Subject) -> RecordStore | None:
    """Where the records of a run are kept, if they are kept."""
    if isinstance(analysis, PredictionAnalysis) and not analysis.keeps:
        return None
    about = {**subject.about, "params": dumped(analysis)}

    def essence(about: Mapping[str, Any]) -> dict[str, Any]:
        """What of it makes the records what they are: all but what is at its default."""
        content = dict(analysis.upgraded(about))
        return {
            **content,
            "task": plugin_stated(PluginUse.model_validate(content["task"]), "task"),
            "params": stated(type(analysis).Params.model_validate(content["params"])),
        }

    return RecordStore.open(subject.run.path, analysis.name, about, essence)


def dumped(analysis: Analysis) -> dict[str, Any]:
    """The parameters that records depend on."""
    params: dict[str, Any] = analysis.params.model_dump(
        mode="json", by_alias=True, exclude=set(analysis.reporting)
    )
    return params
