"""Which script a letter is of, which keys lie beside it on that script's keyboard, and which
characters it is confused with."""

from __future__ import annotations

import unicodedata
from functools import cache

from xlt_perturbations.hangul import is_syllable

# Rows from the top; a space is a key that types no single letter.
LAYOUTS = (
    ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
    (" ςερτυθιοπ", "ασδφγηξκλ", "ζχψωβνμ"),
    ("ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤر ىةوزظ"),
    ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ"),
)
SHIFTS = (0.0, 0.25, 0.75)
"""How far each row begins to the right of the first, in keys."""

SHIFTED = "ㅃㅂ ㅉㅈ ㄸㄷ ㄲㄱ ㅆㅅ ㅒㅐ ㅖㅔ"
"""Letters typed with the shift key, and what is typed without it."""

ALIKE = (
    "さき ちら ぬめ るろ われね はほ あお いり けは たに くへ おを つっ やゃ ゆゅ よょ "
    "あぁ いぃ うぅ えぇ おぉ かが きぎ くぐ けげ こご さざ しじ すず せぜ そぞ "
    "ただ ちぢ つづ てで とど はばぱ ひびぴ ふぶぷ へべぺ ほぼぽ じぢ ずづ "
    "シツ ソンリ クケタ ウワフ チテ ナメ ヌス コユヨ ルレ ラヲ アマ セヤ ツッ ヤャ ユュ ヨョ "
    "アァ イィ ウゥ エェ オォ カガ キギ クグ ケゲ コゴ サザ シジ スズ セゼ ソゾ "
    "タダ チヂ ツヅ テデ トド ハバパ ヒビピ フブプ ヘベペ ホボポ ジヂ ズヅ バヴ"
)
"""Kana are mostly typed through Latin letters: mixed up is what looks or sounds alike."""

CONFUSABLE = (
    "aаα eе oоο0 pрρ cс xхχ yуγ iіι lI1 sѕ jј kкκ vν uυ wω nη rг bь "
    "AАΑ BВΒ EЕΕ HНΗ KКΚ MМΜ OОΟ0 PРΡ TТΤ XХΧ CС IІΙl ZΖ NΝ YΥУ SЅ JЈ "
    "ёе йи шщ ьъ ДЛ νυ "
    "بتثپ جحخچ دذ رزژ سش صض طظ عغ فق هة يىئ اأإآ كک وؤ "
    "ㅏㅑ ㅓㅕ ㅗㅛ ㅜㅠ ㅐㅔ ㄱㅋ ㄷㅌ ㅂㅍ ㅈㅊ ㅇㅎ"
)
"""Characters that look alike, within a script or across scripts; those of kana are `ALIKE`."""

SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "HIRAGANA", "KATAKANA")


@cache
def script(char: str) -> str:
    """The script of a letter that has a keyboard here; empty for all else."""
    if is_syllable(char):
        return "HANGUL"
    if unicodedata.category(char)[0] != "L":
        return ""
    # The name of the mark that lengthens a vowel begins with both kana.
    first = unicodedata.name(char, "").partition(" ")[0].partition("-")[0]
    return first if first in SCRIPTS else ""


@cache
def neighbors(key: str) -> tuple[str, ...]:
    """The keys beside a key, in the key's case; none if it is on no keyboard here."""
    lower = key.lower()
    beside = _beside().get(lower, ())
    return beside if lower == key else tuple(near.upper() for near in beside)


@cache
def lookalikes(char: str) -> tuple[str, ...]:
    """The characters that one may be confused with; none if it is not listed here."""
    groups = (*CONFUSABLE.split(), *ALIKE.split())
    return tuple(
        dict.fromkeys(
            other for group in groups if char in group for other in group if other != char
        )
    )


@cache
def _beside() -> dict[str, tuple[str, ...]]:
    beside: dict[str, tuple[str, ...]] = {}
    for layout in LAYOUTS:
        places = {
            key: (column + SHIFTS[row], row)
            for row, keys in enumerate(layout)
            for column, key in enumerate(keys)
            if key != " "
        }
        for key, (x, y) in places.items():
            beside[key] = tuple(
                other
                for other, (x2, y2) in places.items()
                if other != key and abs(x - x2) <= 1 and abs(y - y2) <= 1
            )
    beside |= {pair[0]: (pair[1],) for pair in SHIFTED.split()}
    for group in ALIKE.split():
        for char in group:
            others = (other for other in group if other != char)
            beside[char] = tuple(dict.fromkeys((*beside.get(char, ()), *others)))
    return beside
