"""The plugin `alignment`: rows in the language of training, and their translations.

Heavy modules are imported by the methods that need them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from xlt_cli.api import (
    AnalysedRun,
    DataError,
    EncoderModel,
    Measured,
    ModelAnalysis,
    ModelRows,
    Pass,
    PluginParams,
    Record,
    SequenceExample,
)
from xlt_cli.api.reports import Report
from xlt_cli.problems import SequenceClassification

if TYPE_CHECKING:
    from xlt_analyses.alignment.radii import Probing


class Alignment(ModelAnalysis):
    """Do translations lie where the decision on the English row still holds?

    Measures per row how much noise flips the decision and how far the translation lies; compares
    robust runs with a baseline.

    On a processor this takes minutes for a hundred rows, about half of them for votes: --votes 0
    leaves them out.

    What was measured is kept in the run and not measured again.
    """

    api_version = 1
    name = "alignment"
    summary = (
        "do translations lie in the region where the decision on the English row stays the same?"
    )
    reference = "https://arxiv.org/abs/2104.08645"
    limit = 200

    class Params(PluginParams):
        votes: int = Field(100, ge=0, description="Votes for the certified radius; 0: omit it.")
        sigma: float = Field(
            0.5, ge=0.001, description="Standard deviation of the votes' noise, per token."
        )

    params: Params

    def prepare(self, runs: Sequence[AnalysedRun]) -> Sequence[Pass]:
        for run in runs:
            _check(run)
        _check_tokens(runs)
        source, rows = runs[0].source, runs[0].rows
        return [
            Pass(source, list(rows[source]), title=f"radii ({source})"),
            *(
                Pass(language, list(own), beside=(source,), title="translations")
                for language, own in rows.items()
                if language != source
            ),
        ]

    def describe(self) -> Mapping[str, Any]:
        probing = self._probing()
        return {"radii": {**dataclasses.asdict(probing), "explained": probing.explained}}

    def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
        from xlt_analyses.alignment import rows as measuring

        labels = rows.run.problem.labels
        source = rows.inputs[rows.run.source]
        if rows.language != rows.run.source:
            return measuring.translated(model, labels, rows.ids, source, rows.inputs[rows.language])
        examples = [rows.run.rows[rows.language][i] for i in rows.ids]
        golds = {e.id: e.label for e in examples if isinstance(e, SequenceExample)}
        return measuring.source(model, labels, golds, source, self._probing())

    def report(self, measured: Measured) -> Report:
        from xlt_analyses.alignment.measures import results
        from xlt_analyses.alignment.tables import report

        return report(results(measured))

    def figures(self, measured: Measured, report: Report) -> Mapping[str, Any]:
        from xlt_analyses.alignment.figures import drawn
        from xlt_analyses.alignment.records import by_name

        assert isinstance(report.values, dict)
        return drawn(report.values, by_name(measured))

    def upgraded(self, about: Mapping[str, Any]) -> Mapping[str, Any]:
        """Records of the first version state all of `Probing`."""
        if "probing" not in about:
            return about
        from xlt_analyses.alignment.radii import Probing

        stated = Probing(**about["probing"])
        params = self.Params(votes=stated.samples, sigma=stated.sigma)
        if type(self)(params)._probing() != stated:
            return about  # searched for in another way: none of these parameters gives it
        others = {name: value for name, value in about.items() if name != "probing"}
        return {**others, "params": params.model_dump(mode="json")}

    def _probing(self) -> Probing:
        from xlt_analyses.alignment.radii import Probing

        return Probing.with_votes(self.params.votes, self.params.sigma)


def _check(run: AnalysedRun) -> None:
    """Refuses what has no rows to compare.

    Raises:
        DataError: the task is of another problem, its rows are not aligned, or there is no language
            beside the source.
    """
    name, where = run.task.name, f"{run.task.name} ({run.split})"
    if not isinstance(run.problem, SequenceClassification):
        raise DataError(
            f"the run '{run.path.name}' ends with '{name}', which is not sequence classification",
            str(run.path),
            "alignment is measured for tasks with one label for a text or for two texts",
        )
    if len(run.rows) < 2:
        raise DataError(
            f"there is no language to compare '{run.source}' with",
            where,
            "name others: --languages de,fr",
        )
    if not run.aligned:
        raise DataError(
            run.unaligned or f"the rows of '{name}' are not aligned",
            where,
            "alignment needs rows that are translations of each other",
        )


def _check_tokens(runs: Sequence[AnalysedRun]) -> None:
    """Radii are per token, so that runs are compared on the same ones.

    Raises:
        DataError: a run's tokenizer or `max_length` gives others.
    """
    first = runs[0]
    for other in runs[1:]:
        mine, theirs = (
            [feature.input_ids for feature in run.inputs(run.source).values()]
            for run in (first, other)
        )
        if mine != theirs:
            raise DataError(
                f"'{first.path.name}' and '{other.path.name}' split the same rows into "
                "different tokens",
                f"{first.path}\n{other.path}",
                "compare runs with the same tokenizer and max_length, because radii are per token",
            )
