"""The copy of a published data set on the hub, as its task states it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from xlt_tasks.sources.dataset import MAIN, HubFiles, HubLayout
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.release import Release


@dataclass(frozen=True)
class OnHub:
    """A data set on the hub that has the rows of a published set.

    Attributes:
        repository: its name.
        release: how its files are named, and which columns are read.
        configs: whether the repository's configurations are languages, and say which files hold
            which split; the names of files in `release` are then not used.
        branch: the one that has the files, where that is not the main one.
        differs: what is otherwise in its rows than in the published ones, which a note with the
            results says.
    """

    repository: str
    release: Release = field(default_factory=Release)
    configs: bool = False
    branch: str = MAIN
    differs: str = ""

    def file_set(self, revision: str, untranslated: frozenset[str]) -> FileSet:
        """Its files at a branch, tag or commit; nothing is asked for yet."""
        files = HubFiles(self.repository, self.branch if revision == MAIN else revision)
        found = self.release.file_set(files, untranslated)
        if self.configs:
            return replace(found, layout=HubLayout(files, "{language}", self.release.splits))
        return found
