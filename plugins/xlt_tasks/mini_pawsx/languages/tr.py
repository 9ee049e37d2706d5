"""Turkish: case suffixes by vowel harmony, an apostrophe before those of proper names.

The verb comes last; the passive names its agent with "tarafından".
"""

from functools import cache

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = {name: name for name in c.NAMES} | table(
    c.ROLES,
    """doktor avukat hemşire mühendis gazeteci fırıncı çiftçi bahçıvan ressam şarkıcı pilot hâkim
    aşçı aktris yazar mimar dişçi profesör tamirci öğretmen""",
)
CITY = table(
    c.CITIES,
    """Paris Londra Roma Berlin Madrid Viyana Lizbon Atina Moskova Varşova Prag Budapeşte
    Stockholm Oslo Helsinki Dublin Amsterdam İstanbul Tokyo Seul Pekin Şanghay Sidney Toronto
    Chicago Boston Barselona Milano""",
)
COUNTRY = table(
    c.COUNTRIES,
    """Almanya Fransa İspanya İtalya Portekiz İsveç Polonya Rusya Türkiye Japonya Çin Brezilya
    Arjantin Meksika Mısır Kanada Hindistan Norveç""",
)
# Active | passive.
ACT = rows(
    c.ACTS,
    """
    işe aldı | işe alındı
    övdü | övüldü
    eleştirdi | eleştirildi
    kurtardı | kurtarıldı
    röportaj yaptı | röportaj verdi
    kandırdı | kandırıldı
    destekledi | desteklendi
    cezalandırdı | cezalandırıldı
    """,
)
TRANSFER = {
    "give": ("{} hediye etti", "hediye olarak {} aldı"),
    "lend": ("{} ödünç verdi", "{} ödünç aldı"),
    "sell": ("{} sattı", "{} satın aldı"),
}
OBJECT = table(
    c.OBJECTS,
    """kitap|gitar|fotoğraf makinesi|tablo|bisiklet|lamba|saat|yüzük|keman|halı|bavul|teleskop|
    motosiklet|çadır""",
)
SUBJECT = table(c.SUBJECTS, "satranç matematik fizik kimya Latince Arapça fotoğrafçılık resim")
STAGE = table(c.STAGES, "finalde|yarı finalde|çeyrek finalde|açılış maçında")
GOODS = table(c.GOODS, "buğday kahve çelik pirinç pamuk petrol şeker yün kâğıt çay şarap bakır")
# Bare | genitive.
BUILDING = rows(
    c.BUILDINGS,
    """
    müze | müzenin
    kütüphane | kütüphanenin
    gar | garın
    hastane | hastanenin
    okul | okulun
    tiyatro | tiyatronun
    pazar | pazarın
    otel | otelin
    kale | kalenin
    katedral | katedralin
    park | parkın
    stadyum | stadyumun
    liman | limanın
    havaalanı | havaalanının
    banka | bankanın
    postane | postanenin
    belediye binası | belediye binasının
    üniversite | üniversitenin
    fabrika | fabrikanın
    mezarlık | mezarlığın
    """,
)
ORGANISATION = table(
    c.ORGANISATIONS,
    """müzenin üniversitenin hastanenin tiyatronun bankanın okulun kütüphanenin orkestranın vakfın
    enstitünün""",
)
DIRECTION = {"north": ("kuzeyinde", "güneyinde"), "east": ("doğusunda", "batısında")}
SEAT = {"left": ("solunda", "sağında"), "front": ("önünde", "arkasında")}
# Present | "while ...ing".
STAY = {
    "live": ("yaşıyor", "yaşarken"),
    "work": ("çalışıyor", "çalışırken"),
    "study": ("okuyor", "okurken"),
}
# Object | past | before | after.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    arabayı | yıkadı | yıkamadan | yıkadıktan
    gazeteyi | okudu | okumadan | okuduktan
    çiçekleri | suladı | sulamadan | suladıktan
    bir mektup | yazdı | yazmadan | yazdıktan
    çiti | boyadı | boyamadan | boyadıktan
    kediyi | besledi | beslemeden | besledikten
    bisikleti | tamir etti | tamir etmeden | tamir ettikten
    bir kek | pişirdi | pişirmeden | pişirdikten
    ekmek | aldı | almadan | aldıktan
    bir film | izledi | izlemeden | izledikten
    gömlekleri | ütüledi | ütülemeden | ütüledikten
    pencereleri | sildi | silmeden | sildikten
    faturayı | ödedi | ödemeden | ödedikten
    mutfağı | temizledi | temizlemeden | temizledikten
    """,
)
# Last vowel -> the vowel of an open suffix (a/e) and of a close one (ı/i/u/ü).
_OPEN = dict.fromkeys("aâıou", "a") | dict.fromkeys("eiöü", "e")
_CLOSE = table(tuple("aâıoueiöü"), "ı ı ı u u i i ü ü")
# Spoken with a front vowel, whatever the letter.
_SPOKEN = {"Seul": "ü"}


@cache
def _case(word: str, case: str) -> str:
    """The word with its suffix: acc, dat, loc, abl, gen or is (the copula -dir)."""
    lower = word.replace("İ", "i").lower()
    vowel = _SPOKEN.get(word) or next(ch for ch in reversed(lower) if ch in _OPEN)
    open_, close = _OPEN[vowel], _CLOSE[vowel]
    after_vowel = lower[-1] in _OPEN
    d = "t" if lower[-1] in "çfhkpsştx" else "d"
    suffix = {
        "acc": ("y" if after_vowel else "") + close,
        "dat": ("y" if after_vowel else "") + open_,
        "gen": ("n" if after_vowel else "") + close + "n",
        "loc": d + open_,
        "abl": d + open_ + "n",
        "is": d + close + "r",
    }[case]
    return f"{word}'{suffix}" if word[0].isupper() else word + suffix


def _act(s: Scene) -> tuple[str, ...]:
    a, b, year, where = NP[s.a], NP[s.b], f"{s.year} yılında", _case(CITY[s.city], "loc")
    active, passive = ACT[s.verb]
    if s.verb == "interview":  # "make an interview with" and "give an interview to"
        active, passive = f"{b} ile {active}", f"{_case(a, 'dat')} {passive}"
    else:
        active, passive = f"{_case(b, 'acc')} {active}", f"{a} tarafından {passive}"
    return (
        f"{a}, {year} {where} {active}",
        f"{year} {a}, {where} {active}",
        f"{b}, {year} {where} {passive}",
        f"{year} {b}, {where} {passive}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, year = NP[s.a], NP[s.b], f"{s.year} yılında"
    gave, got = (phrase.format(f"bir {OBJECT[s.thing]}") for phrase in TRANSFER[s.kind])
    return (
        f"{year} {a}, {_case(b, 'dat')} {gave}",
        f"{a}, {year} {_case(b, 'dat')} {gave}",
        f"{b}, {year} {_case(a, 'abl')} {got}",
        f"{year} {b}, {_case(a, 'abl')} {got}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"{s.year} yılında"
    return (
        f"{a}, {year} {_case(b, 'dat')} {what} öğretti",
        f"{year} {a}, {_case(b, 'dat')} {what} öğretti",
        f"{b}, {year} {_case(a, 'abl')} {what} öğrendi",
        f"{year} {b}, {_case(a, 'abl')} {what} öğrendi",
    )


def _move(s: Scene) -> tuple[str, ...]:
    from_a, to_b = _case(CITY[s.a], "abl"), _case(CITY[s.b], "dat")
    year = f"{s.year} yılında"
    return (
        f"{s.who}, {year} {from_a} {to_b} taşındı",
        f"{year} {s.who}, {from_a} {to_b} taşındı",
        f"{s.who}, {year} {from_a} ayrılıp {to_b} taşındı",
        f"{year} {s.who}, {from_a} ayrılıp {to_b} taşındı",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage, year = COUNTRY[s.a], COUNTRY[s.b], STAGE[s.thing], f"{s.year} yılında"
    return (
        f"{a}, {year} {stage} {_case(b, 'acc')} yendi",
        f"{year} {a}, {stage} {_case(b, 'acc')} yendi",
        f"{b}, {year} {stage} {_case(a, 'dat')} yenildi",
        f"{year} {b}, {stage} {_case(a, 'dat')} yenildi",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"{s.year} yılında"
    return (
        f"{a}, {year} {_case(b, 'dat')} {thing} ihraç etti",
        f"{year} {a}, {_case(b, 'dat')} {thing} ihraç etti",
        f"{b}, {year} {_case(a, 'abl')} {thing} ithal etti",
        f"{year} {b}, {_case(a, 'abl')} {thing} ithal etti",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a}, {_case(s.b, 'abl')} {s.n} yaş büyük",
        f"{s.b}, {_case(s.a, 'abl')} {s.n} yaş küçük",
        f"{s.a}, {_case(s.b, 'abl')} {s.n} yıl önce doğdu",
        f"{s.b}, {_case(s.a, 'abl')} {s.n} yıl sonra doğdu",
    )


def _height(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a}, {_case(s.b, 'abl')} {s.n} santimetre daha uzun",
        f"{s.b}, {_case(s.a, 'abl')} {s.n} santimetre daha kısa",
        f"{s.b} ile karşılaştırıldığında {s.a} {s.n} santimetre daha uzun",
        f"{s.a} ile karşılaştırıldığında {s.b} {s.n} santimetre daha kısa",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    to_city = _case(CITY[s.city], "dat")
    return (
        f"{s.a}, {to_city} {_case(s.b, 'abl')} önce vardı",
        f"{s.b}, {to_city} {_case(s.a, 'abl')} sonra vardı",
        f"{s.b} {to_city} vardığında {s.a} zaten oradaydı",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    a, b = _case(CITY[s.a], "acc"), _case(CITY[s.b], "acc")
    year, year2 = f"{s.year} yılında", f"{s.year2} yılında"
    return (
        f"{s.who}, {year} {a}, {year2} {b} ziyaret etti",
        f"{s.who}, {year2} {b}, {year} {a} ziyaret etti",
        f"{year} {a} ziyaret eden {s.who}, {year2} {b} ziyaret etti",
        f"{year2} {b} ziyaret eden {s.who}, {year} {a} ziyaret etti",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a[0]} {b[1]} {north} yer alıyor",
        f"{b[0]} {a[1]} {south} yer alıyor",
        f"{b[1]} {north} {a[0]} yer alıyor",
        f"{a[1]} {south} {b[0]} yer alıyor",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    left, right = SEAT[s.thing]
    of_a, of_b = _case(s.a, "gen"), _case(s.b, "gen")
    return (
        f"{s.a}, {of_b} {left} oturuyordu",
        f"{s.b}, {of_a} {right} oturuyordu",
        f"{of_b} {left} {s.a} oturuyordu",
        f"{of_a} {right} {s.b} oturuyordu",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    object_a, did_a, _, after_a = ACTIVITY[s.a]
    object_b, did_b, before_b, _ = ACTIVITY[s.b]
    return (
        f"{s.who}, {object_b} {before_b} önce {object_a} {did_a}",
        f"{object_b} {before_b} önce {s.who} {object_a} {did_a}",
        f"{object_a} {after_a} sonra {s.who} {object_b} {did_b}",
        f"{s.who}, {object_a} {after_a} sonra {object_b} {did_b}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    of_org, year = ORGANISATION[s.thing], f"{s.year} yılında"
    took = f"{of_org} başında {_case(s.b, 'gen')} yerini aldı"
    left = f"{of_org} başındaki yerini {_case(s.a, 'dat')} bıraktı"
    return (
        f"{year} {s.a}, {took}",
        f"{s.a}, {year} {took}",
        f"{s.b}, {year} {left}",
        f"{year} {s.b}, {left}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    one, two = f"{s.who} {_case(CITY[s.a], 'loc')}", f"{s.other} {_case(CITY[s.b], 'loc')}"
    does, doing = STAY[s.verb]
    return (
        f"{one}, {two.replace(' ', ' ise ', 1)} {does}",
        f"{two}, {one.replace(' ', ' ise ', 1)} {does}",
        f"{one} {doing} {two} {does}",
        f"{two} {doing} {one} {does}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    female = s.a in c.FEMALE
    of_a, of_b = _case(s.a, "gen"), _case(s.b, "gen")
    parent, child = ("annesi", "kızı") if female else ("babası", "oğlu")
    return (
        f"{s.a}, {of_b} {_case(parent, 'is')}",
        f"{s.b}, {of_a} {_case(child, 'is')}",
        f"{of_b} {parent} {_case(s.a, 'is')}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
