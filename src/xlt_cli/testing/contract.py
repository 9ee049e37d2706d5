"""How a check fails: what is wrong, and the part of the contract that says so."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any, NoReturn

import pytest


def broken(what: str, rule: Any) -> NoReturn:
    """Fails the test.

    Args:
        what: the plugin does, in one sentence.
        rule: the module, class, method or property of `xlt_cli.api` whose docstring states what it
            must do.
    """
    pytest.fail(f"{what}\n\n{quoted(rule)}", pytrace=False)


def quoted(rule: Any) -> str:
    """The name of a part of the contract, and its docstring."""
    stated: Any = rule.fget if isinstance(rule, property) else rule
    named = inspect.ismodule(stated)
    name = stated.__name__ if named else f"{stated.__module__}.{stated.__qualname__}"
    return f"The contract, {name}:\n" + textwrap.indent(inspect.getdoc(stated) or "", "    ")
