"""Analyses: what is measured of the rows of finished runs, and what is reported of it.

    prepare(runs)       which rows are measured, pass by pass
    measure(rows)       a record for each row of a batch; the runner keeps them in the run
    report(measured)    a report of all records of all runs

The runner brings the rest: it finds the runs, loads rows, models and stored predictions, goes on
where a killed analysis stopped, writes archives and files, and makes the command line
`xlt analyze NAME RUN... [--option ...]`, whose options are the fields of the plugin's `Params`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from xlt_cli.api.examples import Example, Split
from xlt_cli.api.models import Batch, EncoderModel
from xlt_cli.api.plugin import Plugin
from xlt_cli.api.reports import Report
from xlt_cli.api.tasks import Task

if TYPE_CHECKING:
    from xlt_cli.api.problems import Feature, Prediction, Problem

Record = Mapping[str, Any]
"""What was measured of a row: JSON values by name, the row's `id` among them."""


@dataclass(frozen=True)
class AnalysedRun:
    """A run and its rows, as an analysis sees them.

    Attributes:
        name: what tables call it; runs of one name are the seeds of one method.
        path: its directory.
        source: the language that it was trained on, the first of several.
        trained_on: the languages of all its stages.
        aligned: whether one id is the same item in every language.
        unaligned: why it is not, where the task should be.
        rows: examples by language and id, in the data's order. In an aligned task, all languages
            have the rows of the source's.
        inputs: the model's inputs for the rows of a language, by id (of a `ModelAnalysis` only).
    """

    name: str
    path: Path
    task: Task
    problem: Problem
    split: Split
    source: str
    trained_on: Collection[str]
    aligned: bool
    unaligned: str
    rows: Mapping[str, Mapping[str, Example]]
    inputs: Callable[[str], Mapping[str, Feature]]


@dataclass(frozen=True)
class Pass:
    """Rows of one language that are to be measured.

    Attributes:
        ids: which rows; each gets one record.
        beside: other languages in which the same rows are needed at the same time.
        title: what progress calls it.
    """

    language: str
    ids: Sequence[str]
    beside: tuple[str, ...] = ()
    title: str = "rows"


@dataclass(frozen=True)
class ModelRows:
    """Some rows of a pass as inputs of the model.

    Attributes:
        inputs: by language (the pass's own, and those beside it), row i being `ids[i]` in each.
    """

    run: AnalysedRun
    language: str
    ids: Sequence[str]
    inputs: Mapping[str, Batch]


@dataclass(frozen=True)
class PredictedRows:
    """Some rows of a pass with the predictions that are stored of them, one for each of `ids`."""

    run: AnalysedRun
    language: str
    ids: Sequence[str]
    examples: Sequence[Example]
    predictions: Sequence[Prediction]


@dataclass(frozen=True)
class MeasuredRun:
    """A run and its records.

    Attributes:
        name: what tables call it; runs of one name are the seeds of one method.
        run: the name of its directory.
        seed: None for a model that xlt did not train.
        weights: hash of its weights.
        records: by language, in the order of the passes; each language's in the order of its ids.
    """

    name: str
    run: str
    seed: int | None
    weights: str
    records: Mapping[str, Sequence[Record]]


@dataclass(frozen=True)
class Measured:
    """All that a report is made from.

    Attributes:
        about: task, split, limit, source (a language), demonstration; what `describe` returned;
            notes, which are to be said in the report.
        runs: in the order of the command line; those of the first name come first.
    """

    about: Mapping[str, Any]
    runs: Sequence[MeasuredRun]

    def by_name(self) -> dict[str, list[MeasuredRun]]:
        """The runs of each name, one seed after the other."""
        named: dict[str, list[MeasuredRun]] = {}
        for run in self.runs:
            named.setdefault(run.name, []).append(run)
        return named


class Analysis(Plugin):
    """What the two kinds of analyses share; derive from one of these.

    Attributes:
        limit: how many rows of each language are measured unless the user says otherwise; 0: all.
        reporting: names of parameters that `report` alone reads. They may be given beside an
            archive, and records do not depend on them.
    """

    plugin_kind = "analysis"
    limit: ClassVar[int] = 0
    reporting: ClassVar[tuple[str, ...]] = ()

    def prepare(self, runs: Sequence[AnalysedRun]) -> Sequence[Pass]:
        """What is measured of each of the runs; by default, every row of every language.

        All runs have the same rows. Nothing has been loaded but them.

        Raises:
            UserError: these runs, or so many, cannot be analysed.
        """
        return [Pass(language, list(rows)) for language, rows in runs[0].rows.items()]

    def describe(self) -> Mapping[str, Any]:
        """What must be known of the measuring, as JSON values; it is archived with the records."""
        return {}

    @abstractmethod
    def report(self, measured: Measured) -> Report:
        """The report. It reads records and parameters alone, so that an archive gives it again."""

    def figures(self, measured: Measured, report: Report) -> Mapping[str, Any]:
        """Figures of matplotlib by file name, each on a canvas of its own (never with pyplot)."""
        return {}

    def upgraded(self, about: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an earlier version of the analysis wrote of its records, as this one would write it.

        `about["params"]` are the parameters that records depend on.
        """
        return about


class ModelAnalysis(Analysis):
    """An analysis that needs the models of runs."""

    @abstractmethod
    def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
        """The records of the rows, in their order.

        The model is in evaluation mode and in fp32, and its parameters ask for no gradients. The
        record of a row depends on no other row of the batch.
        """


class PredictionAnalysis(Analysis):
    """An analysis that needs the stored predictions of runs; no model is loaded for it.

    Attributes:
        keeps: whether records are kept in the run; worth it where measuring takes long.
    """

    keeps: ClassVar[bool] = True

    @abstractmethod
    def measure(self, rows: PredictedRows) -> Sequence[Record]:
        """The records of the rows, in their order; a row's record depends on no other row."""
