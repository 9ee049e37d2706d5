"""What names noisy rows: all that they are made of, so that another name means other rows."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
import unicodedata
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from xlt_cli import registry
from xlt_cli.api import Condition, PluginUse, Problem
from xlt_cli.spec.parts import every_use

FORMAT = 1
"""Of kept rows, and of how they and their changes are made."""


def name_of(use: PluginUse, condition: Condition, problem: Problem, rows: dict[str, Any]) -> str:
    """A hash of a condition, of what it works with, and of the rows.

    Args:
        rows: what tells the rows from all others: hash, language, limit.
    """
    plugins = [(kind, registry.get(kind, part.name)) for kind, part in every_use("condition", use)]
    content = {
        "format": FORMAT,
        "condition": use.model_dump(mode="json"),
        "fingerprint": condition.fingerprint(),
        "plugins": [
            [kind, plugin.name, plugin.version, _sources(plugin.__module__)]
            for kind, plugin in plugins
        ],
        "environment": _environment(),
        "problem": [problem.name, list(problem.labels), problem.scoring],
        "rows": rows,
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _sources(module: str) -> str:
    """A hash of the code of a plugin: its module, and those that stand beside it in its package."""
    loaded = sys.modules.get(module)
    file = Path(getattr(loaded, "__file__", None) or "")
    if not file.is_file():
        return ""
    files = sorted(file.parent.glob("*.py")) if getattr(loaded, "__package__", "") else [file]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@functools.cache
def _environment() -> str:
    """A hash of the versions of Python, of its Unicode data and of all installed libraries: noise
    may be made with any of them."""
    installed = sorted(f"{d.metadata['Name']} {d.version}" for d in distributions())
    about = [sys.version, unicodedata.unidata_version, *installed]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()
