"""`xlt init`: a commented spec to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.errors import SpecError, UserError
from xlt_cli.terminal import echo

if TYPE_CHECKING:
    from xlt_cli.api import Plugin

TEMPLATE = """\
# An experiment: an encoder, stages of fine-tuning, evaluations, seeds.
#   xlt validate {file}     checks it
#   xlt train {file}        trains, evaluates, and shows the zero-shot table
# Values below are the defaults unless a comment says otherwise.
# `xlt list-plugins` lists encoders, perturbations and tasks; `xlt show NAME` their parameters.

encoder: {encoder_use}        # or, with parameters: {{name: {encoder}, freeze_layers: 6}}
# max_length: 128            # tokens of an input, special ones included
# precision: auto            # bf16 on CUDA, fp32 elsewhere

stages:                      # one or more; two = intermediate-task training, then the target task
  - task: {task_use}
    # languages: [en]        # default: the task's source language
    # limit: 1000            # only the first rows; default: all
    # perturbation: null     # a robust training method; default: plain fine-tuning (ERM)
    epochs: 3
    # batch_size: 32
    learning_rate: 2e-5
    # warmup: 0.1            # fraction of the updates
    # select: best           # the best checkpoint on dev; dev is in the stage's own languages,
                             # so the selection is strictly zero-shot

evaluations:
  - split: test              # of the last stage's task, in all its languages
    # languages: [de, sw]
    # settings: [standard, generalized]   # generalized: the two texts in different languages

seeds: [1]                   # one run each; `seeds: [1, 2, 3]` for three

# sweep:                     # `xlt sweep {file}`: every combination, times the seeds
#   grid:
#     stages.0.learning_rate: [1e-5, 2e-5, 5e-5]
"""


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")] = Path(
        "experiment.yaml"
    ),
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            help="Task of the first stage. Default: the demonstration.",
            autocompletion=completion.tasks,
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            help="Encoder. Default: the one that works offline.",
            autocompletion=completion.encoders,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a commented experiment spec."""
    from xlt_cli import registry
    from xlt_cli.runs import atomic, places
    from xlt_cli.spec import suggestions

    encoder = encoder or suggestions.offline_encoder()
    task = task or suggestions.demonstration_task()
    uses = [registry.get("encoder", encoder, "--encoder"), registry.get("task", task, "--task")]
    above = file.parent.parent  # the folder of the file is created
    if not file.parent.is_dir() and not above.is_dir():
        raise SpecError("the folder does not exist", str(above), "create it, or name another")
    if file.is_dir():
        raise SpecError("this is a directory; give the name of a file", str(file))
    to_stream = places.is_stream(file)
    if file.exists() and not force and not to_stream:
        raise SpecError("the file already exists", str(file), "--force overwrites it")
    encoder_use, task_use = (_use(plugin) for plugin in uses)
    text = TEMPLATE.format(file=file, encoder=encoder, encoder_use=encoder_use, task_use=task_use)
    atomic.write_text(file, text)
    verb = "train" if all(map(_is_complete, uses)) else "validate"
    echo(f"wrote {file}; next: xlt {verb} {file}", err=to_stream)


def _is_complete(plugin: type[Plugin]) -> bool:
    """Whether a plugin needs no parameters."""
    from pydantic import ValidationError

    try:
        plugin(plugin.Params())
    except (UserError, ValidationError):
        return False
    return True


def _use(plugin: type[Plugin]) -> str:
    """A plugin as it is written in a spec, with `null` for its required parameters."""
    fields = plugin.Params.model_fields.items()
    required = [f"{name}: null" for name, field in fields if field.is_required()]
    return f"{{name: {plugin.name}, {', '.join(required)}}}" if required else plugin.name
