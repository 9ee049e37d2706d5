"""Writes the parts of docs/reference that are made from the code.

    python scripts/docs_reference.py            # writes them
    python scripts/docs_reference.py --check    # exit code 1 if one of them is not current

docs/reference/cli.md         commands, from Typer
docs/reference/spec.md        the tables between the `generated` comments, from the spec's models
docs/reference/parameters.md  the plugins that come with xlt, and their parameters
docs/reference/tasks.md       the data sets among them, and what is to be known of them
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from xlt_cli import registry
from xlt_cli.api import TAGS
from xlt_cli.cli import app
from xlt_cli.registry.inspection import spoken
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.written import PluginUse

DOCS = Path(__file__).parents[1] / "docs" / "reference"
BEGIN, END = "<!-- generated: fields -->", "<!-- end of generated -->"
NOTE = "<!-- Written by scripts/docs_reference.py; `make docs-reference` writes it anew. -->"
SHIPPED = "xlt-cli"


def main() -> int:
    """Writes or checks all pages."""
    stale = [name for name, text in pages().items() if (DOCS / name).read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"{DOCS / name} is not current: run `make docs-reference`")
        return 1 if stale else 0
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8")
    return 0


def pages() -> dict[str, str]:
    """The pages by their names in docs/reference."""
    spec = (DOCS / "spec.md").read_text("utf-8")
    before, rest = spec.split(BEGIN)
    _, after = rest.split(END)
    fields = "\n\n".join(_model(model) for model in _models(ExperimentSpec))
    return {
        "cli.md": _commands(),
        "spec.md": f"{before}{BEGIN}\n\n{fields}\n\n{END}{after}",
        "parameters.md": _plugins(),
        "tasks.md": _tasks(),
    }


def _commands() -> str:
    command: Any = typer.main.get_command(app)
    intro = (
        "Every command takes `--help`. Exit codes: 0, success; 1, a failure; 2, bad input (the "
        "message says what is wrong and where); 130, interrupted."
    )
    parts = ["# Commands", NOTE, intro, *_command("xlt", command, None, 1)]
    return _joined(parts)


def _command(name: str, command: Any, parent: Any, level: int) -> Iterator[str]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    if parent is not None:
        yield f"{'#' * level} {context.command_path}"
        yield _escaped(inspect.cleandoc(command.help or ""))
        yield f"```console\n{_usage(command, context)}\n```"
    records = [_record(parameter, context) for parameter in command.params]
    rows = [(f"`{names}`", text) for names, text in filter(None, records) if text]
    if rows:
        yield _table(("argument or option", "meaning"), rows)
    # Those of plugins are made when they are asked for.
    for child in command.list_commands(context) if hasattr(command, "list_commands") else []:
        found = command.get_command(context, child)
        if not found.hidden:
            yield from _command(child, found, context, level + 1)


def _usage(command: Any, context: Any) -> str:
    """The line that begins the help; arguments are written alike with every version of typer."""
    if hasattr(command, "list_commands"):
        return " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    names = []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = parameter.metavar or parameter.name.upper()
            names.append(name if parameter.required or "[" in name else f"[{name}]")
    return " ".join((context.command_path, "[OPTIONS]", *names))


def _record(parameter: Any, context: Any) -> tuple[str, str] | None:
    if "--help" in parameter.opts:
        return None
    record: tuple[str, str] | None = parameter.get_help_record(context)
    if record is not None and parameter.param_type_name == "argument":
        return parameter.metavar or parameter.name.upper(), record[1]
    return record


def _models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The spec's models, each once, in the order in which the fields name them."""
    seen = {model: None}
    for field in model.model_fields.values():
        for part in _parts(field.annotation):
            if inspect.isclass(part) and issubclass(part, BaseModel) and part is not PluginUse:
                seen |= dict.fromkeys(_models(part))
    return list(seen)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in typing.get_args(annotation):
        yield from _parts(argument)


def _model(model: type[BaseModel]) -> str:
    about = inspect.cleandoc(model.__doc__ or "")
    rows = [_field(name, field) for name, field in model.model_fields.items()]
    return (
        f"### {_title(model)}\n\n{about}\n\n{_table(('field', 'type', 'default', 'meaning'), rows)}"
    )


def _title(model: type[BaseModel]) -> str:
    if model is ExperimentSpec:
        return "The spec"
    return re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__).capitalize()


def _field(name: str, field: FieldInfo) -> tuple[str, ...]:
    return f"`{name}`", _escaped(_type(field.annotation)), _default(field), field.description or ""


def _type(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(a) for a in arguments if a is not type(None))
    if origin is list or origin is tuple:
        return f"list of {_type(arguments[0])}" if arguments else "list"
    if origin is dict:
        return "mapping"
    if inspect.isclass(annotation):
        if issubclass(annotation, Enum):
            return ", ".join(f"`{value.value}`" for value in annotation)
        if annotation is PluginUse:
            return "plugin"
        if issubclass(annotation, BaseModel):
            return (
                f"[{_title(annotation).lower()}](#{_title(annotation).lower().replace(' ', '-')})"
            )
        return {str: "text", int: "integer", float: "number", bool: "`true`, `false`"}.get(
            annotation, annotation.__name__.lower()
        )
    return "any"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined:
        value = field.default_factory() if field.default_factory else None  # type: ignore[call-arg]
    if value is None:
        return ""
    if value == []:
        return "none"
    if isinstance(value, BaseModel) or (isinstance(value, list) and _holds_models(value)):
        return "its defaults"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (list, tuple)):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _holds_models(values: list[Any]) -> bool:
    return any(isinstance(value, BaseModel) for value in values)


def _plugins() -> str:
    intro = (
        "The plugins that come with xlt. `xlt list-plugins` also lists those of other "
        "distributions, and `xlt show NAME` prints the same as this page."
    )
    parts = ["# Plugins and their parameters", NOTE, intro]
    for kind in registry.KINDS:
        first_with: dict[str, str] = {}
        sections: list[str] = []
        for entry in registry.entries(kind):
            if entry.plugin is not None and registry.source(kind, entry.name)[0] == SHIPPED:
                sections += _plugin(entry.plugin, first_with)
        if sections:
            parts += [f"## Kind: {kind}", *sections]
    return _joined(parts)


def _tasks() -> str:
    """The page of tasks, family by family."""
    intro = (
        "The data sets that xlt reads, by what their labels tell. None of the data comes with xlt: "
        "`path` of a task names a folder "
        "([Adding a task](../adding-a-task.md#where-the-files-are)), and those whose reference "
        "names a data set of the hub are also fetched from there "
        "([published sets on the hub](data.md#published-sets-on-the-hub)). "
        "`xlt list-plugins --kind task --json` and `xlt show NAME` say the same, "
        "with all languages."
    )
    families: dict[str, list[Any]] = {}
    for entry in registry.entries("task"):
        task: Any = entry.plugin
        if task is not None and task.family and registry.source("task", entry.name)[0] == SHIPPED:
            families.setdefault(task.family, []).append(task)
    parts = ["# Tasks", NOTE, intro]
    for family, tasks in sorted(families.items()):
        head = ("task", "what it is", "languages", "aligned", "origin", "tags", "licence", "source")
        parts += [f"## Family: {family}", _table(head, [_task(task) for task in tasks])]
        parts += ["\n".join(f"- `{task.name}`: {_about(task)}" for task in tasks)]
    tags = [(f"`{tag}`", meaning) for tag, meaning in TAGS.items()]
    parts += ["## Tags", _table(("tag", "meaning"), tags)]
    return _joined(parts)


def _about(task: Any) -> str:
    """What the class's docstring says, on one line."""
    return " ".join(inspect.cleandoc(task.__doc__ or "").split())


def _task(task: Any) -> tuple[str, ...]:
    said = registry.KINDS["task"].shown(task)
    words = ("languages", "aligned", "origin", "tags", "licence")
    summary = task.summary[:1].upper() + task.summary[1:]
    caveat = f" Caveat: {task.caveat}." if task.caveat else ""
    about = f"{summary.rstrip('.')}{'' if summary.endswith('?') else '.'}{caveat}"
    return (f"`{task.name}`", about, *(said[word] for word in words), task.reference)


def _plugin(plugin: Any, first_with: dict[str, str]) -> Iterator[str]:
    """A plugin's section; a table that another plugin has as well is shown once."""
    yield f"### {plugin.name}"
    summary = plugin.summary[:1].upper() + plugin.summary[1:]
    about = [summary if summary.endswith((".", "?")) else f"{summary}."]
    if plugin.reference:
        about.append(f"Reference: {plugin.reference.rstrip('.')}.")
    if plugin.caveat:
        about.append(f"Caveat: {plugin.caveat.rstrip('.')}.")
    if spoken(plugin):
        about.append(f"Languages: {', '.join(spoken(plugin) or ())}.")
    yield _escaped(" ".join(about))
    rows = [_field(name, field) for name, field in plugin.Params.model_fields.items()]
    table = _table(("parameter", "type", "default", "meaning"), rows) if rows else "No parameters."
    first = first_with.setdefault(table, plugin.name)
    shared = f"Parameters: as those of [{first}](#{first})."
    yield table if not rows or first == plugin.name else shared


def _table(head: tuple[str, ...], rows: list[Any]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in lines)


def _cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).replace("|", "\\|")


def _escaped(text: str) -> str:
    """Angle brackets and underscores outside of code would be read as markup."""
    return text.replace("<", "&lt;")


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


if __name__ == "__main__":
    sys.exit(main())
