"""The code of a task's files that a user means."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from xlt_cli.errors import UserError
from xlt_cli.languages.iso import two_letters, used_for
from xlt_cli.languages.language import Language
from xlt_cli.languages.reading import lookup
from xlt_cli.languages.scripts import likely_script


def own_code(wanted: str, codes: Collection[str], where: str = "") -> str | None:
    """The one of a task's `codes` that `wanted` stands for; None if none of them does.

    The same string comes first, then the same language, and of several codes the one with the same
    script and territory; other ones fit if the request leaves script and territory open.

    Raises:
        UserError: several codes fit, and none better than the others.
    """
    if wanted in codes:
        return wanted
    asked = lookup(wanted)
    if asked is None:
        return None
    fitting = [own for own in map(lookup, codes) if own is not None and _fits(asked, own)]
    # `zh` may mean Cantonese where there is nothing else, and not beside `zho_Hans`.
    fitting = [own for own in fitting if own.language == asked.language] or fitting
    candidates = [own for own in fitting if _details(own) == _details(asked)] or fitting
    if len(candidates) > 1:
        names = " and ".join(f"'{own.code}'" for own in candidates)
        raise UserError(f"'{wanted}' can mean {names}", where, "write the one that is meant")
    return candidates[0].code if candidates else None


def own_codes(wanted: Sequence[str], codes: Collection[str], where: str = "") -> list[str]:
    """Each of `wanted` as the task's own code, once; as written where the task has no such one."""
    return list(dict.fromkeys(own_code(each, codes, where) or each for each in wanted))


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
    used = used_for(asked.macrolanguage)
    member = own.language if asked.language == asked.macrolanguage else asked.language
    if not used or member in used:
        return False
    return asked.language == member or member in two_letters()
