"""A whole analysis of runs, from their directories to records."""

from __future__ import annotations

from collections.abc import Sequence

from xlt_cli.analyses.measuring import measured
from xlt_cli.analyses.subjects import Request, Subject, check_same
from xlt_cli.api import Analysis, Measured, MeasuredRun, ModelAnalysis
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import UserError
from xlt_cli.runs.directory import Run
from xlt_cli.runs.pruned import check_weights


def perform(
    analysis: Analysis,
    names: Sequence[str],
    runs: Sequence[Run],
    request: Request,
    device: str | None,
    reporter: Reporter,
) -> Measured:
    """Measures the runs as far as they are not measured yet.

    Args:
        names: what tables call each run.
        device: None for the first run's own.

    Raises:
        UserError: a run, its data or its predictions are not there, or cannot be compared.
    """
    analysis.check()
    if isinstance(analysis, ModelAnalysis):
        subjects = _trained(names, runs, request, device)
    else:
        from xlt_cli.analyses import stored

        subjects = stored.prepare(names, runs, request)
    check_same(subjects)
    passes = analysis.prepare([subject.view for subject in subjects])
    records = [measured(analysis, subject, passes, reporter) for subject in subjects]
    view = subjects[0].view
    about = {
        "task": view.task.name,
        "split": request.split,
        "limit": request.limit,
        "source": view.source,
        "demonstration": view.task.demonstration,
        **analysis.describe(),
        "notes": list(dict.fromkeys(note for subject in subjects for note in subject.notes)),
    }
    return Measured(
        about,
        [
            MeasuredRun(name, subject.name, subject.seed, subject.weights, own)
            for name, subject, own in zip(names, subjects, records, strict=True)
        ],
    )


def _trained(
    names: Sequence[str], runs: Sequence[Run], request: Request, device: str | None
) -> Sequence[Subject]:
    for run in runs:
        check_weights(run)  # all are asked first
    from xlt_cli.analyses import trained
    from xlt_cli.launch.computing import start

    runtime = start(device or runs[0].spec.device, "fp32")
    if runtime.world > 1:
        raise UserError("an analysis needs a single process", "xlt analyze")
    return [
        trained.prepare(name, run, request, runtime) for name, run in zip(names, runs, strict=True)
    ]
