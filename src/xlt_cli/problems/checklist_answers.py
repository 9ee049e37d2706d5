"""When MultiCheckList takes two answers for the same (generate_test_utils.py of XTREME-R).

The rules are those of its templates: which words may stand before an answer in a language, and
which marks around it. Case counts.
"""

from __future__ import annotations

import re

from xlt_cli.languages import broad_code

_WHOLE = {
    "de": "ein|eine|einen",
    "el": "Ο|ένα|μια",
    "en": "a|an|the|in|at",
    "es": "un|una|unos|unas|el|la|los|las",
    "eu": "bat",
    "fa": "یک",
    "fr": "un|une|le|la|en",
    "hu": "egy",
    "it": "un|una",
    "nl": "een",
    "pt": "um|uma",
    "tl": "Si",
    "tr": "bir",
    "vi": "một",
    "wo": "dafa",
    "yo": "kan",
}
"""Words that do not count."""
_BEGINNINGS = {
    "bn": "একটি|একজন",
    "hi": "एक",
    "ml": "ഒരു",
    "mr": "एक",
    "my": "တစ်ဦး",
    "pa": "ਇੱਕ|ਇਕ",
    "ta": "ஒரு",
}
"""Beginnings of words that do not count: in these scripts, a word may not end where it seems to."""
_IGNORED = {
    **{language: rf"\b({words})\b" for language, words in _WHOLE.items()},
    **{language: rf"\b({words})" for language, words in _BEGINNINGS.items()},
    "af": r"(’n)\b",
    "ar": "ال",  # wherever it stands
}
_AROUND = {"bn": "৷", "hi": "৷", "pa": "।", "pl": "„”", "ur": "\u200f"}


def comparable(answer: str, language: str) -> str:
    """What is compared of an answer in a language, in whichever form its code is."""
    language = broad_code(language)
    if language in _IGNORED:
        answer = re.sub(_IGNORED[language], " ", answer)
    return answer.strip(",. " + _AROUND.get(language, ""))
