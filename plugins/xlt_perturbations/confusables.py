"""Letters that look alike across scripts.

An extract of Unicode's list of confusable characters (Unicode Technical Standard #39,
`confusables.txt`): classes of single letters of at least two of the scripts that are in everyday
use, without letters for phonetics, obsolete ones, and those that are equivalent to another letter.
"""

from __future__ import annotations

import unicodedata
from functools import cache

CLASSES = (
    # Latin, Greek, Cyrillic, Armenian, Georgian
    "AΑА BΒВ CС EΕЕ HΗН IΙІӀ JЈ KΚК MΜМ NΝ OΟОՕ PΡР SЅՏ TΤТ UՍ XΧХ YΥҮ ZΖ GԌ WԜ VѴ "
    "aαа cс dԁ eе fք gց hһհ iιі jј nոռ oοоօഠဝ pρр qԛզ rг sѕ uυս vνѵ wѡա xх yγу ßβ þϸ κк "
    "ΓГ ΛЛ ΠП ΦФՓ πп τт φф εєԑ ƏӘ əә ьƅ ʒӡჳ ωꙍ δծ "
    # Tamil and Malayalam, Telugu and Kannada
    "உഉ ஜജ ணണ ழഴ ஶശ అಅ ఆಆ ఇಇ ఒಒ జಜ ఞಞ ణಣ యಯ ఱಱ లಲ "
    # Devanagari and Gujarati, Thai and Lao
    "ऽઽ จຈ บບ ปປ ฝຝ พພ ฟຟ ยຍ "
    # Kana and Han
    "へヘ ー一 イ亻 エ工 カ力 タ夕 ト卜 ニ二 ハ八 ロ口"
)


@cache
def script(letter: str) -> str:
    """The first word of a letter's name in Unicode, which is that of its script."""
    return unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]


@cache
def of_other_scripts(letter: str) -> tuple[str, ...]:
    """The letters of other scripts that one looks like; none for most letters."""
    own = script(letter)
    return tuple(
        dict.fromkeys(
            other
            for each in CLASSES.split()
            if letter in each
            for other in each
            if script(other) != own
        )
    )
