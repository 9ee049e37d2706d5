"""Tags for the words of one's own files: no plugin to write."""

from __future__ import annotations

from pydantic import Field

from xlt_cli.api import Rows, Split, Task
from xlt_cli.problems import TokenLabelling as TokenProblem
from xlt_tasks.examples.labelling import build_sentences
from xlt_tasks.own_files import FolderParams, Names
from xlt_tasks.sources.folder import locate
from xlt_tasks.sources.table import WORDS


class TokenLabelling(Task):
    """A word and its tag a line, a blank line after each sentence."""

    api_version = 1
    name = "token-labelling"
    summary = "your own files: a tag for each word (entities, parts of speech)"
    problem = TokenProblem
    metric = "f1"

    class Params(FolderParams):
        """The files, and their tags."""

        tags: Names = Field(
            description="the tags, in order of their class ids; B-/I-/O tags are scored as entities"
        )

    params: Params

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        # Entity F1 exists for B-/I-/O tags only; the problem knows which of the two it has.
        self.metric = TokenProblem(self.params.tags).metrics[0]

    @property
    def labels(self) -> tuple[str, ...]:
        return self.params.tags

    def check(self) -> None:
        """The folder is there."""
        locate(self.params.path)

    def languages(self, split: Split) -> tuple[str, ...]:
        return locate(self.params.path).languages(split)

    def load(self, split: Split, language: str) -> Rows:
        read, tables = locate(self.params.path).read(split, language, WORDS)
        return Rows(build_sentences(tables, split, language, self.labels), read)
