"""`xlt eval`: a trained run, or any fine-tuned Hugging Face checkpoint, in other languages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlt_cli.commands import completion
from xlt_cli.commands import evaluate_checks as checks
from xlt_cli.commands.alone import ALONE, split_alone
from xlt_cli.commands.options import (
    AsJson,
    Device,
    Format,
    FormatOption,
    Offline,
    Quiet,
    RunsDir,
    check_file,
    format_of,
    listed,
    reporter,
    runs_root,
)
from xlt_cli.compute.offline import go_offline

if TYPE_CHECKING:
    from xlt_cli.api.reports import Report
    from xlt_cli.interface.requests import Options

ArchivedRun = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="ARCHIVE",
        help="Compute the figures of a run of an archive that `xlt archive` wrote, without data or "
        "model; its only run needs no name.",
    ),
]


def evaluate(
    run_name: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="A run: its directory or its name.",
            autocompletion=completion.runs,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="A model that xlt did not train: a folder, a hub id (org/name@revision) or, for "
            "retrieval, an encoder by its name.",
        ),
    ] = None,
    zero_shot: Annotated[
        bool,
        typer.Option(
            "--zero-shot/--all-languages",
            help="Average over the languages that were not trained on; or also over all.",
        ),
    ] = True,
    generalized: Annotated[
        bool, typer.Option("--generalized", help="Also the two texts in different languages.")
    ] = False,
    languages: Annotated[
        str | None,
        typer.Option(
            "--languages",
            help="Comma-separated; default: all.",
            autocompletion=completion.languages,
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            help="A task, or '{name: TASK, path: DIR}'. Default: the run's.",
            autocompletion=completion.tasks,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", help="train, dev or test.", autocompletion=completion.splits),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first rows of each language.")
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            "--condition",
            metavar="CONDITION",
            help="A condition, or '{name: CONDITION, ...}' with parameters; repeatable. "
            "Default: the run's.",
            autocompletion=completion.conditions,
        ),
    ] = None,
    stress: Annotated[
        list[str] | None,
        typer.Option(
            "--stress",
            metavar="NAME[:STRENGTH,...]",
            help="Test under this perturbation as well, at each strength (NAME:0.1,0.3), and show "
            "what it costs. Give it again for several.",
            autocompletion=completion.perturbations,
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws",
            min=1,
            help="With --stress: draw the noise so many times; figures are means over the draws.",
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="METRIC",
            help="Also compute this metric, a name or '{name: METRIC, ...}' with parameters; "
            "repeatable.",
            autocompletion=completion.metrics,
        ),
    ] = None,
    alone: Annotated[
        list[str] | None,
        typer.Option(ALONE, metavar="NAME={...}", hidden=True),
    ] = None,
    collapse: Annotated[
        str | None,
        typer.Option(
            "--collapse",
            metavar="'{CLASS: [LABEL, ...]}'",
            help="Labels that count as one class, in the data and in the model's outputs. E.g. "
            "'{not_entailment: [neutral, contradiction]}'.",
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(
            "--suite",
            metavar="NAME",
            help="All tests of a suite: conditions on the run's own task, and other data sets that "
            "its labels fit; a name or a YAML file.",
            autocompletion=completion.suites,
        ),
    ] = None,
    allow_overlap: Annotated[
        bool,
        typer.Option(
            "--allow-overlap",
            help="Evaluate although the model was trained on some of the rows, or on translations.",
        ),
    ] = False,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="LABEL,...",
            help="With --model: the task's labels in the order of the model's outputs, for "
            "checkpoints that do not name them (LABEL_0, ...) or name them wrongly.",
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            help="With --model: the encoder plugin that opens it, as a name or with parameters: "
            "'{name: ENCODER, trust_remote_code: true}'. Default: the one that opens folders and "
            "hub ids.",
            autocompletion=completion.encoders,
        ),
    ] = None,
    trained_on: Annotated[
        str | None,
        typer.Option(
            "--trained-on",
            help="With --model: the languages that it was trained on.",
            show_default="en",
        ),
    ] = None,
    max_length: Annotated[
        int | None,
        typer.Option(
            "--max-length",
            min=8,
            help="With --model: largest number of tokens of an input.",
            show_default="128",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="FACT,...",
            help="Also average over groups of languages: by family, script, resource or language.",
            autocompletion=completion.groupings,
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="FACT,...",
            help="Also show of each language: family, script, resource, language, and of the "
            "tokenizer fertility, pieces_per_character, unknown; also the distance from the "
            "training languages.",
            autocompletion=completion.language_columns,
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="FACT",
            help="Sort languages by one of these, by rows or by figure (the best first).",
            autocompletion=completion.language_orders,
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Also write the figures to a CSV file."),
    ] = None,
    archived: ArchivedRun = None,
    device: Device = None,
    plain: Annotated[
        bool,
        typer.Option(
            "--plain", help="Predict without accelerations: slower, the same predictions."
        ),
    ] = False,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    quiet: Quiet = False,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate a model per language, and (generalized) per pair of languages.

    Cells that were evaluated before are not evaluated again.
    """
    output = format_of(format_, as_json)
    go_offline(offline)
    check_file(csv, "--csv")
    if archived is None:
        checks.check_choice(run_name, model)
    if model is None:
        of_model = {"labels": labels, "encoder": encoder, "trained-on": trained_on}
        checks.check_of_model({**of_model, "max-length": max_length})
    root, quiet = runs_root(runs_dir), quiet or output is not Format.terminal
    options: Options = {
        "task": task,
        "split": split,
        "languages": listed(languages),
        "generalized": generalized,
        "limit": limit,
        "conditions": condition,
        "alone": dict(split_alone(one) for one in alone or ()),
        "stress": stress,
        "draws": draws,
        "metrics": metric,
        "collapse": collapse,
        "allow_overlap": allow_overlap,
        "by": listed(by),
        "columns": checks.columns(listed(columns), sort),
    }
    if archived is not None:
        checks.check_archived({"model": model, "suite": suite, "device": device, "plain": plain})
        archive_results = _of_archive(archived, run_name, runs_dir, options)
        _show_results(archive_results, sort, zero_shot, csv, output)
        return
    if suite is not None:
        checks.check_suite({**options, "all_languages": not zero_shot}, model)
        assert run_name is not None
        tested, tell = checks.find_run(root, run_name, None), reporter(quiet)
        from xlt_cli.commands.evaluate_suite import suite_report
        from xlt_cli.interface.requests import extras_of, suite_of

        chosen, extras = suite_of(suite, options, "--"), extras_of(options, "--")
        _show(suite_report(tested, chosen, extras, sort, device, plain, tell), csv, output)
        return
    results: Sequence[dict[str, Any]]
    if model is not None:
        from xlt_cli.interface.checkpoints import evaluate_checkpoint

        results = evaluate_checkpoint(
            model,
            options,
            labels=listed(labels),
            encoder=encoder,
            trained_on=None if trained_on is None else listed(trained_on) or [],
            max_length=max_length or 128,
            root=root,
            device=device,
            plain=plain,
            reporter=reporter(quiet),
            prefix="--",
        )
    else:
        assert run_name is not None
        # A name that is none is refused before anything slow is imported.
        run = checks.find_run(root, run_name, options["languages"])
        from xlt_cli.interface.runs import evaluate_run

        results = evaluate_run(run, options, device, plain, reporter(quiet), prefix="--")
    _show_results(results, sort, zero_shot, csv, output)


def _of_archive(
    archive: Path, run_name: str | None, runs_dir: Path | None, options: Options
) -> list[dict[str, Any]]:
    """The results of a run of an archive."""
    from xlt_cli.commands.systems import in_archive
    from xlt_cli.interface.archived import evaluate_archived

    with in_archive(archive, runs_dir) as (root, _):
        return evaluate_archived(checks.archived_run(root, archive, run_name), options, "--")


def _show_results(
    results: Sequence[dict[str, Any]],
    sort: str | None,
    zero_shot: bool,
    csv: Path | None,
    output: Format,
) -> None:
    from xlt_cli.reports import by_language, evaluation

    shown = by_language.ordered(results, sort) if sort is not None else results
    _show(evaluation.report(shown, not zero_shot), csv, output)


def _show(report: Report, csv: Path | None, output: Format) -> None:
    """Prints the report, and writes its figures to a file if one is given."""
    from xlt_cli import formats
    from xlt_cli.formats import csv as csv_format
    from xlt_cli.runs import atomic

    if csv is not None:
        atomic.write_text(csv, csv_format.text(report))
    formats.show(report, output)
