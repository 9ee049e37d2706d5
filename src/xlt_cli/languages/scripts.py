"""The script that a language is written in."""

from __future__ import annotations

from xlt_cli.languages.forms import PRIVATE
from xlt_cli.languages.iso import shortest
from xlt_cli.languages.language import Language


def likely_script(language: Language) -> str:
    """The script that a language is written in: as stated, or the likely one; may be empty."""
    if language.script or PRIVATE.fullmatch(language.language):
        return language.script
    import langcodes

    tag = langcodes.Language.make(
        language=shortest(language.language),
        territory=language.territory if language.territory not in ("", "XX") else None,
    )
    return tag.maximize().script or ""
