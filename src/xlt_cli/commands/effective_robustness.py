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
    """Compare accuracy out of distribution with a line through reference runs.

    The line says what accuracy out of distribution to expect at an accuracy in distribution; how
    far a run lies above it is its effective robustness. Stored evaluations are read, of all runs;
    `xlt eval RUN`, with `--suite` or `--condition`, makes them.
    """  # fmt: skip
    output = format_of(format_, as_json)
    check_folder(out, "--out")
    from xlt_cli.analyses import drawing, files
    from xlt_cli.api import SPLITS
    from xlt_cli.commands.printing import print_report
    from xlt_cli.errors import SpecError, did_you_mean
    from xlt_cli.references import figure, finding, measure
    from xlt_cli.references.stored import subject
    from xlt_cli.reports import effective
    from xlt_cli.runs.finding import find
    from xlt_cli.spec import split_name

    split = split_name(split)
    if split not in SPLITS:
        raise SpecError(f"there is no split '{split}'", "--split", did_you_mean(split, SPLITS))
    tell, root = reporter(quiet or output is not Format.terminal), runs_root(runs_dir)
    tested = list(
        {run.path.resolve(): run for run in (find(root, text) for text in given)}.values()
    )
    others, both = finding.found(references, root, tested)
    runs = [*tested, *others]
    subjects = [subject(*pair) for pair in zip(finding.named(runs), runs, strict=True)]
    values = measure.measured(subjects[: len(tested)], subjects[len(tested) :], split, tell)
    if both:
        values["notes"].append(
            f"{both} of the runs {'is' if both == 1 else 'are'} also among the references, and no "
            "point of the lines"
        )
    report = effective.report(values)
    if out is not None:
        files.write(out, report)
        if drawing.can_draw():
            drawing.save(out, lambda: figure.drawn(values))
        else:
            tell.warn(drawing.MISSING)
    print_report(report, output, f"written to: {out}" if out is not None else "")
