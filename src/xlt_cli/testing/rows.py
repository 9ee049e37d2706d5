"""Rows that perturbations are tried on: in many languages and scripts, plain and strange."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import strategies as st

from xlt_cli.api import Example, SequenceExample, TokenExample, serves

LABELS = ("no", "yes")
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
INTENTS = ("tell", "ask", "order")

SENTENCES = {
    "en": "The big dog didn't see Anna Smith in New York, but it's happy there.",
    "de": "Der große Hund sah Anna Müller in Bad Homburg nicht; er bellte laut!",
    "fr": "L'été dernier, Anna Le Goff était à Saint Denis avec son chien.",
    "ru": "Большая собака видела Анну Иванову в Нижнем Новгороде вчера вечером.",
    "el": "Ο μεγάλος σκύλος είδε την Άννα Παππά στη Νέα Σμύρνη χθες το βράδυ.",
    "tr": "Iğdır'da büyük köpek dün akşam İnci Yılmaz'ı görmedi.",
    "ar": "رأى الكلبُ الكبيرُ آنا سميث في نيو يورك أمس.",
    "hi": "बड़े कुत्ते ने कल नई दिल्ली में अन्ना शर्मा को देखा।",
    "zh": "大狗昨天在纽约看见了安娜。",
    "th": "สุนัขตัวใหญ่เห็นแอนนาที่กรุงเทพเมื่อวานนี้",
    "ko": "큰 개가 어제 서울에서 안나 김을 보았다.",
    "vi": "Con chó to đã nhìn thấy Anna Nguyễn ở Hà Nội hôm qua.",
    "sw": "Mbwa mkubwa alimwona Anna Otieno mjini Dar es Salaam jana.",
}
"""A sentence in each of several languages."""

STRANGE = (
    "",
    " ",
    "\t\u00a0\u3000",
    "?!",
    "a",
    "I",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea ok \U0001f44d\U0001f3fd",
    "שלום עולם, \u202bזה טקסט\u202c mixed",
    "e\u0301te\u0301 Z\u0351\u036b\u0343a\u0329\u034bl\u0334g\u0335o\u0336",
    "\u0301\u0302 starts with marks",
    "soft\u00adhyphen zero\u200bwidth e-mail@example.org https://example.org/?q=1",
    "ﬁne ſtraße ǅungla ŉ İstanbul ıssız",
    "MIXED case AND 12,345.67 €",
    "[CLS] [MASK] </s> <pad>",
    "line one\nline two\r\nline three",
)
"""Texts at the edges: empty, of spaces, emoji, right to left, combining marks, special tokens."""

LONG = "word another Dog cat 的 слово! " * 200

_PIECES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from([word for text in SENTENCES.values() for word in text.split()]),
    st.sampled_from(STRANGE),
)
texts = st.lists(_PIECES, max_size=8).map(" ".join)
"""A strategy of texts of any characters, among words of languages."""


def pairs(speaks: Sequence[str] | None, extra: Sequence[str] = ()) -> list[Example]:
    """Examples of one text and of two, in the languages that a perturbation speaks."""
    chosen = _spoken(speaks)
    examples: list[Example] = []
    for language, sentence in chosen.items():
        examples += [
            SequenceExample(f"{language}-1", (sentence,), LABELS[0], (language,)),
            SequenceExample(
                f"{language}-2", (sentence, sentence.lower()), LABELS[1], (language, language)
            ),
        ]
    language = next(iter(chosen))
    for number, text in enumerate((*STRANGE, *extra)):
        examples.append(
            SequenceExample(f"strange-{number}", (text, "yes"), LABELS[1], (language, language))
        )
    return examples


def sentences(speaks: Sequence[str] | None) -> list[Example]:
    """Sentences with the tags of entities, in the languages that a perturbation speaks."""
    examples: list[Example] = []
    for language, sentence in _spoken(speaks).items():
        words = tuple(sentence.split())
        examples.append(TokenExample(f"{language}-1", words, tags_for(len(words)), (language,)))
    language = examples[0].languages[0]
    words = tuple(word for text in STRANGE for word in text.split())
    examples.append(TokenExample("strange", words, tags_for(len(words)), (language,)))
    examples.append(TokenExample("one word", ("Anna",), ("B-PER",), (language,)))
    return examples


def tags_for(count: int) -> tuple[str, ...]:
    """Tags of so many words: entities of one word, of two and of three, and words outside."""
    pattern = ("O", "B-PER", "I-PER", "O", "B-LOC", "O", "O", "B-PER", "I-PER", "I-PER", "B-LOC")
    return tuple(pattern[i % len(pattern)] for i in range(count))


def generators(count: int) -> list[random.Random]:
    """Random numbers of so many different seeds, as the runner seeds them: by a text."""
    return [random.Random(f"1/stage/0/noise/{number}/en/train-7") for number in range(count)]


def _spoken(speaks: Sequence[str] | None) -> dict[str, str]:
    """The sentences of the languages that are spoken; English under another code if none is."""
    if speaks is None:
        return SENTENCES
    chosen = {lang: text for lang, text in SENTENCES.items() if serves(speaks, lang)}
    return chosen or {speaks[0]: SENTENCES["en"]}
