"""The device that a command works with, and the faster ways of working with it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from xlt_cli.compute import runtime
from xlt_cli.compute.runtime import Runtime


def start(device: str, precision: str, plain: bool = False) -> Runtime:
    """Takes hold of a device.

    Args:
        plain: `--plain`: every update and prediction by the textbook. A stage that was begun
            otherwise goes on as it began.

    Raises:
        UserError: the device is unknown or not there.
    """
    there = find_spec("xlt_cli.speed") is not None
    return runtime.start(device, precision, plain, _speed if there else None)


def _speed() -> Any:
    from xlt_cli.speed import hooks

    return hooks
