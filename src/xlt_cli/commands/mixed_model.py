"""`xlt mixed-model`: a linear mixed-effects model over the cells of systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands.options import AsJson, FormatOption, RunsDir, format_of
from xlt_cli.commands.systems import ArchivedRuns, GivenSystems, compared
from xlt_cli.commands.words import conditions, words


def mixed_model(
    systems: GivenSystems = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="The system that others are compared with. Default: the first.",
        ),
    ] = None,
    with_: Annotated[
        str,
        typer.Option(
            "--with",
            metavar="COVARIATES",
            help="Fixed effects beside systems and conditions, with commas: in-distribution, "
            "resource, distance, fertility, pieces_per_character, unknown, family, script, group.",
        ),
    ] = "",
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="COVARIATES",
            help="As --with, where the effect may differ between systems, e.g. family.",
        ),
    ] = "",
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="DIMENSION=VALUES",
            help="Take these values only, as in `xlt table`, e.g. condition=clean; repeatable.",
        ),
    ] = None,
    level: Annotated[
        float, typer.Option("--level", help="How often an interval may miss the truth.")
    ] = 0.05,
    archived: ArchivedRuns = None,
    runs_dir: RunsDir = None,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Fit a linear mixed-effects model to stored figures: a second view beside `xlt compare`.

    A row is a run's figure in one language under one condition. Languages and seeds are random.
    """
    from xlt_cli.commands.printing import print_report
    from xlt_cli.errors import SpecError
    from xlt_cli.interface.mixed_model import mixed_model as modelling

    output = format_of(format_, as_json)
    with compared(systems, archived, runs_dir, "xlt mixed-model") as (found, root):
        if not isinstance(found, dict):
            names = [Path(one).name for one in found]
            raise SpecError(
                "the runs are given without the names of their systems",
                "xlt mixed-model",
                f"write NAME=RUNS, e.g. ERM='erm-*'; there are {', '.join(names)}",
            )
        made = modelling(
            found,
            runs_dir=root,
            baseline=baseline,
            where=conditions(where or []),
            covariates=words(with_),
            by=words(by),
            level=level,
        )
    print_report(made.report, output)
