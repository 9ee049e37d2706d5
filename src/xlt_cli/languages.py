"""Languages as objects: every common form of a code or name resolves to one language.

Data sets write the same language in different ways: `sw`, `swa`, `swh`, `swh_Latn`, `sw_KE`,
`swahili`. A `Language` keeps the form that was written and knows which language it is. Three rules
are built on it (docs/reference/languages.md):

same language (`same_language`): decides whether a model has seen a language. It errs towards
    "seen": script, region and variant are ignored, and a macrolanguage of ISO 639-3 and all its
    members count as one language.
service (`serves`): decides whether what is made for some languages can be used on another. It keeps
    the members of a macrolanguage apart.
own code (`own_code`): finds the code of a task's files that a user means. It keeps the members of a
    macrolanguage and the scripts of a language apart.

langcodes and its tables are imported only when two different codes have to be compared.
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from xlt_cli.errors import UserError

ALIASES = {
    # Wikipedia's own codes, which WikiANN and XLM have.
    "simple": "en",
    "bh": "bho",
    "bih": "bho",
    "bat-smg": "sgs",
    "be-x-old": "be",
    "be-tarask": "be",
    "cbk-zam": "cbk",
    "fiu-vro": "vro",
    "map-bms": "jv",
    "nds-nl": "nds",
    "roa-rup": "rup",
    "roa-tara": "nap",
    "zh-classical": "lzh",
    "zh-min-nan": "nan",
    # Names that data sets use and Unicode's and IANA's tables lack.
    "naija": "pcm",
    "pidgin": "pcm",
    "shipibo konibo": "shp",
    "shipibo": "shp",
    "wixarika": "hch",
    "raramuri": "tar",
    "otomi": "oto",
}
"""Forms that are not in langcodes' tables, after `_plain` or `_tag`, and what they stand for."""

COLLECTIONS = {
    "nah": "azd azn azz naz nch nci ncj ncl ncx ngu nhc nhe nhg nhi nhk nhm nhn nhp nhq nht nhv "
    "nhw nhx nhy nhz nln nlv npl nsu nuz",
    "oto": "ote otl otm otn otq ots ott otx otz",
}
"""Collections (ISO 639-5) that data sets use as if they were languages, and their members: the
entries of IANA's language subtag registry that are named Nahuatl and Otomi."""

_DEPRECATED = {
    "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "mol": "ro",
    "scc": "sr", "scr": "hr",
}  # fmt: skip
_NO_LANGUAGE = {"und", "mul", "zxx", "mis", "art"}
_REGIONS = ("xx", "uk", "cs", "yu", "su")
"""Regions that are written and that no registry has, or none any more."""
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
_PRIVATE = re.compile(r"x(-[a-z0-9]{1,8})+|q[a-t][a-z]")
_SCRIPT = re.compile(r"[a-z]{4}")
_TERRITORY = re.compile(r"[a-z]{2}|[0-9]{3}")
_NAMED_SCRIPT = re.compile(r"(?P<name>.+)[_-](?P<script>[A-Z][a-z]{3})")


@dataclass(frozen=True)
class Language:
    """A language, and the form in which it was written.

    Attributes:
        code: as written, e.g. by a data set's files.
        language: the ISO 639-3 code of what is written: an individual language or a macrolanguage.
        family: the ISO 639-3 code of its macrolanguage, where it has one; otherwise `language`.
            Languages of one family count as the same (`same_as`).
        script: ISO 15924, e.g. `Latn`; empty if the code does not say.
        territory: ISO 3166-1 or UN M.49, e.g. `BR`; empty if the code does not say.
        variant: any further subtags, such as the name of a treebank or a dialect.
    """

    code: str
    language: str
    family: str
    script: str = ""
    territory: str = ""
    variant: str = ""

    @property
    def short(self) -> str:
        """Its shortest code: ISO 639-1 where there is one, otherwise ISO 639-3."""
        return _shortest(self.language)

    @property
    def name(self) -> str:
        """Its English name, e.g. `Swahili`; the code where it has none."""
        if _PRIVATE.fullmatch(self.language):
            return self.code
        import langcodes

        return langcodes.Language.make(language=_shortest(self.language)).language_name("en")

    def same_as(self, other: Language) -> bool:
        """Whether the two count as one language when it is asked what a model has seen."""
        return self.family == other.family

    def is_or_includes(self, other: Language) -> bool:
        """Whether the two are one individual language, or one is the macrolanguage of the other.

        Unlike `same_as`, this keeps the members of a macrolanguage apart.
        """
        return self.language == other.language or (
            self.family == other.family and self.family in (self.language, other.language)
        )


def language_of(code: str, where: str = "") -> Language:
    """The language that a code or an English name stands for.

    Args:
        where: what the error names as the place of the code.

    Raises:
        UserError: no language has this code or name.
    """
    language = lookup(code)
    if language is None:
        near = _nearest(code)
        raise UserError(
            f"'{code}' is no language that is known",
            where,
            (f"did you mean {' or '.join(near)}? " if near else "")
            + "languages are written as codes (sw, swh, swh_Latn, pt-BR) or by their English "
            "names; a language without a code takes one for private use (qaa to qtz, or x-name)",
        )
    return language


@functools.lru_cache(maxsize=4096)
def lookup(code: str) -> Language | None:
    """The language that a code or an English name stands for; None if there is none."""
    tag = _tag(code)
    if _PRIVATE.fullmatch(tag):
        return Language(code, tag, tag)
    alias = ALIASES.get(tag) or ALIASES.get(_plain(code))
    if alias is not None:
        return _parsed(code, alias)
    parsed = _parsed(code, tag) if _TAG.fullmatch(tag) else None
    if parsed is None or parsed.variant:  # `Aka-Bea` is a name, `de-muc` is none
        return _named(code) or parsed
    return parsed


def same_language(first: str, second: str, where: str = "") -> bool:
    """Whether two codes count as one language when it is asked what a model has seen.

    Raises:
        UserError: the codes differ and one of them is unknown, so that nothing can be said.
    """
    return first == second or language_of(first, where).same_as(language_of(second, where))


def among(code: str, languages: Iterable[str], where: str = "") -> bool:
    """Whether a language counts as the same as one of `languages`.

    Raises:
        UserError: none of them is known to be the same, and one of the codes is unknown.
    """
    known = tuple(languages)
    return code in known or any(same_language(code, other, where) for other in known)


def serves(languages: Iterable[str], code: str, where: str = "") -> bool:
    """Whether what is made for `languages` (a lexicon, a perturbation) can serve a language.

    Script, territory and variant are ignored; members of a macrolanguage are kept apart.

    Raises:
        UserError: none of them is known to be the language, and one of the codes is unknown.
    """
    known = tuple(languages)
    return code in known or any(
        language_of(code, where).is_or_includes(language_of(other, where)) for other in known
    )


def own_code(wanted: str, codes: Collection[str], where: str = "") -> str | None:
    """The one of a task's `codes` that `wanted` stands for; None if none of them does.

    The same string comes first, then the same language in the same script and territory, then
    the language in whatever script and territory, if the request leaves them open.

    Raises:
        UserError: several codes fit, and none better than the others.
    """
    if wanted in codes:
        return wanted
    asked = lookup(wanted)
    if asked is None:
        return None
    fitting = [own for own in map(lookup, codes) if own is not None and _fits(asked, own)]
    equal = [own for own in fitting if _details(own) == _details(asked)]
    candidates = equal or fitting
    if len(candidates) > 1:
        exact = [own for own in candidates if own.language == asked.language]
        candidates = exact if len(exact) == 1 else candidates
    if len(candidates) > 1:
        names = " and ".join(f"'{own.code}'" for own in candidates)
        raise UserError(f"'{wanted}' can mean {names}", where, "write the one that is meant")
    return candidates[0].code if candidates else None


def own_codes(wanted: Sequence[str], codes: Collection[str], where: str = "") -> list[str]:
    """Each of `wanted` as the task's own code, once; as written where the task has no such one."""
    return list(dict.fromkeys(own_code(each, codes, where) or each for each in wanted))


def likely_script(language: Language) -> str:
    """The script that a language is written in: as stated, or the likely one; may be empty."""
    if language.script or _PRIVATE.fullmatch(language.language):
        return language.script
    import langcodes

    tag = langcodes.Language.make(
        language=_shortest(language.language),
        territory=language.territory if language.territory not in ("", "XX") else None,
    )
    return tag.maximize().script or ""


def _details(language: Language) -> tuple[str, str, str]:
    return language.script, language.territory, language.variant


def _fits(asked: Language, own: Language) -> bool:
    """Whether a request may mean the language of a file."""
    if not asked.is_or_includes(own) or (asked.variant and asked.variant != own.variant):
        return False
    if asked.territory and own.territory and asked.territory != own.territory:
        return False
    if _is_of_another_member(asked, own):
        return False
    script = likely_script(asked) if asked.territory else asked.script  # `zh_TW` means Hant
    return not script or likely_script(own) == script


def _is_of_another_member(asked: Language, own: Language) -> bool:
    """Whether one is a macrolanguage whose code is used for another member than the other one.

    `ms` is Standard Malay (`zsm`), not Indonesian, and `zh` is no Cantonese. A request for a
    macrolanguage may mean a member that has no code of two letters: `ps` finds `pbt_Arab`.
    """
    if asked.language == own.language:
        return False
    from langcodes import data_dicts

    used = {
        _three_letters().get(member, member)
        for member, macro in data_dicts.NORMALIZED_MACROLANGUAGES.items()
        if _three_letters().get(macro, macro) == asked.family
    }
    member = own.language if asked.language == asked.family else asked.language
    if not used or member in used:
        return False
    return asked.language == member or member in _two_letters()


def _tag(code: str) -> str:
    """A code as a tag of BCP 47: in lower case, with hyphens."""
    return code.strip().lower().replace("_", "-")


def _plain(name: str) -> str:
    """A name in lower case, without accents, with single spaces."""
    letters = unicodedata.normalize("NFKD", name)
    bare = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(re.split(r"[\s_-]+", bare.lower().strip()))


def _parsed(code: str, tag: str) -> Language | None:
    """The language of a tag; its further subtags may be what BCP 47 does not know."""
    primary, *rest = tag.split("-")
    known = _individual(primary)
    if known is None:
        return None
    if rest and len(rest[0]) == 3 and rest[0].isalpha():
        extended = _individual(rest[0])  # `zh-yue`: a language within a macrolanguage
        if extended is not None and extended != known and _family(extended) == known:
            known, rest = extended, rest[1:]
    script = territory = ""
    if rest and _SCRIPT.fullmatch(rest[0]):
        script = rest.pop(0).title()
    if rest and _TERRITORY.fullmatch(rest[0]):
        territory = rest.pop(0).upper()
        if _is_another_language(territory.lower(), known):
            return None  # `hi-en` is text in two languages
    return Language(code, known, _family(known), script, territory, "-".join(rest))


def _is_another_language(subtag: str, known: str) -> bool:
    """Whether what stands in the place of a region is no region and another language."""
    import langcodes

    if subtag in _REGIONS or langcodes.Language.make(territory=subtag.upper()).is_valid():
        return False
    other = _individual(subtag)
    return other is not None and _family(other) != _family(known)


def _named(code: str) -> Language | None:
    """The language of an English name, with or without a script: `Swahili`, `swahili_Latn`."""
    if not code.isprintable():
        return None
    scripted = _NAMED_SCRIPT.fullmatch(code.strip())
    name = scripted["name"] if scripted else code
    script = f"-{scripted['script'].lower()}" if scripted else ""
    for form in dict.fromkeys((name.replace("_", " "), _plain(name))):
        if form in ALIASES:
            return _parsed(code, ALIASES[form] + script)
        tag = _tag_of_name(form)
        if tag is not None:
            return _parsed(code, tag.lower() + script)
    return None


def _tag_of_name(name: str) -> str | None:
    """The tag of a name that is known as it stands, or with a script, region or synonym after it.

    `langcodes.find` also takes names that only begin like a known one: `English;Swahili`.
    """
    from language_data.names import normalize_name

    words = normalize_name(name).split()
    for end in range(len(words), 0, -1):
        tag = _known_name("language", " ".join(words[:end]))
        if tag is not None:
            return _with_rest(tag, " ".join(words[end:]))
    return None


def _with_rest(tag: str, rest: str) -> str | None:
    """A tag with what follows the language's name; None if that says another thing."""
    if not rest or rest in ("language", "dialect"):
        return tag
    subtag = _known_name("script", rest) or _known_name("territory", rest)
    if subtag is not None:
        return f"{tag}-{subtag}" if "-" not in tag else None
    first, second = _parsed(tag, tag.lower()), _known_name("language", rest)
    again = _parsed(rest, second.lower()) if second is not None else None
    return tag if first is not None and again is not None and first.same_as(again) else None


def _known_name(kind: str, name: str) -> str | None:
    """The subtag that has exactly this name, in whatever language."""
    import langcodes
    from language_data import names

    code = names.name_to_code(kind, name) if name else None
    if code is None or name in names.TRIES[f"und/name_to_{kind}"]:
        return code
    # Some English names are not in the table, as other names begin with them: Hindi, Hindi (Latin).
    english = langcodes.Language.get(code).language_name("en") if kind == "language" else ""
    return code if names.normalize_name(english) == name else None


@functools.cache
def _three_letters() -> dict[str, str]:
    """ISO 639-1 and 639-2/B to ISO 639-3."""
    from langcodes import data_dicts

    codes = {short: long for short, long in data_dicts.LANGUAGE_ALPHA3.items() if len(short) == 2}
    for short, bibliographic in data_dicts.LANGUAGE_ALPHA3_BIBLIOGRAPHIC.items():
        codes[bibliographic] = codes[short]
    return codes


@functools.cache
def _two_letters() -> dict[str, str]:
    """ISO 639-3 to ISO 639-1, for the languages that have both."""
    return {long: short for short, long in _three_letters().items() if len(short) == 2}


def _shortest(language: str) -> str:
    """The subtag that BCP 47 has for an ISO 639-3 code: of two letters where there is one."""
    return _two_letters().get(language, language)


def _individual(subtag: str) -> str | None:
    """ISO 639-3 of a language subtag of any of the standards; None if it is none of them."""
    import langcodes

    subtag = _DEPRECATED.get(subtag, subtag)
    code = _three_letters().get(subtag, subtag)
    if code in _NO_LANGUAGE:
        return None
    tag = langcodes.Language.make(language=_shortest(code))
    return code if tag.is_valid() else None


@functools.cache
def _family(language: str) -> str:
    """ISO 639-3 of the macrolanguage (or collection) that a language belongs to; or itself."""
    from langcodes import data_dicts

    for collection, members in COLLECTIONS.items():
        if language in members.split():
            return collection
    short = _shortest(language)
    macro = data_dicts.MACROLANGUAGES
    if short not in macro.values():
        # Unicode's aliases of codes for one language: Filipino and Tagalog, `prs` and Persian.
        short = data_dicts.LANGUAGE_REPLACEMENTS.get(short, short).partition("-")[0]
    short = macro.get(short, short)
    return _three_letters().get(short, short)


def _nearest(code: str) -> list[str]:
    """Up to three codes and names that look like `code`."""
    import langcodes

    names = {short: langcodes.Language.make(language=short).language_name("en")
             for short in _two_letters().values()}  # fmt: skip
    known = {name.lower(): name for name in names.values()}
    known |= {code: f"{code} ({names[code]})" for code in names}
    known |= {long: f"{long} ({names[short]})" for long, short in _two_letters().items()}
    known |= {alias: alias for alias in ALIASES}
    plain = _plain(code).split(" ")[0] if _TAG.fullmatch(_tag(code)) else _plain(code)
    return [known[near] for near in difflib.get_close_matches(plain, known, n=3, cutoff=0.6)]
