"""`xlt compare`: systems over their seeds, with intervals, tests, ranks and statements."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands.options import AsJson, FormatOption, RunsDir, format_of
from xlt_cli.commands.systems import ArchivedRuns, GivenSystems, compared


class Correction(StrEnum):
    """How p-values of many languages are corrected."""

    holm = "holm"
    bh = "bh"


def compare(
    systems: GivenSystems = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline", metavar="NAME", help="The system that gains are over. Default: the first."
        ),
    ] = None,
    metric: Annotated[
        str | None, typer.Option("--metric", help="Default: each task's published metric.")
    ] = None,
    equivalence: Annotated[
        float | None,
        typer.Option(
            "--equivalence",
            metavar="BAND",
            help="Also test that differences lie within ±BAND: in points for metrics that are "
            "shares.",
        ),
    ] = None,
    correction: Annotated[
        Correction,
        typer.Option(
            "--correction", help="Of the languages' p-values: Holm, or Benjamini-Hochberg."
        ),
    ] = Correction.holm,
    level: Annotated[
        float,
        typer.Option("--level", help="How often an interval may miss the truth."),
    ] = 0.05,
    archived: ArchivedRuns = None,
    runs_dir: RunsDir = None,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Compare systems over their seeds: gains with intervals, tests and ranks.

    The runs of a name are its seeds. Gains are paired by seed and by row, from stored predictions.
    """
    from xlt_cli.commands.printing import print_report
    from xlt_cli.errors import SpecError
    from xlt_cli.interface import compare as comparing

    output = format_of(format_, as_json)
    with compared(systems, archived, runs_dir, "xlt compare") as (found, root):
        if not isinstance(found, dict):
            names = [Path(one).name for one in found]
            raise SpecError(
                "the runs are given without the names of their systems",
                "xlt compare",
                f"write NAME=RUNS, e.g. ERM='erm-*'; there are {', '.join(names)}",
            )
        made = comparing.compare(
            found,
            runs_dir=root,
            baseline=baseline,
            metric=metric,
            equivalence=equivalence,
            correction=correction.value,
            level=level,
        )
    print_report(made.report, output)
