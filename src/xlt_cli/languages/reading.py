"""From a code or a name to the language that it stands for."""

from __future__ import annotations

import difflib
import functools
import re

from xlt_cli.errors import UserError
from xlt_cli.languages.forms import ALIASES, PRIVATE, TAG, as_tag, plain
from xlt_cli.languages.iso import two_letters
from xlt_cli.languages.language import Language
from xlt_cli.languages.names import tag_of_name
from xlt_cli.languages.subtags import parsed

_NAMED_SCRIPT = re.compile(r"(?P<name>.+)[_-](?P<script>[A-Z][a-z]{3})")


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
            f"'{code}' is not a known language",
            where,
            (f"did you mean {' or '.join(near)}? " if near else "")
            + "languages are written as codes (sw, swh, swh_Latn, pt-BR) or by their English "
            "names; for a language without a code, use one for private use (qaa to qtz, or x-name)",
        )
    return language


def broad_code(code: str) -> str:
    """The shortest code of the macrolanguage that a code or name is of; unknown ones as written."""
    language = lookup(code)
    return code if language is None else language.broad


@functools.lru_cache(maxsize=4096)
def lookup(code: str) -> Language | None:
    """The language that a code or an English name stands for; None if there is none."""
    tag = as_tag(code)
    if PRIVATE.fullmatch(tag):
        return Language(code, tag, tag)
    alias = ALIASES.get(tag) or ALIASES.get(plain(code))
    if alias is not None:
        return parsed(code, alias)
    language = parsed(code, tag) if TAG.fullmatch(tag) else None
    if language is None or language.variant:  # `Aka-Bea` is a name, `de-muc` is none
        return _named(code) or language
    return language


def _named(code: str) -> Language | None:
    """The language of an English name, with or without a script: `Swahili`, `swahili_Latn`."""
    if not code.isprintable():
        return None
    scripted = _NAMED_SCRIPT.fullmatch(code.strip())
    name = scripted["name"] if scripted else code
    script = f"-{scripted['script'].lower()}" if scripted else ""
    for form in dict.fromkeys((name.replace("_", " "), plain(name))):
        if form in ALIASES:
            return parsed(code, ALIASES[form] + script)
        tag = tag_of_name(form)
        if tag is not None:
            return parsed(code, tag.lower() + script)
    return None


def _nearest(code: str) -> list[str]:
    """Up to three codes and names that look like `code`."""
    import langcodes

    names = {short: langcodes.Language.make(language=short).language_name("en")
             for short in two_letters().values()}  # fmt: skip
    known = {name.lower(): name for name in names.values()}
    known |= {code: f"{code} ({names[code]})" for code in names}
    known |= {long: f"{long} ({names[short]})" for long, short in two_letters().items()}
    known |= {alias: alias for alias in ALIASES}
    written = plain(code).split(" ")[0] if TAG.fullmatch(as_tag(code)) else plain(code)
    return [known[near] for near in difflib.get_close_matches(written, known, n=3, cutoff=0.6)]
