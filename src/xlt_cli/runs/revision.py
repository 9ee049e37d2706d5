"""The git revision of the working directory, asked for without running what a repository names.

A repository's configuration may name programs that git runs: a monitor of the file system, hooks,
filters of file contents, transports that fetch missing objects. A spec may be tried in a folder
that came from a stranger, so all of them are turned off.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TIMEOUT = 10
SAFE = (
    "--no-pager",
    "--no-optional-locks",  # the index is not written, and no hook told of it
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "safe.bareRepository=explicit",  # a folder that merely looks like a repository is none
)
ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}
FILTER = re.compile(r"(local|worktree)\0(filter\..*)\.(clean|smudge|process|required)", re.DOTALL)


def git_revision(directory: Path) -> dict[str, Any] | None:
    """The commit checked out in a directory and whether files differ from it; None outside git.

    Filters that the repository itself configures are not run: files behind them may count as
    modified. Those of the user's own configuration are.
    """
    try:
        commit = _git(directory, "rev-parse", "--verify", "HEAD").strip()
        status = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        changed = _git(directory, *status, settings=_without_filters(directory))
        return {"commit": commit, "modified": bool(changed.strip())}
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _without_filters(directory: Path) -> dict[str, str]:
    """Settings that turn off the filters of the repository's own configuration."""
    listed = _git(directory, "config", "--list", "--null", "--name-only", "--show-scope")
    parts = listed.split("\0")
    pairs = ["\0".join(pair) for pair in zip(parts[::2], parts[1::2], strict=False)]
    names = {match[2] for match in map(FILTER.fullmatch, pairs) if match}
    off = {"clean": "", "smudge": "", "process": "", "required": "false"}
    return {f"{name}.{key}": value for name in names for key, value in off.items()}


def _git(directory: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> str:
    """What git answers; `settings` hold before those of every file."""
    environment = {**os.environ, **ENVIRONMENT}
    # Given so and not with -c, a name may have a `=`.
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    environment["GIT_CONFIG_COUNT"] = str(first + len(settings or {}))
    for number, (name, value) in enumerate((settings or {}).items(), start=first):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return subprocess.run(
        ["git", "-C", str(directory), *SAFE, *arguments],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="surrogateescape",
        check=True,
        timeout=TIMEOUT,
        env=environment,
    ).stdout
