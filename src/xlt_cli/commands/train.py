"""`xlt train SPEC`: every seed of a spec, trained and evaluated."""

from __future__ import annotations

from typing import Annotated

import typer

from xlt_cli.commands.options import (
    AsJson,
    Device,
    Format,
    FormatOption,
    Offline,
    Overrides,
    Plain,
    Quiet,
    RunsDir,
    SpecFile,
    Trackers,
    format_of,
    reporter,
    runs_root,
    seeds,
    use_trackers,
)
from xlt_cli.commands.printing import print_outcomes
from xlt_cli.compute.offline import go_offline


def train(
    spec_file: SpecFile,
    overrides: Overrides = None,
    seed: Annotated[
        list[str] | None,
        typer.Option(
            "--seed",
            metavar="SEED,...",
            help="Seeds in place of those of the spec; repeatable.",
            callback=seeds,
        ),
    ] = None,
    restore: Annotated[
        bool,
        typer.Option(
            "--restore", help="Train runs again whose weights were pruned, and keep the weights."
        ),
    ] = False,
    device: Device = None,
    plain: Plain = False,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    trackers: Trackers = None,
    quiet: Quiet = False,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Train a spec's stages and evaluate the result, for every seed.

    A finished run is not run again; an interrupted run continues from its last checkpoint.
    """
    output = format_of(format_, as_json)
    go_offline(offline)
    use_trackers(trackers)
    from xlt_cli import Experiment
    from xlt_cli.runs.plugins import explained

    changes = list(overrides or [])
    if seed:
        changes.append(f"seeds=[{', '.join(seed)}]")
    if device:
        changes.append(f"device={device}")
    root = runs_root(runs_dir)
    experiment = explained(root, lambda: Experiment.from_file(spec_file, changes))
    made = experiment.train(
        runs_dir=root,
        plain=plain,
        restore=restore,
        reporter=reporter(quiet or output is not Format.terminal),
    )

    print_outcomes(made.outcomes, output)
