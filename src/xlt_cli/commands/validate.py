"""`xlt validate SPEC`: everything that can be checked without loading data or weights."""

from __future__ import annotations

from xlt_cli.commands.errors import note
from xlt_cli.commands.options import AsJson, Overrides, SpecFile
from xlt_cli.terminal import echo, print_json


def validate(spec_file: SpecFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Check a spec, its plugins and their parameters; --json prints it with all defaults."""
    from xlt_cli.spec import resolution as files
    from xlt_cli.spec.advice import advice
    from xlt_cli.spec.checks import check_inputs
    from xlt_cli.spec.source import read
    from xlt_cli.sweep.plan import check_points, points

    source = read(spec_file, overrides or [])
    experiment = files.resolve(source)
    spec = experiment.spec
    found = points(source)
    check_inputs(experiment, source)
    check_points(found, source)
    for line in advice(spec, source):
        note(line)
    if as_json:
        print_json(spec.model_dump(mode="json"))
        return
    stages = " -> ".join(
        f"{stage.task.name} ({', '.join(stage.languages or [])}"
        + "".join(f", {use.name}" for use in stage.perturbation)
        + ")"
        for stage in spec.stages
    )
    count = len(found) * len(spec.seeds)
    echo(f"{spec_file} is valid: {spec.encoder.name}, {stages}, {count} run(s)")
