"""Exact match and F1 of answers, as the official scripts of the data sets compute them."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from xlt_cli.languages import broad_code
from xlt_cli.problems.checklist_answers import comparable

Normalisation = Literal["squad", "mlqa", "multichecklist"]
"""How answers are normalised: as in SQuAD v1.1 (also used for XQuAD and TyDi QA GoldP), or as in
MLQA or MultiCheckList, by the language of the answer."""

_SQUAD_ARTICLES = r"\b(a|an|the)\b"
_MLQA_ARTICLES = {
    "ar": "ال",  # wherever it stands, as in the official script
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "en": _SQUAD_ARTICLES,
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "vi": r"\b(của|là|cái|chiếc|những)\b",
}
_CHINESE = re.compile("([\u4e00-\u9fa5])")
_ASCII_PUNCTUATION = frozenset(string.punctuation)


def normalised(text: str, normalisation: Normalisation, language: str) -> list[str]:
    """The words of an answer without case, punctuation and articles.

    The rules of a language are those of any form of its code, and of a macrolanguage's members.

    For MultiCheckList: what stands between the spaces of the text that it compares.
    """
    if normalisation == "multichecklist":
        return comparable(text, language).split(" ")
    text = text.lower()
    if normalisation == "squad":
        text = "".join(c for c in text if c not in _ASCII_PUNCTUATION)
        return re.sub(_SQUAD_ARTICLES, " ", text).split()
    text = "".join(
        c
        for c in text
        if c not in _ASCII_PUNCTUATION and not unicodedata.category(c).startswith("P")
    )
    language = broad_code(language)
    if language in _MLQA_ARTICLES:
        text = re.sub(_MLQA_ARTICLES[language], " ", text)
    if language == "zh":
        text = _CHINESE.sub(r" \1 ", text)
    return text.split()


def scores(
    answers: Sequence[str],
    predicted: str,
    normalisation: Normalisation,
    language: str,
    unanswerable: bool,
) -> tuple[float, float]:
    """Exact match and F1 of an answer, each for the correct answer for which it is highest.

    Args:
        answers: the correct answers.
        language: the language of the passage; SQuAD's normalisation does not depend on it.
        unanswerable: whether to score as SQuAD 2.0's script does: an answer without words is
            correct if the question has no answer.
    """
    told = normalised(predicted, normalisation, language)
    golds = [normalised(answer, normalisation, language) for answer in answers]
    if unanswerable:
        golds = [gold for gold in golds if gold] or [[]]
    exact = max((float(told == gold) for gold in golds), default=0.0)
    return exact, max((_f1(told, gold, unanswerable) for gold in golds), default=0.0)


def _f1(told: Sequence[str], gold: Sequence[str], unanswerable: bool) -> float:
    if unanswerable and not (told and gold):
        return float(not told and not gold)
    shared = (Counter(told) & Counter(gold)).total()
    return 2 * shared / (len(told) + len(gold)) if shared else 0.0
