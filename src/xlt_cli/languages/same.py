"""When two codes count as one language."""

from __future__ import annotations

from collections.abc import Iterable

from xlt_cli.languages.reading import language_of


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
