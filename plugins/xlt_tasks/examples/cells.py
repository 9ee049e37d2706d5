"""Cells of a row as texts: JSON and Parquet have null where other files have nothing."""

from __future__ import annotations

from typing import Any


def filled(value: Any, name: str) -> Any:
    """A cell that must be neither null nor blank.

    Args:
        name: what it is, for the message: `the question`.

    Raises:
        ValueError: it is.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValueError(f"{name} is empty")
    return value


def cell_text(value: Any) -> str:
    """A cell as text; null is an empty one."""
    return "" if value is None else str(value)
