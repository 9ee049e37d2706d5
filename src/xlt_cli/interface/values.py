"""Plain values of Python in the forms that specs and the command line have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.interface.requests import Written

Overrides = Mapping[str, Any] | Iterable[str]
"""Values by the paths of fields, or texts as `--set` takes them."""


def as_set(overrides: Overrides) -> list[str]:
    """Overrides as `--set` takes them."""
    if isinstance(overrides, str):
        return [overrides]
    if not isinstance(overrides, Mapping):
        return list(overrides)
    return [f"{path}={as_json(value, indent=None)}" for path, value in overrides.items()]


def as_yaml(written: Written | None) -> str | None:
    """A name, or a mapping on one line."""
    return as_json(written, indent=None) if isinstance(written, Mapping) else written


def as_json(value: Any, indent: int | None = 2) -> str:
    """Plain values as JSON, which YAML contains; paths are texts.

    Raises:
        SpecError: there is another kind of value among them.
    """

    def plain(other: Any) -> Any:
        if isinstance(other, Path):
            return str(other)
        if isinstance(other, Mapping):
            return dict(other)
        if isinstance(other, Iterable):
            return list(other)
        raise SpecError(f"a spec has no {type(other).__name__} ({other!r})", "experiment")

    return json.dumps(value, default=plain, ensure_ascii=False, indent=indent)
