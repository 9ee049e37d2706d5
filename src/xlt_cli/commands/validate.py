"""`xlt validate SPEC`: everything that can be checked without loading data or weights."""

from __future__ import annotations

from xlt_cli.commands.errors import note
from xlt_cli.commands.options import AsJson, Overrides, SpecFile
from xlt_cli.terminal import echo, print_json


def validate(spec_file: SpecFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Check a spec, its plugins and their parameters; --json prints it with all defaults."""
    from xlt_cli import Experiment

    experiment = Experiment.from_file(spec_file, overrides or [])
    count, remarks = experiment.size, experiment.check()
    for line in remarks:
        note(line)
    spec = experiment.spec
    if as_json:
        print_json(spec)
        return
    stages = " -> ".join(
        f"{stage['task']['name']} ({', '.join(stage['languages'])}"
        + "".join(f", {use['name']}" for use in stage["perturbation"])
        + ")"
        for stage in spec["stages"]
    )
    echo(f"{spec_file} is valid: {spec['encoder']['name']}, {stages}, {count} run(s)")
