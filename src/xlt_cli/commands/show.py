"""`xlt show PLUGIN`: a description of a plugin and its parameters."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import AsJson
from xlt_cli.errors import PluginError, did_you_mean
from xlt_cli.terminal import print_json


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="PLUGIN", help="Name of a plugin.", autocompletion=completion.plugins
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Show a plugin's parameters and how to write it in a spec."""
    from xlt_cli import registry

    kinds = [kind for kind in registry.KINDS if name in registry.names(kind)] or [
        kind for kind in registry.KINDS if name in registry.names(kind, disabled=True)
    ]
    if not kinds:
        known = [known for kind in registry.KINDS for known in registry.names(kind)]
        raise PluginError(f"unknown plugin '{name}'", "xlt show", did_you_mean(name, known))
    plugins = [(kind, registry.get(kind, name)) for kind in kinds]
    if as_json:
        print_json([_as_json(kind, plugin) for kind, plugin in plugins])
        return
    for kind, plugin in plugins:
        _print(kind, plugin)


def _as_json(kind: str, plugin: Any) -> dict[str, Any]:
    from xlt_cli import registry
    from xlt_cli.registry.inspection import spoken

    return {
        "kind": kind,
        "name": plugin.name,
        "summary": plugin.summary,
        "reference": plugin.reference,
        "languages": list(spoken(plugin) or ()) or None,
        "caveat": plugin.caveat,
        **registry.KINDS[kind].stated(plugin),
        **_at_evaluation(plugin),
        "parameters": _schema(plugin),
    }


def _at_evaluation(plugin: Any) -> dict[str, str]:
    """What a perturbation does as a condition; no other kind says so."""
    said = getattr(plugin, "at_evaluation", "")
    return {"at_evaluation": said} if said else {}


def _schema(plugin: Any) -> dict[str, Any]:
    try:
        schema: dict[str, Any] = plugin.Params.model_json_schema()
    except Exception as error:  # a stranger's annotations
        raise PluginError(
            f"the parameters of '{plugin.name}' have no JSON Schema: {error}",
            "xlt show --json",
            "omit --json",
        ) from None
    return schema


def _print(kind: str, plugin: Any) -> None:
    from rich.table import Table
    from rich.text import Text

    from xlt_cli import registry
    from xlt_cli.console.screen import stdout
    from xlt_cli.registry.inspection import spoken

    console = stdout()
    console.print(
        Text.assemble((plugin.name, "bold"), f" ({kind}): {plugin.summary}"), soft_wrap=True
    )
    for title, value in (
        ("reference", plugin.reference),
        ("languages", ", ".join(spoken(plugin) or ())),
        ("at evaluation", _at_evaluation(plugin).get("at_evaluation", "")),
        ("caveat", plugin.caveat),
        *registry.KINDS[kind].shown(plugin).items(),
    ):
        if value:
            console.print(Text(f"{title}: {value}"), soft_wrap=True)
    fields = plugin.Params.model_fields
    if not fields:
        console.print("no parameters")
    else:
        table = Table("parameter", "type", "default", "meaning", box=None, pad_edge=False)
        for field, info in fields.items():
            value = info.get_default(call_default_factory=True, validated_data={})
            default = "required" if info.is_required() else repr(value)
            table.add_row(
                Text(field),
                Text(_type(info.annotation)),
                Text(default),
                Text(info.description or ""),
            )
        console.print(table)
    required = [field for field, info in fields.items() if info.is_required()]
    example = f"{{name: {plugin.name}, {', '.join(f'{f}: ...' for f in required)}}}"
    use = example if required else plugin.name
    written = registry.KINDS[kind].written.format(kind=kind, use=use)
    console.print(Text(written), soft_wrap=True)


def _type(annotation: Any) -> str:
    """A type annotation in short form, without validators."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(inner[0])
    if origin is typing.Literal:
        return " | ".join(repr(value) for value in inner)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(_type(part) for part in inner)
    if annotation in (None, type(None), ...):
        return "..." if annotation is ... else "None"
    name = getattr(origin or annotation, "__name__", str(annotation))
    return f"{name}[{', '.join(_type(part) for part in inner)}]" if inner else name
