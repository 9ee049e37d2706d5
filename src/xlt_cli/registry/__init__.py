"""From entry points to plugins that are checked when they are found, made, called, and answer.

May stand here: the table of plugin kinds, finding plugins, and the checks of what they are and of
what they return. Nothing here knows a plugin by name.
"""

from xlt_cli.registry.checks import KINDS
from xlt_cli.registry.entry_points import (
    HEAVY,
    Entry,
    Stray,
    clear,
    entries,
    get,
    names,
    remember,
    source,
    strays,
)
from xlt_cli.registry.faults import fault

__all__ = [
    "HEAVY",
    "KINDS",
    "Entry",
    "Stray",
    "clear",
    "entries",
    "fault",
    "get",
    "names",
    "remember",
    "source",
    "strays",
]
