"""YAML files that are part of xlt and have a name, such as suites and benchmarks."""

from __future__ import annotations

from pathlib import Path

from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.shipped import experiments


def names(folder: str) -> list[str]:
    """The names of the files in a folder of `experiments`."""
    return sorted(path.stem for path in (experiments() / folder).glob("*.yaml"))


def find(name: str, folder: str, kind: str) -> Path:
    """The file of a name; of a path to a YAML file, that path.

    Args:
        kind: what such a file is called, also by the option that takes it.

    Raises:
        SpecError: there is no file of this name.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return path
    path = experiments() / folder / f"{name}.yaml"
    if not path.is_file():
        known = names(folder)
        hint = did_you_mean(name, known) or f"there are: {', '.join(known)}; or give a file"
        raise SpecError(f"there is no {kind} '{name}'", f"--{kind}", hint)
    return path
