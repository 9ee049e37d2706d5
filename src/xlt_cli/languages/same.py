"""When two codes count as one language."""

from __future__ import annotations

from collections.abc import Iterable

from xlt_cli.languages.iso import used_for
from xlt_cli.languages.language import Language
from xlt_cli.languages.reading import language_of, lookup
from xlt_cli.languages.scripts import likely_script


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


def written_twice(codes: Iterable[str]) -> list[list[str]]:
    """Codes of one list that stand for the same language in the same script and region.

    `et` and `ekk`, or `sw` and `swh_Latn`; but not `sr_Latn` and `sr_Cyrl`, the treebanks `en_ewt`
    and `en_gum`, or a macrolanguage and a member that its code is not used for. Unknown codes are
    passed over.
    """
    groups: list[list[Language]] = []
    for code in codes:
        language = lookup(code)
        if language is None:
            continue
        group = next((group for group in groups if _is_same_form(group[0], language)), None)
        if group is None:
            groups.append([language])
        else:
            group.append(language)
    return [[language.code for language in group] for group in groups if len(group) > 1]


def _is_same_form(first: Language, second: Language) -> bool:
    one = first.language == second.language or second.language in used_for(first.language)
    return (
        one
        and (first.territory, first.variant) == (second.territory, second.variant)
        and likely_script(first) == likely_script(second)
    )
