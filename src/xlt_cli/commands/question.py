"""`xlt question FILE`: arms over families of test sets, against a line through reference runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands.options import AsJson, FormatOption, RunsDir, check_folder, format_of
from xlt_cli.terminal import echo


def question(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The question (YAML): families, arms, contrasts.")
    ],
    archives: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="ARCHIVE",
            help="Read the runs of an archive that `xlt archive` wrote; repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Also write results.json, results.csv, results.md and a figure (PNG, SVG).",
        ),
    ] = None,
    runs_dir: RunsDir = None,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question from stored runs: arms over families of test sets.

    Shows accuracy and effective robustness of arms and the contrasts that the file states, with
    intervals over seeds and items. Stored predictions are read; nothing is predicted.
    """
    output = format_of(format_, as_json)
    check_folder(out, "--out")
    from xlt_cli.analyses import drawing, files
    from xlt_cli.commands.printing import print_report
    from xlt_cli.formats import markdown
    from xlt_cli.interface.question import question as answer
    from xlt_cli.questions import figure
    from xlt_cli.runs import atomic

    made = answer(file, runs_dir=runs_dir, archives=archives or ())
    report = made.report
    if out is not None:
        files.write(out, report)
        atomic.write_text(out / "results.md", markdown.text(report))
        if drawing.can_draw():
            drawing.save(out, lambda: figure.drawn(made.values))
        else:
            echo(drawing.MISSING, err=True)
    print_report(report, output, f"written to: {out}" if out is not None else "")
