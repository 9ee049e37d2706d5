"""Hangul syllables as the keys that type them on the 2-set keyboard, and back."""

from __future__ import annotations

from collections.abc import Sequence

FIRST, LAST = 0xAC00, 0xD7A3
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ["", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"]
PAIRS = {
    "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ",
    "ㅢ": "ㅡㅣ", "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ",
    "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
"""Letters that two keys type."""
JOINED = {keys: letter for letter, keys in PAIRS.items()}


def is_syllable(char: str) -> bool:
    """Whether it is a whole syllable, e.g. 한."""
    return FIRST <= ord(char) <= LAST


def strokes(syllables: str) -> list[str]:
    """The keys that type syllables: 닭 is ㄷ ㅏ ㄹ ㄱ."""
    letters: list[str] = []
    for syllable in syllables:
        rest, final = divmod(ord(syllable) - FIRST, len(FINALS))
        initial, vowel = divmod(rest, len(VOWELS))
        for letter in (INITIALS[initial], VOWELS[vowel], FINALS[final]):
            letters += PAIRS.get(letter, letter)
    return letters


def compose(keys: Sequence[str]) -> str:
    """What keys type: syllables, and letters by themselves where there is none to join."""
    text, i = "", 0
    while i < len(keys):
        if not (keys[i] in INITIALS and _is_vowel(keys, i + 1)):
            text += keys[i]
            i += 1
            continue
        vowel, after = _letter(keys, i + 1, VOWELS)
        final, end = "", after
        # A consonant before a vowel begins the next syllable.
        if after < len(keys) and keys[after] in FINALS and not _is_vowel(keys, after + 1):
            final, end = _letter(keys, after, FINALS)
            if end - after == 2 and _is_vowel(keys, end):
                final, end = keys[after], after + 1
        rest = INITIALS.index(keys[i]) * len(VOWELS) + VOWELS.index(vowel)
        text += chr(FIRST + rest * len(FINALS) + FINALS.index(final))
        i = end
    return text


def _letter(keys: Sequence[str], i: int, among: Sequence[str]) -> tuple[str, int]:
    """The letter that the keys from `i` on type, and where the next begins."""
    joined = JOINED.get("".join(keys[i : i + 2]), "")
    return (joined, i + 2) if joined and joined in among else (keys[i], i + 1)


def _is_vowel(keys: Sequence[str], i: int) -> bool:
    return i < len(keys) and keys[i] in VOWELS
