"""AmericasNLI: Spanish XNLI rows in indigenous languages of the Americas."""

from __future__ import annotations

from collections.abc import Callable

from xlt_cli.api import NOT_STATED, Split
from xlt_tasks.file_tasks import NOT_TRANSLATED
from xlt_tasks.nli.base import NliTask
from xlt_tasks.sources.release import Release

UNALIGNED = {"dev": ("cni", "nah", "oto"), "test": ("nah", "oto")}
"""The languages whose files lack rows, and do not say which."""


class AmericasNli(NliTask):
    """Not aligned as a whole: in some languages rows are missing, and nothing says which.

    Where ids are equal, rows are the same item. In dev the id is that of the row of `xnli` that is
    translated (`dev-17`), where `dev.xnli-lines.txt` stands beside the files; the languages that
    lack rows have ids of their own (`dev-oto-17`). In test the rows are also from XNLI's, but which
    is not known: languages with all rows share ids (`test-americas-17`).
    """

    api_version = 1
    name = "americasnli"
    summary = "natural language inference in ten indigenous languages of the Americas"
    reference = "Ebrahimi et al. 2022, AmericasNLI (ACL)"
    items = "xnli"
    source_language = "quy"
    published_languages = ("aym", "bzd", "cni", "gn", "hch", "nah", "oto", "quy", "shp", "tar")
    licence = NOT_STATED
    origin = "human-translated"
    tags = ("low-resource",)
    untranslated = NOT_TRANSLATED
    folder = "americasnli"
    releases = (Release(),)

    def row_id(self, split: Split, language: str) -> Callable[[int], str]:
        if language in UNALIGNED.get(split, ()):
            return lambda number: f"{split}-{language}-{number}"
        lines = self.companion(f"{split}.xnli-lines.txt")
        if not lines.is_file():
            return lambda number: f"{split}-americas-{number}"
        return self.listed_ids(lines, f"{split}-")
