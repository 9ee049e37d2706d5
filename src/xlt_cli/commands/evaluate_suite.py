"""`xlt eval RUN --suite NAME`: one report of all tests of a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlt_cli.api.reports import Report
    from xlt_cli.console.progress import Reporter
    from xlt_cli.evaluation.extras import Extras
    from xlt_cli.runs.directory import Run
    from xlt_cli.spec.suite import Suite


def suite_report(
    run: Run,
    chosen: Suite,
    extras: Extras,
    sort: str | None,
    device: str | None,
    plain: bool,
    tell: Reporter,
) -> Report:
    """Evaluates a run on a suite.

    Args:
        sort: what languages are sorted by; None for the order of the data.
    """
    from xlt_cli.interface.suites import evaluate_suite
    from xlt_cli.reports import by_language, suite

    made = evaluate_suite(run, chosen, device, plain, tell, extras)
    left_out = [{"set": x.title, "task": x.task, "why": x.why} for x in made.left_out]
    titles = [title for title, _ in made.results]
    results: Sequence[Mapping[str, Any]] = [result for _, result in made.results]
    if sort is not None:
        results = by_language.ordered(results, sort)
    shown = list(zip(titles, results, strict=True))
    return suite.report(chosen.summary, shown, left_out, each_language=sort is not None)
