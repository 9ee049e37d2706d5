"""Calls into plugins: an exception in one names the plugin, the call and the line."""

from __future__ import annotations

import reprlib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from xlt_cli.api import Batch, Example, Plugin, Seam
from xlt_cli.errors import PluginError, PluginFailure, UserError
from xlt_cli.registry.origins import origin_of

OURS = "xlt_cli"
FAILED = "this is a fault of the plugin; `xlt --debug ...` and a run's error.txt show the traceback"
BROKEN = "this is a fault of the plugin; docs/plugins.md describes what each method returns"

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


@dataclass(slots=True)  # not frozen: one is made for each example
class Call:
    """A call of a method of a plugin.

    Attributes:
        plugin: the class.
        arguments: None where `method` is an attribute.
        owner: the instance, if there is one.
    """

    plugin: type[Plugin]
    method: str
    arguments: Sequence[Any] | None = ()
    owner: Plugin | None = None

    def __str__(self) -> str:
        if self.arguments is None:
            return self.method
        return f"{self.method}({', '.join(map(_shown, self.arguments))})"

    @property
    def who(self) -> str:
        """Kind and name of the plugin, and the distribution that it comes from."""
        origin = origin_of(self.plugin)
        name = f"{self.plugin.plugin_kind} '{self.plugin.name}'"
        return name + (f" ({origin})" if origin else "")

    def failed(self, error: BaseException) -> PluginFailure:
        """The error for an exception that the call raised."""
        line, path = _place(error, self.plugin)
        return PluginFailure(
            f"{self.who} failed in {self}: {type(error).__name__}: {error}".rstrip(": ")
            + (f" at {line}" if line else ""),
            path,
            FAILED,
        )

    def wrong(self, returned: object, expected: str) -> PluginError:
        """The error for a value that the call may not return."""
        return self.refused(f"returned {described(returned)}; expected {expected}")

    def refused(self, what: str) -> PluginError:
        """The error for whatever else is wrong with what the call returned."""
        return PluginError(f"{self.who}: {self} {what}", _source(self.plugin), BROKEN)


class calling:
    """Turns an exception of a plugin into an error that names it; what it meant for users passes.

    Args:
        passing: exceptions that pass as well.

    Raises:
        PluginFailure: for any exception but a UserError.
    """

    __slots__ = ("call", "passing")

    def __init__(self, call: Call, passing: tuple[type[Exception], ...] = ()) -> None:
        self.call, self.passing = call, passing

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, (UserError, *self.passing)):
            return
        if isinstance(error, Exception | SystemExit):
            raise self.call.failed(error) from error


def described(value: object) -> str:
    """A value in an error: its type, and what else tells it from the right one."""
    if value is None:
        return "None"
    if isinstance(value, str | int | float):
        return f"{type(value).__name__} {_short.repr(value)}"
    shape = getattr(value, "shape", None)
    if shape is not None and hasattr(value, "dtype"):
        grad = "" if getattr(value, "requires_grad", True) else ", without a gradient"
        return f"a {type(value).__name__} of shape {list(shape)}, {value.dtype}{grad}"
    name = type(value).__name__
    article = "an" if name[:1] in "AEIOUaeiou" else "a"
    if isinstance(value, list | tuple | set | frozenset | dict):
        return f"{article} {name} of {len(value)}"
    return f"{article} {name}"


def _shown(argument: object) -> str:
    """An argument as it stands in an error."""
    if isinstance(argument, Example):
        return example_name(argument)
    if isinstance(argument, Seam):
        return f"seam of {len(argument.batch)} examples"
    if isinstance(argument, Batch):
        return f"batch of {len(argument)} examples"
    if isinstance(argument, Path):
        return repr(str(argument))
    if isinstance(argument, BaseModel):
        return ", ".join(f"{name}={_short.repr(value)}" for name, value in argument)
    if hasattr(argument, "requires_grad") and hasattr(argument, "shape"):
        return f"tensor of shape {list(argument.shape)}"
    if isinstance(argument, str | int | float | bool | dict | None):
        return _short.repr(argument)
    return f"<{type(argument).__name__}>"


def example_name(example: Example) -> str:
    """An example, by its id and its language."""
    return f"example '{example.id}' ({'-'.join(map(str, example.languages))})"


def _place(error: BaseException, plugin: type[Plugin]) -> tuple[str, str]:
    """Where an exception arose, shortly and in full: the last line of the plugin's own code,
    or of code that is not ours."""
    packages = {base.__module__.partition(".")[0] for base in plugin.__mro__} - {
        OURS, "abc", "builtins", "typing",
    }  # fmt: skip
    own, others = "", ""
    shortly = {"": ""}
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        top = module.partition(".")[0]
        path = f"{frame.f_code.co_filename}:{line}"
        file = Path(frame.f_code.co_filename).name
        shortly[path] = f"{'/'.join([*module.split('.')[:-1], file])}:{line}"
        if top in packages:
            own = path
        elif top != OURS and top != "contextlib":
            others = path
    path = own or others
    return shortly[path], path


def _source(plugin: type[Plugin]) -> str:
    """Where the plugin's class is."""
    return f"{plugin.__module__}:{plugin.__qualname__}"
