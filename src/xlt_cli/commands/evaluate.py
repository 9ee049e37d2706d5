"""`xlt eval`: a trained run, or any fine-tuned Hugging Face checkpoint, in other languages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlt_cli.commands import completion
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
    go_offline,
    is_first_process,
    listed,
    runs_root,
)
from xlt_cli.errors import SpecError

if TYPE_CHECKING:
    from xlt_cli.spec import Evaluation, PluginUse, ResolvedEvaluation, Stage
    from xlt_cli.spec.source import Override


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
            help="A checkpoint that xlt did not train: a folder, or a hub id (org/name@revision).",
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
            help="A task, or '{name: xnli, path: DIR}'. Default: the run's.",
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
            help="A condition, or '{name: perturbed, perturbation: typos, strength: 0.2}'; give it "
            "again for several. Default: the run's.",
            autocompletion=completion.conditions,
        ),
    ] = None,
    smoothing: Annotated[
        str | None,
        typer.Option(
            "--smoothing",
            metavar="'{noise: ...}'",
            help="The condition `smoothing` alone, as an evaluation of its own: --condition "
            "'{name: smoothing, ...}' puts it beside others.",
        ),
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
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="LABEL,...",
            help="With --model: its outputs in order, in the task's words; for checkpoints that "
            "do not name them (LABEL_0, ...), or name them wrongly.",
        ),
    ] = None,
    encoder: Annotated[
        str,
        typer.Option(
            "--encoder",
            help="With --model: the plugin that opens it, with parameters where it needs some: "
            "'{name: hf, trust_remote_code: true}'.",
            autocompletion=completion.encoders,
        ),
    ] = "hf",
    trained_on: Annotated[
        str, typer.Option("--trained-on", help="With --model: the languages it was trained on.")
    ] = "en",
    max_length: Annotated[
        int, typer.Option("--max-length", min=8, help="With --model: tokens of an input.")
    ] = 128,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the figures as CSV, too.")
    ] = None,
    device: Device = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Predict the plain way: slower, the same answers.")
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
    from xlt_cli.commands import evaluate_checks as checks
    from xlt_cli.spec.checks import check_evaluations

    checks.check_choice(run_name, model)
    checks.check_labels(labels, model)
    root = runs_root(runs_dir)
    request = _Request(task, split, listed(languages), generalized, limit, smoothing, collapse)
    request.conditions = condition or []
    if model is not None:
        if task is None:
            raise SpecError("with --model, say which task: --task xnli", "xlt eval --task")
        checks.check_model(Path(model))
        evaluations = request.evaluations([], [])
        check_evaluations(evaluations)
    else:
        assert run_name is not None
        run = checks.find_run(root, run_name, request.languages)
        spec = run.spec
        evaluations = request.evaluations(spec.evaluations, spec.stages)
        checks.check_heads(evaluations, run)
        check_evaluations(evaluations)
    from xlt_cli import formats
    from xlt_cli.console.progress import Reporter
    from xlt_cli.formats import csv as csv_format
    from xlt_cli.launch import pipeline
    from xlt_cli.launch.computing import start
    from xlt_cli.models import foreign
    from xlt_cli.reports import evaluation

    reporter = Reporter(quiet=quiet or output is not Format.terminal or not is_first_process())
    if model is not None:
        checkpoint = foreign.locate(model, _encoder(encoder), listed(labels))
        runtime = start(device or "auto", "auto", plain)
        results = pipeline.evaluate_checkpoint(
            root,
            checkpoint,
            evaluations,
            listed(trained_on) or [],
            max_length,
            runtime,
            reporter,
        )
    else:
        runtime = start(device or spec.device, spec.precision, plain)
        results = pipeline.evaluate_run(run, evaluations, runtime, reporter)
    report = evaluation.report(results, not zero_shot)
    if csv is not None:
        from xlt_cli.runs import atomic

        atomic.write_text(csv, csv_format.text(report))
    formats.show(report, output)


class _Request:
    """What the command line asks to be evaluated."""

    def __init__(
        self,
        task: str | None,
        split: str | None,
        languages: list[str] | None,
        generalized: bool,
        limit: int | None,
        smoothing: str | None,
        collapse: str | None,
    ) -> None:
        self.task, self.languages, self.limit = task, languages, limit
        self.collapse = collapse
        self.conditions: list[str] = []
        self.split, self.generalized, self.smoothing = split, generalized, smoothing

    def evaluations(self, known: list[Evaluation], stages: list[Stage]) -> list[ResolvedEvaluation]:
        """The evaluations to make: the spec's own, changed by what the command line says.

        A spec without any has the last stage's task, as one that says nothing of evaluations.
        A task named as in the spec has the spec's parameters.
        """
        from xlt_cli.spec import CLEAN, Evaluation
        from xlt_cli.spec.resolution import resolve_evaluation
        from xlt_cli.spec.source import Override
        from xlt_cli.spec.yaml_lines import parse_given

        chosen = list(known) or [Evaluation(task=stage.task) for stage in stages[-1:]]
        changes = []
        if self.task is not None:
            given = parse_given(self.task, "--task")
            chosen = [e for e in known if e.task is not None and e.task.name == given.value][:1]
            use = next((s.task for s in stages if s.task.name == given.value), None)
            if not chosen and use is not None:
                chosen = [Evaluation(task=use)]
            elif not chosen:
                chosen = [Evaluation()]
                changes.append(Override(("task",), given.value, "--task", given.texts))
        if self.split is not None:
            changes.append(Override(("split",), self.split, "--split"))
        if self.languages is not None:
            changes.append(Override(("languages",), self.languages, "--languages"))
        if self.generalized:
            both = ["standard", "generalized"]
            changes.append(Override(("settings",), both, "--generalized"))
        elif self.languages is not None and len(self.languages) == 1:
            # The spec's pairs need two languages.
            changes.append(Override(("settings",), ["standard"], "--languages"))
        if self.limit is not None:
            changes.append(Override(("limit",), self.limit, "--limit"))
        if self.smoothing is not None:
            given = parse_given(self.smoothing, "--smoothing")
            changes.append(Override(("conditions",), [CLEAN], "--smoothing"))
            changes.append(Override(("smoothing",), given.value, "--smoothing", given.texts))
        if self.conditions:
            changes += _conditions(self.conditions)
        if self.collapse is not None:
            given = parse_given(self.collapse, "--collapse")
            changes.append(Override(("collapse",), given.value, "--collapse", given.texts))
        return [resolve_evaluation(evaluation, changes) for evaluation in chosen]


def _conditions(texts: Sequence[str]) -> list[Override]:
    """The conditions of the command line, in place of the spec's."""
    from xlt_cli.spec import FORMER
    from xlt_cli.spec.source import Override
    from xlt_cli.spec.yaml_lines import parse_given

    given = [parse_given(text, "--condition") for text in texts]
    written = {
        (index, *loc): text for index, one in enumerate(given) for loc, text in one.texts.items()
    }
    return [
        Override((FORMER,), None, "--condition"),
        Override(("conditions",), [one.value for one in given], "--condition", written),
    ]


def _encoder(text: str) -> PluginUse:
    """The encoder plugin of the command line, by name or with parameters."""
    from xlt_cli.spec import PluginUse
    from xlt_cli.spec.yaml_lines import parse_value

    value = parse_value(text, "--encoder")
    name = value.get("name") if isinstance(value, dict) else value
    if not isinstance(name, str):
        raise SpecError(
            "an encoder is a name, or a mapping with a name",
            "--encoder",
            "e.g. '{name: hf, trust_remote_code: true}'",
        )
    return PluginUse.model_validate(value if isinstance(value, dict) else {"name": name})
