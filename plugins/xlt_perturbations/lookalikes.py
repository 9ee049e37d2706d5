"""What optical character recognition mistakes for one another, by script.

The Latin letters and the digits are after the table of nlpaug's `OcrAug` (Ma 2019) and the pairs
that OCR systems are best known for (`rn` and `m`). The others are letters of one script that differ
in a dot, a stroke or a tail, listed by hand.
"""

from __future__ import annotations

from functools import cache

CONFUSIONS = (
    # Latin and digits: what is one character in one reading may be two in another.
    "m rn|m nn|w vv|d cl|h li|n ri|u ii|k lc|H li|B 13|D I)|g q|h b|c e|o c|a o|a e|f t|"
    "i l|i j|l 1|l I|I 1|t l|u v|v y|n u|s 5|S 5|S 8|B 8|b 6|q 9|g 9|O 0|o 0|O D|O Q|D 0|"
    "Z 2|z 2|G 6|G C|E F|P R|U V|M N|5 6|1 7|0 8|3 8|é e|è e|ç c|ü u|ö o|ä a|ñ n|ı i|ş s|"
    "ğ g|ß B|ł l|"
    # Cyrillic, Greek
    "и н|п л|ш щ|ц щ|е с|о с|ь ъ|ь ы|г т|б 6|з э|з 3|ж к|д л|й и|ё е|я л|ю о|Н И|П Л|Ш Щ|"
    "С О|О 0|З 3|В 8|Б 6|Д Л|ν υ|ο σ|ο 0|ι ί|η ή|α ά|ε ξ|κ χ|ρ φ|β θ|θ 0|τ γ|ω ώ|Ο Θ|Λ Α|"
    "Ε Ξ|"
    # Hebrew, Arabic (and Persian, Urdu): dots lost and moved
    "ד ר|ה ח|ה ת|ח ת|ו ז|ו ן|ב כ|ג נ|ם ס|ט מ|י ו|ע צ|ب ت|ب ن|ت ث|ت ن|ب ي|ب پ|ج ح|ح خ|ج خ|"
    "ج چ|د ذ|ر ز|ز ژ|د ر|س ش|ص ض|ط ظ|ع غ|ف ق|ه ة|ي ى|ی ي|ا أ|ا إ|ا آ|ك ک|و ؤ|ل ا|د ڈ|ر ڑ|"
    "ت ٹ|"
    # Devanagari, Bengali, Gurmukhi, Tamil, Telugu
    "ब व|भ म|घ ध|प ष|थ य|ड ङ|ड इ|ढ द|ट ठ|च ज|त न|र स|ए प|ि ी|ु ू|े ै|ो ौ|ব র|য য়|ড ড়|ঢ ঢ়|ঘ ষ|ম স|"
    "ন ণ|প ষ|ਸ ਮ|ਬ ਖ|ਪ ਧ|ਵ ਢ|ர ா|ஞ ஜ|ள ன|ல வ|ய ப|మ వ|ప ష|వ ప|ద ధ|ట ల|చ ఛ|ర ఠ|"
    # Thai, Lao
    "ก ภ|ก ถ|ถ ภ|ค ด|ด ต|ค ศ|บ ป|ผ ฝ|พ ฟ|พ ผ|ข ช|ซ ช|น ม|ฎ ฏ|ล ส|อ ฮ|ท ห|ິ ີ|ຸ ູ|ດ ຕ|ບ ປ|ຜ ຝ|"
    "ພ ຟ|ນ ມ|ิ ี|ี ื|ุ ู|่ ้|"
    # Georgian, Armenian, Amharic
    "ა ვ|ბ გ|გ ვ|ე კ|ო რ|ი თ|ს ხ|ც ყ|ն ս|ո ռ|ե է|ղ դ|ց գ|զ գ|ሀ ህ|ለ ሉ|ሰ ስ|በ ቡ|ተ ቱ|ነ ኑ|"
    "አ ኣ|ው ዉ|ን ኝ|የ ዩ|ት ቱ|ና ኛ|ል ሉ|"
    # Han, kana
    "日 曰|日 目|日 白|目 自|自 白|己 已|已 巳|未 末|土 士|土 工|大 太|大 犬|人 入|人 八|"
    "千 干|干 于|天 夭|天 夫|木 本|木 术|王 玉|今 令|问 间|間 問|鸟 乌|鳥 烏|全 金|力 刀|"
    "刀 刃|石 右|左 在|有 冇|贝 见|貝 見|牛 午|午 年|又 叉|万 方|了 子|小 少|心 必|代 伐|"
    "住 往|侯 候|晴 睛|请 清|清 情|地 他|他 她|的 旳|是 昰|不 丕|上 土|下 卞|中 申|国 囯|"
    "来 未|时 吋|時 侍|会 公|去 云|シ ツ|ソ ン|ソ リ|ク ケ|ク タ|ワ ウ|フ ワ|チ テ|ナ メ|"
    "ヌ ス|コ ユ|ル レ|ラ ヲ|ロ 口|カ 力|ニ 二|ハ 八|ヘ へ|バ パ|ビ ピ|ブ プ|ベ ペ|ボ ポ|"
    "さ き|き ち|ら ち|ぬ め|る ろ|わ れ|れ ね|は ほ|ま ほ|け は|い り|く へ|つ っ|や ゃ|"
    "ゆ ゅ|よ ょ|ば ぱ|び ぴ|ぶ ぷ|べ ぺ|ぼ ぽ|"
    # The letters of Hangul syllables
    "ㅏ ㅑ|ㅓ ㅕ|ㅗ ㅛ|ㅜ ㅠ|ㅐ ㅔ|ㅏ ㅓ|ㅡ ㅗ|ㅣ ㅏ|ㄱ ㅋ|ㄷ ㅌ|ㄷ ㄹ|ㅁ ㅇ|ㅂ ㅁ|ㅂ ㅍ|"
    "ㅅ ㅈ|ㅈ ㅊ|ㅇ ㅎ"
)
"""Pairs, each taken for the other; a plain Latin letter is not taken for one with an accent."""


@cache
def readings(first: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What begins with a character and may be misread, the longer first, and as what."""
    table: dict[str, list[str]] = {}
    for pair in CONFUSIONS.split("|"):
        one, other = pair.split(" ")
        for read, as_other in ((one, other), (other, one)):
            if as_other.isascii() or not read.isascii():  # accents are lost, not put on
                table.setdefault(read, []).append(as_other)
    own = {piece: tuple(others) for piece, others in table.items() if piece[0] == first}
    return tuple(sorted(own.items(), key=lambda entry: -len(entry[0])))
