"""XWinograd: what does a pronoun refer to?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from xlt_tasks.file_tasks import Choices, ChoiceTask, filled
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.jsonl import HALF_SURROGATE, has_half_surrogate
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release

SENTENCE, PRONOUN, CANDIDATES = "4", "6", "7"
AUTHORS = Columns(((SENTENCE, PRONOUN, CANDIDATES),), (CANDIDATES,), named=True)
"""The columns of the authors' file: pronoun and candidates are JSON, and the latter say which of
them is right."""


class XWinograd(ChoiceTask):
    """In a folder, rows name the pronoun, which is the question; its place is not marked. On the
    hub its place is marked by `_`. Reads one file for each language, or the authors' `dataset.tsv`
    of all languages."""

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
    releases = (
        Release(columns=Columns((("sentence", "pronoun", "candidates"),), ("label",))),
        Release({"test": "dataset.tsv"}, AUTHORS, language_column="1"),
    )
    own_codes = {"ja": "jp"}  # noqa: RUF012  (see Task)
    on_hub = OnHub(
        "Muennighoff/xwinograd",
        Release(columns=Columns((("sentence", "option1", "option2"),), ("answer",))),
        configs=True,
    )

    def row(self, cells: Mapping[str, Any]) -> Choices:
        if CANDIDATES in cells:
            return _authors(cells)
        if "pronoun" in cells:
            candidates = cells["candidates"]
            if not isinstance(candidates, list) or len(candidates) < 2:
                raise ValueError(f"the candidates are {candidates!r}, expected a list of texts")
            pronoun = filled(cells["pronoun"], "the pronoun")
            return Choices(cells["sentence"], tuple(candidates), cells["label"], pronoun)
        answer = str(cells["answer"]).strip()  # 1 or 2 there
        number = int(answer) - 1 if answer.isdecimal() else answer
        return Choices(cells["sentence"], (cells["option1"], cells["option2"]), number)


def _authors(cells: Mapping[str, Any]) -> Choices:
    """A row of the authors' file: `["it", ...]`, and `[["The trophy", ..., true], ...]`."""
    try:
        pronoun = json.loads(cells[PRONOUN])[0]
        candidates = [(text, right is True) for text, *_, right in json.loads(cells[CANDIDATES])]
    except (ValueError, TypeError, LookupError) as error:
        raise ValueError("the pronoun or the candidates are not as in the authors' file") from error
    if has_half_surrogate(cells[PRONOUN] + cells[CANDIDATES], [pronoun, candidates]):
        raise ValueError(HALF_SURROGATE)
    right = [number for number, (_, is_right) in enumerate(candidates) if is_right]
    if len(right) != 1:
        raise ValueError(f"{len(right)} of the candidates are right, expected one")
    texts = tuple(text for text, _ in candidates)
    return Choices(cells[SENTENCE], texts, right[0], filled(pronoun, "the pronoun"))
