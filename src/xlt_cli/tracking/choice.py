"""Which trackers a process writes to: `$XLT_TRACKERS`, which processes that it starts inherit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec

from xlt_cli.errors import SpecError, UserError, did_you_mean

VARIABLE = "XLT_TRACKERS"
TRACKERS = {
    "tensorboard": "tensorboard",
    "mlflow": "mlflow",
    "wandb": "wandb",
    "trackio": "trackio",
}
"""The trackers, and the module that each needs; an extra of the same name installs it."""


def choose(names: Sequence[str]) -> None:
    """Has this process, and those that it starts, write to trackers.

    Raises:
        SpecError: one is unknown.
        UserError: its library is not installed.
    """
    os.environ[VARIABLE] = ",".join(names)
    chosen()


def chosen() -> list[str]:
    """The trackers that `$XLT_TRACKERS` names, with commas.

    Raises:
        SpecError: one is unknown.
        UserError: its library is not installed.
    """
    named = [name.strip() for name in os.environ.get(VARIABLE, "").split(",")]
    names = [name for name in dict.fromkeys(named) if name]
    for name in names:
        if name not in TRACKERS:
            hint = did_you_mean(name, TRACKERS) or f"known: {', '.join(TRACKERS)}"
            raise SpecError(f"unknown tracker '{name}'", f"--tracker, ${VARIABLE}", hint)
        if find_spec(TRACKERS[name]) is None:
            raise UserError(
                f"the tracker '{name}' is not installed",
                f"--tracker, ${VARIABLE}",
                f'pip install "xlt-cli[{name}]"',
            )
    return names
