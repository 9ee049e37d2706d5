"""Hints for options and arguments that a command does not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperCommand

FIRST = ("--debug", "--version")
"""Options that are given before the command."""
OTHER_NAMES: Mapping[str, str] = {
    "--output-dir": "--runs-dir",
    "--output": "--runs-dir",
    "--out-dir": "--runs-dir",
    "--save-dir": "--runs-dir",
    "--logdir": "--runs-dir",
    "--seeds": "--seed 1,2",
    "--random-seed": "--seed",
    "--gpu": "--device cuda",
    "--gpus": "--device cuda",
    "--cuda": "--device cuda",
    "--cpu": "--device cpu",
    "--no-cuda": "--device cpu",
    "--language": "--languages",
    "--lang": "--languages",
    "--langs": "--languages",
    "--test-languages": "--languages",
    "--target-languages": "--languages",
    "--silent": "--quiet",
    "--workers": "--jobs",
    "--parallel": "--jobs",
    "--num-workers": "--jobs",
    "--dry": "--dry-run",
    "--max-samples": "--limit",
    "--checkpoint": "--model",
    "--model-path": "--model",
    "--model-name-or-path": "--model",
    "--dataset": "--task",
    "--override": "--set",
}
"""Names of options in other tools."""
SPEC_OPTIONS = ("--config", "--spec", "--file", "--yaml")
SEVERAL: Mapping[str, str] = {
    "--languages": "several languages are separated by commas: --languages {values}",
    "--trained-on": "several languages are separated by commas: --trained-on {values}",
    "--seed": "several seeds are separated by commas: --seed {values}",
    "--set": "repeat --set for each field: --set {sets}",
}


class Verb(TyperCommand):
    """A command whose usage errors have a hint."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if hasattr(error, "message"):
                options = {name for param in self.params for name in param.opts}
                improve(error, ctx.command_path, options, given)
            raise


def improve(
    error: Any, command: str, options: set[str], args: Sequence[str], verbs: Sequence[str] = ()
) -> None:
    """Adds a hint to a usage error, if there is one.

    Args:
        verbs: the names of the commands, if the error is of the whole program.
    """
    name = getattr(error, "option_name", None)
    if name is not None and type(error).__name__ == "NoSuchOption":
        hint = option_hint(name, command, options)
        if command == "xlt":
            verb = next((place for place, word in enumerate(args) if word in verbs), len(args))
            rest = " ".join([*args[verb:], *args[:verb]] if args[verb:] else ["COMMAND ...", *args])
            hint = f"options of a command follow its name: xlt {rest}"
    elif "unexpected extra argument" in str(error.message):
        hint = extra_hint(args, options)
    else:
        return
    if hint:
        error.possibilities = None
        error.message = f"{error.message}\n  {hint}"


def option_hint(name: str, command: str, options: set[str]) -> str:
    """The hint for an option that a command does not have; may be empty."""
    from xlt_cli.errors import near
    from xlt_cli.spec.foreign_names import remark

    key = name.lower().replace("_", "-")
    if key in FIRST:
        return f"{key} goes before the command: xlt {key} {command.partition(' ')[2]} ..."
    spec = "--set" in options
    if spec and key in SPEC_OPTIONS:
        return f"the spec is an argument: {command} SPEC"
    other = OTHER_NAMES.get(key, "")
    if other.partition(" ")[0] in options:
        return f"use {other} instead"
    if near(key, options, cutoff=0.8):
        return ""
    if spec:
        path = _field(key.lstrip("-").replace("-", "_"))
        if path:
            return f"fields of the spec are set with --set {path}=VALUE"
    return remark(key)


def extra_hint(args: Sequence[str], options: set[str]) -> str:
    """The hint for an unexpected argument; may be empty."""
    for position, argument in enumerate(args):
        if argument not in SEVERAL or argument not in options:
            continue
        values: list[str] = []
        for value in args[position + 1 :]:
            if value.startswith("-"):
                break
            values.append(value)
        if len(values) > 1:
            sets = " --set ".join(values)
            return SEVERAL[argument].format(values=",".join(values), sets=sets)
    if "--set" in options:
        fields = [argument for argument in args if "=" in argument and argument[0] != "-"]
        if fields:
            return f"fields of the spec are set with --set {fields[-1]}"
        return "give one spec"
    return ""


def _field(name: str) -> str:
    """The path of a spec's field by its own or a foreign name; empty if it is none."""
    from xlt_cli.spec.hints import path_of

    return path_of(name)
