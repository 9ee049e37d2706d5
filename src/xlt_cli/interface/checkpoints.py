"""Evaluating a checkpoint that xlt did not train, from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from xlt_cli.errors import RunError, SpecError
from xlt_cli.interface.requests import Options, Written, extras_of, option, requested
from xlt_cli.interface.runs import root_of, usual_reporter
from xlt_cli.interface.tables import Results
from xlt_cli.spec import PluginUse
from xlt_cli.spec.suggestions import opening_encoder
from xlt_cli.spec.yaml_lines import parse_value

if TYPE_CHECKING:
    from xlt_cli.console.progress import Reporter


def evaluate_model(
    model: str | Path,
    *,
    labels: Sequence[str] | None = None,
    encoder: Written | None = None,
    trained_on: Sequence[str] | None = None,
    max_length: int = 128,
    runs_dir: str | Path | None = None,
    device: str | None = None,
    plain: bool = False,
    reporter: Reporter | None = None,
    **options: Unpack[Options],
) -> Results:
    """Evaluates a model that xlt did not train.

    Args:
        model: a folder, a hub id (`owner/name@revision`), or the name of an encoder, which is
            tested as it is pretrained, on tasks whose head has no weights (retrieval).
        labels: its outputs in order, in the task's words, where it does not name them rightly.
        encoder: the encoder plugin that opens it, with parameters where it needs some; default:
            the one that opens folders and hub ids.
        trained_on: the languages that it was trained on; default: English, and none for an encoder
            as it is pretrained.
        max_length: tokens of an input.
        runs_dir: where results are stored; default: `$XLT_RUNS_DIR`, or `runs`.
        device: auto, cpu, mps, cuda or cuda:N.
        plain: predict without what makes it fast; the answers are the same.
        reporter: gets progress and warnings; default: shown on stderr.
        options: as `Run.evaluate` has them; `task` is required.

    Returns:
        One result.

    Raises:
        UserError: an option is wrong, there is no such checkpoint, or data are missing.
    """
    return evaluate_checkpoint(
        model,
        options,
        labels,
        encoder,
        trained_on,
        max_length,
        root_of(runs_dir),
        device,
        plain,
        reporter,
    )


def evaluate_checkpoint(
    model: str | Path,
    options: Options,
    labels: Sequence[str] | None,
    encoder: Written | None,
    trained_on: Sequence[str] | None,
    max_length: int,
    root: Path,
    device: str | None,
    plain: bool,
    reporter: Reporter | None,
    prefix: str = "",
) -> Results:
    """The same, for the command line: its options have a prefix in errors."""
    from xlt_cli.spec.checks import check_evaluations
    from xlt_cli.spec.suitability import check_no_collapse, fill_collapse

    check_model(Path(model))
    if options.get("task") is None:
        what = f"{prefix}model needs a task: {prefix}task TASK"
        raise SpecError(what, option("task", prefix))
    evaluations = requested([], [], options, prefix)
    extras = extras_of(options, prefix)
    check_evaluations(evaluations)
    from xlt_cli.launch import pipeline
    from xlt_cli.launch.computing import start
    from xlt_cli.models import foreign

    checkpoint = foreign.locate(str(model), _encoder(encoder or opening_encoder()), labels)
    for evaluation in evaluations:
        fill_collapse(evaluation, checkpoint.labels() or (), None)
        check_no_collapse(evaluation, option("collapse", prefix))
    if trained_on is None:
        trained_on = ("en",) if checkpoint.folder else ()
    return Results(
        pipeline.evaluate_checkpoint(
            root,
            checkpoint,
            evaluations,
            trained_on,
            max_length,
            start(device or "auto", "auto", plain),
            reporter or usual_reporter(),
            extras,
        )
    )


def check_model(directory: Path) -> None:
    """Refuses a run's directory where a model's is wanted, and a model that was pruned."""
    from xlt_cli.runs.pruned import check_model as check_not_pruned
    from xlt_cli.runs.stage import PRUNED

    if not directory.exists() and (directory.parent / PRUNED).is_dir():
        directory = directory.parent / PRUNED
    check_not_pruned(directory, str(directory))
    if (directory / "run.json").is_file():
        raise RunError(
            "this is a run, not a model", str(directory), f"evaluate it with `xlt eval {directory}`"
        )


def _encoder(written: Written) -> PluginUse:
    """The encoder plugin by name, or with parameters."""
    value: Any = written if isinstance(written, Mapping) else parse_value(written, "--encoder")
    name = value.get("name") if isinstance(value, Mapping) else value
    if not isinstance(name, str):
        raise SpecError(
            "an encoder is a name, or a mapping with a name",
            "--encoder",
            "e.g. '{name: ENCODER, trust_remote_code: true}'",
        )
    return PluginUse.model_validate(dict(value) if isinstance(value, Mapping) else {"name": name})
