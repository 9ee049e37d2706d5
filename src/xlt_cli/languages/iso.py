"""Codes of ISO 639: forms of one language, macrolanguages and their members."""

from __future__ import annotations

import functools

COLLECTIONS = {
    "nah": "azd azn azz naz nch nci ncj ncl ncx ngu nhc nhe nhg nhi nhk nhm nhn nhp nhq nht nhv "
    "nhw nhx nhy nhz nln nlv npl nsu nuz",
    "oto": "ote otl otm otn otq ots ott otx otz",
}
"""Collections (ISO 639-5) that data sets use as if they were languages, and their members: the
entries of IANA's language subtag registry that are named Nahuatl and Otomi."""

DEPRECATED = {
    "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "mol": "ro",
    "scc": "sr", "scr": "hr",
}  # fmt: skip
NO_LANGUAGE = {"und", "mul", "zxx", "mis", "art"}


@functools.cache
def three_letters() -> dict[str, str]:
    """ISO 639-1 and 639-2/B to ISO 639-3."""
    from langcodes import data_dicts

    codes = {short: long for short, long in data_dicts.LANGUAGE_ALPHA3.items() if len(short) == 2}
    for short, bibliographic in data_dicts.LANGUAGE_ALPHA3_BIBLIOGRAPHIC.items():
        codes[bibliographic] = codes[short]
    return codes


@functools.cache
def two_letters() -> dict[str, str]:
    """ISO 639-3 to ISO 639-1, for the languages that have both."""
    return {long: short for short, long in three_letters().items() if len(short) == 2}


def shortest(language: str) -> str:
    """The subtag that BCP 47 has for an ISO 639-3 code: of two letters where there is one."""
    return two_letters().get(language, language)


def individual(subtag: str) -> str | None:
    """ISO 639-3 of a language subtag of any of the standards; None if it is none of them."""
    import langcodes

    subtag = DEPRECATED.get(subtag, subtag)
    code = three_letters().get(subtag, subtag)
    if code in NO_LANGUAGE:
        return None
    tag = langcodes.Language.make(language=shortest(code))
    return code if tag.is_valid() else None


@functools.cache
def macrolanguage_of(language: str) -> str:
    """ISO 639-3 of the macrolanguage (or collection) that a language belongs to; or itself."""
    from langcodes import data_dicts

    for collection, members in COLLECTIONS.items():
        if language in members.split():
            return collection
    short = shortest(language)
    macro = data_dicts.MACROLANGUAGES
    if short not in macro.values():
        # Unicode's aliases of codes for one language: Filipino and Tagalog, `prs` and Persian.
        short = data_dicts.LANGUAGE_REPLACEMENTS.get(short, short).partition("-")[0]
    short = macro.get(short, short)
    return three_letters().get(short, short)


def used_for(language: str) -> list[str]:
    """The members whose code Unicode replaces by this macrolanguage's, or the reverse.

    `swa` is used for `swh`, `zho` for `cmn`: each stands for the other.
    """
    return [other for pair in _used_pairs() for own, other in (pair, pair[::-1]) if own == language]


@functools.cache
def _used_pairs() -> list[tuple[str, str]]:
    """Members and macrolanguages, as ISO 639-3."""
    from langcodes import data_dicts

    codes = three_letters()
    return [
        (codes.get(member, member), codes.get(macro, macro))
        for member, macro in data_dicts.NORMALIZED_MACROLANGUAGES.items()
    ]
