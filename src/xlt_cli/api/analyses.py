"""Analyses: measurements of the rows of finished runs, and a report on them.

    prepare(runs)       which rows are measured, pass by pass
    measure(rows)       a record for each row of a batch; the runner keeps them in the run
    report(measured)    a report of all records of all runs

The runner does the rest: it finds the runs, loads rows, models and stored predictions, continues
interrupted analyses, writes archives and files, and makes the command
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
    from xlt_cli.api.features import Feature, Prediction
    from xlt_cli.api.problems import Problem

Record = Mapping[str, Any]
"""The measurements of a row: JSON values by name, including the row's `id`."""


@dataclass(frozen=True)
class AnalysedRun:
    """A run and its rows, as they are passed to an analysis.

    Attributes:
        name: what tables call it; runs of one name are the seeds of one method.
        path: the directory of the run.
        source: the language that it was trained on, or the first of several.
        trained_on: the languages of all its stages.
        aligned: whether rows with the same id are translations of each other.
        unaligned: the reason why the rows are not aligned although the task states that they are.
        rows: examples by language and id, in the order of the data. In an aligned task, all
            languages have the same rows as the source language.
        inputs: the model's inputs for the rows of a language, by id (for a `ModelAnalysis` only).
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
    """Rows of one language to be measured.

    Attributes:
        ids: the ids of the rows; each gets one record.
        beside: other languages in which the same rows are needed as well.
        title: the name that is shown with the progress.
    """

    language: str
    ids: Sequence[str]
    beside: tuple[str, ...] = ()
    title: str = "rows"


@dataclass(frozen=True)
class ModelRows:
    """A batch of rows of a pass, as inputs of the model.

    Attributes:
        inputs: a batch for each language of the pass; in each, row i is the row with the id
            `ids[i]`.
    """

    run: AnalysedRun
    language: str
    ids: Sequence[str]
    inputs: Mapping[str, Batch]


@dataclass(frozen=True)
class PredictedRows:
    """A batch of rows of a pass with their stored predictions, one for each of `ids`."""

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
        weights: the hash of its weights.
        records: the records by language, in the order of the passes and of their ids.
    """

    name: str
    run: str
    seed: int | None
    weights: str
    records: Mapping[str, Sequence[Record]]


@dataclass(frozen=True)
class Measured:
    """Everything that a report is computed from.

    Attributes:
        about: task, split, limit, source (a language), demonstration; the values that `describe`
            returned; notes, which the report has to contain.
        runs: the runs in the order of the command line; those with the first name come first.
    """

    about: Mapping[str, Any]
    runs: Sequence[MeasuredRun]

    def by_name(self) -> dict[str, list[MeasuredRun]]:
        """The runs of each name, seed by seed."""
        named: dict[str, list[MeasuredRun]] = {}
        for run in self.runs:
            named.setdefault(run.name, []).append(run)
        return named


class Analysis(Plugin):
    """Base class of the two kinds of analyses; derive from one of them.

    Attributes:
        limit: the default number of rows of each language to measure; 0: all.
        reporting: the names of parameters that only `report` uses. Records do not depend on them,
            and they may be given together with an archive.
    """

    plugin_kind = "analysis"
    limit: ClassVar[int] = 0
    reporting: ClassVar[tuple[str, ...]] = ()

    def prepare(self, runs: Sequence[AnalysedRun]) -> Sequence[Pass]:
        """The passes to measure for each of the runs; by default, all rows of all languages.

        All runs have the same rows. Nothing else has been loaded yet.

        Raises:
            UserError: these runs, or this number of runs, cannot be analysed.
        """
        return [Pass(language, list(rows)) for language, rows in runs[0].rows.items()]

    def describe(self) -> Mapping[str, Any]:
        """Information about the measurement, as JSON values, which is archived with the records."""
        return {}

    @abstractmethod
    def report(self, measured: Measured) -> Report:
        """The report. It uses records and parameters only, so that an archive gives the same
        report."""

    def figures(self, measured: Measured, report: Report) -> Mapping[str, Any]:
        """Matplotlib figures by file name, created with `matplotlib.figure.Figure` (never with
        pyplot)."""
        return {}

    def upgraded(self, about: Mapping[str, Any]) -> Mapping[str, Any]:
        """Converts what an earlier version stored about its records to what this version would
        store.

        `about["params"]` contains the parameters that the records depend on.
        """
        return about


class ModelAnalysis(Analysis):
    """An analysis that needs the models of runs."""

    @abstractmethod
    def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
        """The records of the rows, in the order of `rows.ids`.

        The model is in evaluation mode and in fp32, and its parameters require no gradients. The
        record of a row must not depend on other rows of the batch.
        """


class PredictionAnalysis(Analysis):
    """An analysis that needs the stored predictions of runs; no model is loaded for it.

    Attributes:
        keeps: whether records are stored in the run, which saves time if measuring is slow.
    """

    keeps: ClassVar[bool] = True

    @abstractmethod
    def measure(self, rows: PredictedRows) -> Sequence[Record]:
        """The records of the rows, in order; the record of a row must not depend on other rows."""
