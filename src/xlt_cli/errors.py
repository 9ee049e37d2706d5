"""Errors that a user can correct: what is wrong, where, and what to do.

A `UserError` is printed without a traceback and ends the command with exit code 2. Any other
exception is a failure of xlt, or of a plugin (`PluginFailure`), with exit code 1. This module
imports no other module of xlt.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

EXIT_FAILURE = 1
EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130


@dataclass(eq=False)
class UserError(Exception):
    """A mistake that the user can correct.

    Attributes:
        what: what is wrong, in one sentence.
        where: the file and line, the field, the plugin or the path, as precisely as known.
        hint: what to do about it.
        further: other mistakes that were found at the same time.
    """

    what: str
    where: str = ""
    hint: str = ""
    further: tuple[UserError, ...] = ()

    def __post_init__(self) -> None:
        # Exceptions are pickled and compared by their arguments.
        super().__init__(self.what, self.where, self.hint, self.further)

    def __str__(self) -> str:
        own = (self.what, self.where, self.hint)
        return "\n".join([*(part for part in own if part), *map(str, self.further)])


class DataError(UserError):
    """A data file is missing or has invalid content."""


class PluginError(UserError):
    """A plugin is unknown, broken, built for another API version, or not usable here."""


class PluginFailure(PluginError):
    """A plugin raised an exception: a fault in its code, which is the exception's cause.

    Unlike other user errors, it ends the command with exit code 1, and the traceback is kept.
    """


class SpecError(UserError):
    """The experiment spec (or an override of it) is not valid."""


class RunError(UserError):
    """A run directory is missing, busy, or not what the command needs."""


class RunTaken(RunError):
    """Another process works on the run; nothing is wrong with it."""


class DamagedFile(RunError, ValueError):
    """The content of a run's file is not what xlt wrote."""


class ResultWarning(UserWarning):
    """A note that belongs to results; the runner stores it with them."""


class OfflineError(UserError):
    """Something has to be downloaded, and the network is turned off or cannot be reached."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown `word`: the nearest known name, then all of them."""
    names = sorted(known)
    if not names:
        return ""
    nearest = near(word, names)
    guess = f"did you mean '{nearest}'? " if nearest else ""
    return f"{guess}known: {', '.join(names)}"


def near(word: str, known: Iterable[str], cutoff: float = 0.7) -> str:
    """The known name that is most similar to a word, ignoring case; empty if none is similar."""
    lowered = {name.lower(): name for name in known}
    nearest = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=cutoff)
    return lowered[nearest[0]] if nearest else ""
