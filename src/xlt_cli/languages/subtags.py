"""Tags of BCP 47 and what data sets write in their way, as languages."""

from __future__ import annotations

import re

from xlt_cli.languages.iso import individual, macrolanguage_of
from xlt_cli.languages.language import Language

_REGIONS = ("xx", "uk", "cs", "yu", "su")
"""Regions that are written and that no registry has, or none any more."""

_SCRIPT = re.compile(r"[a-z]{4}")
_TERRITORY = re.compile(r"[a-z]{2}|[0-9]{3}")


def parsed(code: str, tag: str) -> Language | None:
    """The language of a tag; its further subtags may be what BCP 47 does not know."""
    primary, *rest = tag.split("-")
    known = individual(primary)
    if known is None:
        return None
    if rest and len(rest[0]) == 3 and rest[0].isalpha():
        extended = individual(rest[0])  # `zh-yue`: a language within a macrolanguage
        if extended is not None and extended != known and macrolanguage_of(extended) == known:
            known, rest = extended, rest[1:]
    script = territory = ""
    if rest and _SCRIPT.fullmatch(rest[0]):
        script = rest.pop(0).title()
    if rest and _TERRITORY.fullmatch(rest[0]):
        territory = rest.pop(0).upper()
        if _is_another_language(territory.lower(), known):
            return None  # `hi-en` is text in two languages
    return Language(code, known, macrolanguage_of(known), script, territory, "-".join(rest))


def _is_another_language(subtag: str, known: str) -> bool:
    """Whether what stands in the place of a region is no region and another language."""
    import langcodes

    if subtag in _REGIONS or langcodes.Language.make(territory=subtag.upper()).is_valid():
        return False
    other = individual(subtag)
    return other is not None and macrolanguage_of(other) != macrolanguage_of(known)
