"""What results are grouped by: the family, the script and the resource class of a language."""

from __future__ import annotations

from dataclasses import dataclass

from xlt_cli.languages.reading import lookup
from xlt_cli.languages.scripts import likely_script


@dataclass(frozen=True)
class Facts:
    """What is known of the language of a code; None where nothing is known.

    Attributes:
        language: its code in ISO 639-3.
        family: the top-level family of Glottolog, or the language's own name if it is an isolate.
        script: ISO 15924: as the code states it, or the usual one.
        resource: the class of Joshi et al. (2020), from 0 (least resources) to 5.
    """

    language: str | None
    family: str | None
    script: str | None
    resource: int | None


FACTS = ("family", "script", "resource", "language")
"""The facts by name, in the order in which tables have them."""


def facts_of(code: str) -> Facts:
    """The facts of the language that a code or a name stands for; an unknown code has none."""
    language = lookup(code)
    if language is None:
        return Facts(None, None, None, None)
    script = likely_script(language) or None
    return Facts(language.language, language.family, script, language.resource_class)
