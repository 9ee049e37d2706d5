"""The suite for analyses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from xlt_cli.api import Analysis, Measured, ModelAnalysis, PredictionAnalysis, Record, UserError
from xlt_cli.registry.guard import make
from xlt_cli.testing.contract import broken
from xlt_cli.testing.randomness import disturb, draws_from_the_process
from xlt_cli.testing.suite import PluginSuite, fresh
from xlt_cli.testing.tiny_tasks import Sequences

if TYPE_CHECKING:
    from xlt_cli.testing.analysed import Analysed

TOLERANCE = 1e-3
"""Of the larger of 1 and a number of a record: what rounding may change."""


class AnalysisSuite(PluginSuite):
    """Checks of an `Analysis`, on a run with a tiny model."""

    kind = "analysis"

    @pytest.fixture
    def run(self) -> Analysed:
        """The run to analyse; override it for tasks of your own."""
        from xlt_cli.testing.analysed import Analysed

        return Analysed(Sequences())

    def test_prepares_the_same_passes_each_time(
        self, plugin: Analysis, checked: Analysis, run: Analysed
    ) -> None:
        passes = checked.prepare([run.view])  # what the runner refuses is raised
        if passes != fresh(plugin).prepare([run.view]):
            broken("two analyses of the same parameters prepare different passes", Analysis.prepare)

    def test_records_are_json_values_in_the_order_of_the_rows(
        self, checked: Analysis, run: Analysed
    ) -> None:
        run.records(checked)  # what the runner refuses is raised

    def test_record_of_a_row_depends_on_no_other_row(
        self, checked: Analysis, run: Analysed
    ) -> None:
        alone, together = run.records(checked, size=1), run.records(checked, size=100)
        for language, ours in alone.items():
            for one, other in zip(ours, together[language], strict=True):
                _must_agree(checked, one, other, "alone and beside others")

    def test_records_do_not_depend_on_the_order_of_the_batch(
        self, checked: Analysis, run: Analysed
    ) -> None:
        for each in checked.prepare([run.view]):
            ids = list(each.ids)
            forwards = run.measure(checked, each, ids)
            backwards = run.measure(checked, each, ids[::-1])[::-1]
            for one, other in zip(forwards, backwards, strict=True):
                _must_agree(checked, one, other, "in batches of two orders")

    def test_records_are_the_same_each_time(
        self, plugin: Analysis, checked: Analysis, run: Analysed
    ) -> None:
        disturb(1)
        first = run.records(checked)
        disturb(2)
        again = run.records(fresh(plugin))
        if first != again:
            broken(
                "records are others each time, so that an analysis that was stopped could not go "
                "on",
                _rule(checked),
            )

    def test_records_do_not_depend_on_parameters_of_the_report(
        self, plugin: Analysis, checked: Analysis, run: Analysed
    ) -> None:
        given = plugin.params.model_dump(exclude=set(plugin.reporting))
        others = [
            params
            for params in self.extremes(plugin)
            if params.model_dump(exclude=set(plugin.reporting)) == given
        ]
        if not others:
            pytest.skip("no parameter that the report alone reads has bounds")
        first = run.records(checked)
        for params in others:
            if run.records(make(type(plugin), params)) != first:
                broken(f"with {params!r}, the records are others", Analysis)

    def test_measuring_leaves_the_model_as_it_is(self, checked: Analysis, run: Analysed) -> None:
        if not isinstance(checked, ModelAnalysis):
            pytest.skip("it reads stored predictions")
        model: Any = run.model
        before = {name: value.clone() for name, value in model.state_dict().items()}
        run.records(checked)
        changed = [n for n, value in model.state_dict().items() if not value.equal(before[n])]
        if changed or model.training or any(p.requires_grad for p in model.parameters()):
            what = f"with another {changed[0]}" if changed else "in another mode"
            broken(f"measure() leaves the model {what}", ModelAnalysis.measure)

    def test_describes_itself_the_same_each_time(self, plugin: Analysis, checked: Analysis) -> None:
        if checked.describe() != fresh(plugin).describe():
            broken("two analyses of the same parameters differ", Analysis.describe)

    def test_report_depends_on_records_and_parameters_alone(
        self, plugin: Analysis, checked: Analysis, run: Analysed
    ) -> None:
        measured = run.measured(checked)
        disturb(1)
        first = _reported(checked, measured)
        disturb(2)
        archived = _reported(fresh(plugin), measured)
        if first != archived:
            broken(
                "an analysis that has measured nothing makes another report of the same "
                "records, as it would of an archive",
                Analysis.report,
            )
        drawn = draws_from_the_process(lambda: checked.report(measured))
        if drawn:
            broken(f"report() draws from the process's own generator ({drawn})", Analysis.report)

    def test_report_is_shown_in_every_format(self, checked: Analysis, run: Analysed) -> None:
        from xlt_cli.formats import csv, markdown

        measured = run.measured(checked)
        report = checked.report(measured)
        _reported(checked, measured)
        for shown in (csv.text(report), markdown.text(report)):
            if not shown.strip():
                broken("the report shows nothing", Analysis.report)

    def test_reports_two_runs_beside_each_other_or_refuses_them(
        self, checked: Analysis, run: Analysed
    ) -> None:
        from xlt_cli.testing.analysed import Analysed

        other = Analysed(run.task, "other")
        try:
            checked.prepare([run.view, other.view])
        except UserError as error:
            if type(error).__name__ == "PluginFailure":
                broken(f"prepare() failed: {error.what}", Analysis.prepare)
            pytest.skip(f"it refuses two runs: {error.what}")
        _reported(checked, run.measured(checked, {"other": other.records(checked)}))

    def test_own_records_need_no_upgrade(self, checked: Analysis, run: Analysed) -> None:
        params = checked.params.model_dump(
            mode="json", by_alias=True, exclude=set(checked.reporting)
        )
        about = {**run.measured(checked).about, "params": params}
        upgraded = checked.upgraded(about)
        if dict(upgraded) != about:
            broken(f"of what it writes itself, it makes {upgraded}", Analysis.upgraded)


def _rule(analysis: Analysis) -> object:
    """What states how the rows are measured."""
    if isinstance(analysis, ModelAnalysis):
        return ModelAnalysis.measure
    return PredictionAnalysis.measure


def _reported(analysis: Analysis, measured: Measured) -> str:
    """A report as JSON."""
    from xlt_cli.formats import json as formatted

    try:
        return json.dumps(formatted.value(analysis.report(measured)))
    except (TypeError, ValueError) as error:
        broken(f"JSON cannot hold the report: {error}", Analysis.report)


def _must_agree(analysis: Analysis, one: Record, other: Record, when: str) -> None:
    for name in one.keys() | other.keys():
        if not _same(one.get(name), other.get(name)):
            broken(
                f"{when}, the '{name}' of the row '{one['id']}' is {one.get(name)!r} and "
                f"{other.get(name)!r}",
                _rule(analysis),
            )


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, but for rounding."""
    if isinstance(one, float) and isinstance(other, float | int):
        return abs(one - other) <= TOLERANCE * max(1.0, abs(one))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
