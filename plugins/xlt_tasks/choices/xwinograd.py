"""XWinograd: what does a pronoun refer to?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlt_tasks.file_tasks import Choices, ChoiceTask
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.release import Release


class XWinograd(ChoiceTask):
    """In a folder, rows name the pronoun, which is the question; its place is not marked. On the
    hub its place is marked by `_`, and Japanese, called jp there, is not read."""

    api_version = 1
    name = "xwinograd"
    summary = "what a pronoun refers to, in six languages"
    reference = (
        "Tikhonov and Ryabinin 2021, It's All in the Heads (Findings of ACL); "
        "hub: Muennighoff/xwinograd"
    )
    published_languages = ("en", "fr", "ja", "pt", "ru", "zh")
    licence = "Apache-2.0 (repository)"
    origin = "mixed"
    tags = ("challenge",)
    folder = "xwinograd"
    releases = (Release(columns=Columns((("sentence", "pronoun", "candidates"),), ("label",))),)
    repository = "Muennighoff/xwinograd"
    hub_release = Release(columns=Columns((("sentence", "option1", "option2"),), ("answer",)))

    def row(self, cells: Mapping[str, Any]) -> Choices:
        if "pronoun" in cells:
            candidates = cells["candidates"]
            if not isinstance(candidates, list) or len(candidates) < 2:
                raise ValueError(f"the candidates are {candidates!r}, expected a list of texts")
            return Choices(cells["sentence"], tuple(candidates), cells["label"], cells["pronoun"])
        answer = str(cells["answer"]).strip()  # 1 or 2 there
        number = int(answer) - 1 if answer.isdecimal() else answer
        return Choices(cells["sentence"], (cells["option1"], cells["option2"]), number)
