"""The journal of a search, in which Optuna keeps its studies.

    RUNS/.search/NAME/journal.log    NAME is that of the spec; one study for each point

It is added to line by line, so that nothing is lost when the driver is killed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.errors import RunError
from xlt_cli.search.sampling import optuna

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, JournalStorage

FOLDER = ".search"
JOURNAL = "journal.log"


def storage(folder: Path, *, writes: bool) -> JournalStorage:
    """The journal of a search.

    Args:
        writes: whether this process is the one that writes: a torn last line of a killed writer is
            removed, and so is its lock.

    Raises:
        UserError: Optuna is not installed.
    """
    storages = optuna().storages
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    path = folder / JOURNAL
    lock = JournalFileOpenLock(str(path))
    if writes:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{JOURNAL}.lock").unlink(missing_ok=True)
        _drop_torn_line(path)
    made: JournalStorage = storages.JournalStorage(JournalFileBackend(str(path), lock))
    return made


def in_memory() -> BaseStorage:
    """Trials that nobody keeps.

    Raises:
        UserError: Optuna is not installed.
    """
    made: BaseStorage = optuna().storages.InMemoryStorage()
    return made


def names(storage: BaseStorage) -> list[str]:
    """The studies in a journal."""
    return [study.study_name for study in storage.get_all_studies()]


def _drop_torn_line(path: Path) -> None:
    """Removes what a killed writer has left of a line."""
    if not path.exists():
        return
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)
    whole = content[: content.rfind(b"\n") + 1]
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            json.loads(line)
        except ValueError:
            raise RunError(
                "the journal of the search is damaged",
                f"{path}:{number}",
                "restore it from a copy, or give the search another name",
            ) from None
