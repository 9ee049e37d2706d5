"""Analyses that break the contract; `fails` names the checks that say so."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest
from pydantic import Field

from xlt_cli.api import (
    Analysis,
    EncoderModel,
    Measured,
    ModelAnalysis,
    ModelRows,
    PluginParams,
    Record,
)
from xlt_cli.api.reports import Column, Report, Row, Table
from xlt_cli.testing import AnalysisSuite


class Sound(ModelAnalysis):
    """How sure a model is."""

    api_version = 1
    name = "sound"
    summary = "how sure a model is"
    reporting = ("least",)

    class Params(PluginParams):
        least: float = Field(0.1, ge=0, description="margin of a row that is counted")

    params: Params

    def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
        batch = rows.inputs[rows.language]
        best = model.logits(model.embed(batch), batch).topk(2, dim=-1).values
        margins = (best[:, 0] - best[:, 1]).tolist()
        return [{"id": i, "margin": m} for i, m in zip(rows.ids, margins, strict=True)]

    def report(self, measured: Measured) -> Report:
        rows = [
            Row([run.name, language, sum(r["margin"] >= self.params.least for r in records)])
            for run in measured.runs
            for language, records in run.records.items()
        ]
        return Report([Table("sure", [Column("run"), Column("language"), Column("rows")], rows)])


class Suite(AnalysisSuite):
    made: ClassVar[type[Analysis]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def plugin(self) -> Any:
        return self.made()


class TestSound(Suite):
    made = Sound
    fails = ()


class TestMeasuresAgainstTheBatch(Suite):
    class made(Sound):
        def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
            records = super().measure(model, rows)
            mean = sum(r["margin"] for r in records) / len(records)
            return [{**r, "margin": r["margin"] - mean} for r in records]

    fails = ("test_record_of_a_row_depends_on_no_other_row",)


class TestNumbersTheBatch(Suite):
    class made(Sound):
        def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
            return [{**r, "at": n} for n, r in enumerate(super().measure(model, rows))]

    fails = (
        "test_record_of_a_row_depends_on_no_other_row",
        "test_records_do_not_depend_on_the_order_of_the_batch",
    )


class TestDraws(Suite):
    class made(Sound):
        def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
            return [{**r, "noise": random.random()} for r in super().measure(model, rows)]

    fails = (
        "test_record_of_a_row_depends_on_no_other_row",
        "test_records_do_not_depend_on_the_order_of_the_batch",
        "test_records_are_the_same_each_time",
        "test_records_do_not_depend_on_parameters_of_the_report",
    )


class TestRemembersWhatItMeasured(Suite):
    class made(Sound):
        def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
            vars(self)["rows"] = vars(self).get("rows", 0) + len(rows.ids)
            return super().measure(model, rows)

        def report(self, measured: Measured) -> Report:
            rows = [Row([vars(self).get("rows", 0)])]
            return Report([Table("rows", [Column("rows")], rows)])

    fails = ("test_report_depends_on_records_and_parameters_alone",)


class TestRecordsDependOnTheReport(Suite):
    class made(Sound):
        def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
            least = self.params.least
            return [{**r, "least": least} for r in super().measure(model, rows)]

    fails = ("test_records_do_not_depend_on_parameters_of_the_report",)


class TestTurnsTheModel(Suite):
    class made(Sound):
        def measure(self, model: Any, rows: ModelRows) -> Sequence[Record]:
            records = super().measure(model, rows)
            model.requires_grad_(True)
            return records

    fails = ("test_measuring_leaves_the_model_as_it_is",)


class TestUpgradesItsOwnRecords(Suite):
    class made(Sound):
        def upgraded(self, about: Mapping[str, Any]) -> Mapping[str, Any]:
            return {**about, "version": about.get("version", 0) + 1}

    fails = ("test_own_records_need_no_upgrade",)
