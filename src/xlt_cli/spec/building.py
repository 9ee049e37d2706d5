"""From a plugin's name and parameters to an instance of it."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xlt_cli import registry
from xlt_cli.api import Condition, Encoder, Perturbation, Plugin, PluginUse, Task
from xlt_cli.errors import PluginError, SpecError, UserError
from xlt_cli.registry.calls import Call, calling
from xlt_cli.registry.checks.tasks import check_task
from xlt_cli.registry.guard import make
from xlt_cli.spec import opened_names
from xlt_cli.spec.hints import for_plugin
from xlt_cli.spec.parts import parts_of
from xlt_cli.spec.source import Source
from xlt_cli.spec.values import validated
from xlt_cli.spec.yaml_lines import Document, Loc


def build(use: PluginUse, kind: str, where: str = "") -> Plugin:
    """A plugin of a stored spec, with its parameters.

    Raises:
        PluginError: it is unknown or broken, or does not take parameters that it once took.
    """
    plugin = registry.get(kind, use.name, where)
    call = Call(plugin, "Params", (use.params,))
    try:
        with calling(call, passing=(ValidationError,)):
            params = plugin.Params.model_validate(use.params)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, single['loc']))}: {single['msg']}"
            for single in error.errors(include_url=False)
        )
        raise PluginError(
            f"{call.who} does not accept the parameters of this spec: {faults}",
            where,
            "the spec was written for another version of it: install that version, or start again",
        ) from None
    made = typing.cast(Plugin, make(plugin, params))
    if parts := list(parts_of(params)):
        made.parts = {name: build(part, of_kind, where) for name, of_kind, part in parts}
    return made


def build_encoder(use: PluginUse) -> Encoder:
    """The encoder of a stored spec."""
    return typing.cast(Encoder, build(use, "encoder"))


def build_task(use: PluginUse) -> Task:
    """A task of a stored spec."""
    return typing.cast(Task, build(use, "task"))


def build_perturbation(use: PluginUse) -> Perturbation:
    """A perturbation of a stored spec."""
    return typing.cast(Perturbation, build(use, "perturbation"))


def build_condition(use: PluginUse) -> Condition:
    """A condition of a stored spec, with the plugins that it names."""
    return typing.cast(Condition, build(use, "condition"))


def build_written(use: PluginUse, kind: str, loc: Loc, source: Source) -> Plugin:
    """A plugin of a spec as it is written; the defaults of its parameters are filled in.

    Raises:
        PluginError: it is unknown or broken.
        SpecError: a parameter is wrong; the error names its line.
    """
    if kind == "encoder":
        opened_names.resolve(use, source.where(loc))
    try:
        plugin = registry.get(kind, use.name)
    except PluginError as error:
        where = f"{source.where(loc)}\n{error.where}".strip()
        hint = for_plugin(use.name, kind) or error.hint
        raise PluginError(error.what, where, hint) from None
    try:
        with calling(Call(plugin, "Params", (use.params,))):
            params = validated(plugin.Params, use.params, source, loc, plugin.name)
    except SpecError:
        raise
    except UserError as error:
        raise _at(error, source.where(loc)) from error.__cause__
    parts = {
        name: build_written(part, of_kind, (*loc, name), source)
        for name, of_kind, part in parts_of(params)
    }
    try:
        with calling(Call(plugin, "Params", (use.params,))):
            use.__pydantic_extra__ = params.model_dump(mode="json")
        made = typing.cast(Plugin, make(plugin, params))
        if parts:
            made.parts = parts
        if isinstance(made, Task):
            check_task(made)
        return made
    except SpecError:
        raise
    except UserError as error:
        raise _at(error, source.where(loc)) from error.__cause__


def _at(error: UserError, where: str) -> UserError:
    """The error with its place in the spec before the place that it names itself."""
    return replace(error, where=f"{where}\n{error.where}".strip())


def checkpoint_encoder(use: PluginUse, of_checkpoint: Mapping[str, Any]) -> Encoder:
    """The plugin that opens a checkpoint, with the parameters that are given for it.

    Args:
        of_checkpoint: parameters that the checkpoint stands for, where the plugin has them.

    Raises:
        PluginError: it is unknown, or cannot do without parameters.
        SpecError: a parameter is wrong.
    """
    plugin = registry.get("encoder", use.name, "--encoder")
    known = plugin.Params.model_fields
    given = {name: value for name, value in of_checkpoint.items() if name in known} | use.params
    required = [name for name, field in known.items() if field.is_required()]
    missing = [name for name in required if name not in given]
    if missing:
        raise PluginError(
            f"the encoder '{use.name}' cannot open a checkpoint without parameters: "
            f"{', '.join(missing)}",
            "--encoder",
            "give them with the name: --encoder '{name: ..., ...}'",
        )
    source = Source(Document(Path("--encoder"), use.model_dump(), {}), "")
    params = validated(plugin.Params, given, source, (), plugin.name)
    return typing.cast(Encoder, make(plugin, params))
