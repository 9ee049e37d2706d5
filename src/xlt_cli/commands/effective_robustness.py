"""`xlt effective-robustness RUN... --references GLOB`: runs against a line through others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import (
    AsJson,
    Format,
    FormatOption,
    Quiet,
    RunsDir,
    check_folder,
    format_of,
    reporter,
    runs_root,
)


def effective_robustness(
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Evaluated runs: directories or names.",
            autocompletion=completion.runs,
        ),
    ],
    references: Annotated[
        list[str],
        typer.Option(
            "--references",
            metavar="RUN|PATTERN",
            help="Reference runs, 3 or more: a name, a directory, or a pattern in quotation marks "
            "('erm-*'); repeatable.",
            autocompletion=completion.runs,
        ),
    ],
    split: Annotated[
        str,
        typer.Option(
            "--split",
            help="The split in distribution: test or dev.",
            autocompletion=completion.splits,
        ),
    ] = "test",
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            help="A metric that is a share, e.g. f1. Default: accuracy, or the task's own metric "
            "where there is none.",
            autocompletion=completion.metrics,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Also write results.json, results.csv and a figure (PNG, SVG).",
        ),
    ] = None,
    runs_dir: RunsDir = None,
    quiet: Quiet = False,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Compare a metric out of distribution with a line through reference runs.

    The line says what figure out of distribution to expect at a figure in distribution; how
    far a run lies above it is its effective robustness. Stored evaluations are read, of all runs;
    `xlt eval RUN`, with `--suite` or `--condition`, makes them.
    """  # fmt: skip
    output = format_of(format_, as_json)
    check_folder(out, "--out")
    from xlt_cli.analyses import drawing, files
    from xlt_cli.commands.printing import print_report
    from xlt_cli.interface.effective_robustness import effective_robustness as compared
    from xlt_cli.references import figure

    tell = reporter(quiet or output is not Format.terminal)
    made = compared(
        given,
        references,
        split=split,
        metric=metric,
        runs_dir=runs_root(runs_dir),
        reporter=tell,
    )
    report = made.report
    if out is not None:
        files.write(out, report)
        if drawing.can_draw():
            drawing.save(out, lambda: figure.drawn(made.values))
        else:
            tell.warn(drawing.MISSING)
    print_report(report, output, f"written to: {out}" if out is not None else "")
