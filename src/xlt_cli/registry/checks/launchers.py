"""Launchers: their classes."""

from __future__ import annotations

import inspect

from xlt_cli.api import Launcher
from xlt_cli.registry.checks.values import anything
from xlt_cli.registry.kinds import PluginKind

IN_THIS_PROCESS = "local"
"""The word for no launcher at all: xlt makes the runs itself, one after another."""


def fault(plugin: type[Launcher]) -> str:
    """What keeps a class from being a launcher."""
    if plugin.name == IN_THIS_PROCESS:
        return f"the name '{IN_THIS_PROCESS}' is reserved for running jobs in xlt's own process"
    here = inspect.getattr_static(plugin, "on_this_machine", False)
    if not isinstance(here, bool):
        return f"on_this_machine = {here!r} is neither True nor False"
    return ""


KIND = PluginKind(
    "launcher",
    Launcher,
    "a way to run the jobs of a sweep, each in a process of its own",
    {Launcher: {"launch": anything}},
    fault=fault,
    written="on the command line:  --launcher '{use}'",
)
