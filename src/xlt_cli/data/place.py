"""Where the data of a table are from, in so few words that they fit into its title."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from xlt_cli.api import Task

_HUB = re.compile(r"(?P<name>[\w.-]+(/[\w.-]+)?)@[^/]+")
"""`repository@commit`; a branch or a tag where the commit is not known."""


def place(task: Task, sources: Iterable[str]) -> str:
    """What a title says of the sources of rows; empty for a task's usual place.

    The usual place of a task is the folder of its name in $XLT_DATA_DIR, and for a task that has a
    repository of its own that repository; what was generated has none. Another folder is named by
    the last two parts of its path, another repository in full.
    """
    given = [str(value) for value in task.params.model_dump(exclude_defaults=True).values()]
    names: dict[str, None] = {}
    for source in sources:
        hub = _HUB.fullmatch(source)
        if hub:
            if hub["name"] in given:
                names[hub["name"]] = None
        elif "/" in source or os.sep in source or Path(source).exists():
            # A file, or where there are several the folder that they are in.
            folder = Path(source) if Path(source).is_dir() else Path(source).parent
            if not _usual(task, folder):
                names[_short(folder)] = None
    return ", ".join(names)


def _usual(task: Task, folder: Path) -> bool:
    base = os.environ.get("XLT_DATA_DIR")
    if not base:
        return False
    return folder.resolve().is_relative_to((Path(base).expanduser() / task.name).resolve())


def _short(folder: Path) -> str:
    """`anli/`: the path from the folder of data, or from the working directory, or all of it."""
    absolute = folder.resolve()
    bases = [os.environ.get("XLT_DATA_DIR"), "."]
    for base in (Path(base).expanduser().resolve() for base in bases if base):
        if absolute != base and absolute.is_relative_to(base):
            absolute = absolute.relative_to(base)
            break
    parts = [part for part in absolute.parts if part != absolute.anchor]
    return "/".join(parts[-2:]) + "/"
