"""`xlt bench`: measures the speed of this machine in about a minute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import AsJson, Device, Offline
from xlt_cli.compute.offline import go_offline
from xlt_cli.errors import SpecError
from xlt_cli.terminal import echo, print_json

if TYPE_CHECKING:
    from xlt_cli.spec import ResolvedExperiment

MAX_LENGTH = 128
STARTS = 3


def bench(
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            help="An encoder, or '{name: ENCODER, ...}' with parameters. Default: the one that "
            "works offline.",
            autocompletion=completion.encoders,
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            help="A task, or '{name: TASK, ...}' with parameters. Default: the demonstration.",
            autocompletion=completion.tasks,
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, help="Examples in an update of training.")
    ] = 32,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, help="Time to measure training, and evaluation.")
    ] = 12.0,
    device: Device = None,
    offline: Offline = False,
    as_json: AsJson = False,
) -> None:
    """Measure how fast this machine starts, trains and evaluates; no files are kept."""
    go_offline(offline)
    from dataclasses import asdict

    from xlt_cli.launch.computing import start
    from xlt_cli.launch.machine_speed import measure
    from xlt_cli.runs.provenance import environment
    from xlt_cli.spec import suggestions

    experiment = _experiment(
        encoder or suggestions.offline_encoder(), task or suggestions.demonstration_task()
    )
    built_encoder, built_task = experiment.encoder, experiment.stages[0].task
    runtime = start(device or "auto", "auto")
    if runtime.world > 1:
        raise SpecError("xlt bench needs a single process", "xlt bench")
    if not as_json:
        echo(f"measuring {built_encoder.name} on {built_task.name} ...", err=True)
    start_up = _start_up()
    training, evaluation = measure(
        built_encoder, built_task, batch_size, MAX_LENGTH, seconds, runtime
    )
    about = environment(str(runtime.device))
    speeds = {
        "xlt": about["xlt"],
        "python": about["python"],
        "torch": about["packages"]["torch"],
        "transformers": about["packages"]["transformers"],
        "hardware": about["hardware"],
        "precision": runtime.precision,
        "encoder": built_encoder.name,
        "task": built_task.name,
        "batch_size": batch_size,
        "start_up_seconds": round(start_up, 3),
        "training": asdict(training),
        "evaluation": asdict(evaluation),
    }
    if as_json:
        print_json(speeds)
    else:
        _print(speeds)


def _experiment(encoder: str, task: str) -> ResolvedExperiment:
    """The experiment to measure; raises UserError if a plugin or a parameter is wrong."""
    from xlt_cli.spec.resolution import resolve
    from xlt_cli.spec.source import Override, Source
    from xlt_cli.spec.yaml_lines import Document, parse_given

    options = ((("encoder",), encoder, "--encoder"), (("stages", 0, "task"), task, "--task"))
    overrides = []
    for loc, text, where in options:
        given = parse_given(text, where)
        overrides.append(Override(loc, given.value, where, given.texts))
    return resolve(Source(Document(Path("xlt bench"), {"stages": [{}]}, {}), "", tuple(overrides)))


def _start_up() -> float:
    """Median seconds of `xlt --help`."""
    import statistics
    import subprocess
    import sys
    import time

    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        command = [sys.executable, "-P", "-m", "xlt_cli", "--help"]
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _print(speeds: dict[str, Any]) -> None:
    from rich.table import Table

    from xlt_cli.console.screen import stdout

    hardware = speeds["hardware"]
    device = hardware.get("gpu") or f"{hardware['cpu']}, {hardware['threads']} threads"
    table = Table(show_header=False)
    table.add_row("device", f"{device}, {speeds['precision']}")
    versions = (f"{name} {speeds[name]}" for name in ("xlt", "python", "torch", "transformers"))
    table.add_row("versions", ", ".join(versions))
    table.add_row("start-up", f"{speeds['start_up_seconds']:.2f} s (xlt --help)")
    for what, batch in (("training", f", batch {speeds['batch_size']}"), ("evaluation", "")):
        speed = speeds[what]
        table.add_row(
            what,
            f"{speed['per_second']:,.1f} examples/s ({speeds['encoder']}, {speeds['task']}, mean "
            f"length {speed['mean_length']:.0f}{batch})",
        )
    stdout().print(table)
