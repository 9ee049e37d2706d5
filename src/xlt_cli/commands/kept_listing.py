"""What `xlt list-plugins` shows, kept in the user's cache: importing all plugins takes longer than
the rest of the command.

A listing is used only if nothing has changed that it was made from: the metadata of all installed
distributions, the folders that Python searches, every file of the plugins' packages, and every
module that was imported with them. Listings with a broken plugin are not kept, nor are those made
from files that were changed after, or just before, this process began.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, TypedDict

from xlt_cli.errors import DamagedFile, UserError
from xlt_cli.runs import atomic
from xlt_cli.runs.file_states import COARSE_STEP, below, state_of
from xlt_cli.user_cache import entries, user_cache
from xlt_cli.version import __version__

FOLDER = "plugins"
"""In the user's cache."""

_MOST = 8
"""Listings that are kept; the oldest go."""

_COLUMNS = frozenset({"kind", "name", "summary", "status", "error", "warnings"})
_METADATA = ("METADATA", "PKG-INFO", "entry_points.txt")
_COMPILED = frozenset({"__pycache__"})
_ABSENT = "absent"


class Listing(TypedDict):
    """What is shown of the installed plugins.

    Attributes:
        rows: of all kinds and plugins, as `--json` prints them.
        shown: by kind, the name and cells of each plugin, for kinds with columns of their own.
    """

    rows: list[dict[str, Any]]
    shown: dict[str, list[tuple[str, dict[str, str]]]]


def read() -> Listing | None:
    """The kept listing; None where there is none of what is installed now."""
    if not _can_be_kept():
        return None
    try:
        record = atomic.read_json(_file())
        if record is None or record["of"] != _environment():
            return None
        if any(_state(path) != state for path, state in record["states"].items()):
            return None
        shown = {
            kind: [(str(name), dict(cells)) for name, cells in found]
            for kind, found in record["shown"].items()
        }
        rows = [dict(row) for row in record["rows"]]
        if not all(row.keys() >= _COLUMNS for row in rows):
            return None
        return {"rows": rows, "shown": shown}
    except (OSError, UserError, DamagedFile, AttributeError, KeyError, TypeError, ValueError):
        return None  # another's file, or what is left of one


def keep(listing: Listing) -> None:
    """Keeps a listing that this process has just made by importing all plugins."""
    broken = any(row["status"] != "ok" or row["error"] for row in listing["rows"])
    if broken or not _can_be_kept():
        return
    targets = {row["target"].partition(":")[0].partition(".")[0] for row in listing["rows"]}
    with contextlib.suppress(OSError, UserError):
        environment = _environment()
        paths = sorted({*_modules(), *_packages(targets)})
        before = _began() - COARSE_STEP
        if any(_changed(path) > before for path in (*paths, *environment["installed"])):
            return
        states = {path: _state(path) for path in paths}
        atomic.write_json(_file(), {"of": environment, "states": states, **listing})
        kept = entries(_file().parent)
        for path in sorted(kept, key=lambda path: path.stat().st_mtime)[:-_MOST]:
            path.unlink(missing_ok=True)


def _can_be_kept() -> bool:
    """Whether all that decides what is installed is looked at here."""
    others = [f for f in sys.meta_path if f is not PathFinder and hasattr(f, "find_distributions")]
    return not os.environ.get("XLT_DISABLE_PLUGINS") and not others


def _file() -> Path:
    """One for each environment of Python, and each list of folders that it searches."""
    searched = "\n".join([sys.prefix, *sys.path]).encode("utf-8", "surrogateescape")
    return user_cache() / FOLDER / f"{hashlib.sha256(searched).hexdigest()[:16]}.json"


def _environment() -> dict[str, Any]:
    """The interpreter, and the state of all that it searches for distributions."""
    states = {}
    for folder in sys.path:
        states[folder] = _state(folder)
        for path in _distributions(folder):
            states.update({f"{path}/{name}": _state(f"{path}/{name}") for name in _METADATA})
    return {
        "xlt": __version__,
        "python": [platform.python_version(), sys.executable, sys.prefix],
        "path": list(sys.path),
        "installed": states,
    }


def _distributions(folder: str) -> Iterator[str]:
    """The folders, or files, of the metadata of what is installed in a folder."""
    with contextlib.suppress(OSError), os.scandir(folder or ".") as found:
        for entry in found:
            if entry.name.endswith((".dist-info", ".egg-info")):
                yield entry.path


def _modules() -> Iterator[str]:
    """The files of all modules that are imported."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and os.path.isabs(file):  # some that no file has say `_ops.py`
            yield file


def _packages(names: Iterable[str]) -> Iterator[str]:
    """The folders and files of packages: those that are not modules may be read by one."""
    for name in names:
        for folder in getattr(sys.modules.get(name), "__path__", ()):
            yield str(folder)
            for path in below(folder, _COMPILED):
                yield str(path)
                yield str(path.parent)


def _state(path: str) -> str:
    try:
        return state_of(path or ".")
    except OSError:
        return _ABSENT


def _changed(path: str) -> int:
    """When a file, or what is recorded of it, was changed, in nanoseconds; 0 if there is none."""
    try:
        about = os.stat(path)
    except OSError:
        return 0
    return max(about.st_mtime_ns, about.st_ctime_ns)


def _began() -> int:
    """When this process began, in nanoseconds."""
    import psutil

    return int(psutil.Process().create_time() * 1e9)
