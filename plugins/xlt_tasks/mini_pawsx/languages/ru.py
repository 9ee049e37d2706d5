"""Russian: case on every name and noun, gender in the past tense, OVS order for the passive."""

from typing import NamedTuple

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene


class Noun(NamedTuple):
    """A person in the cases used here."""

    nom: str
    gen: str
    dat: str
    acc: str
    ins: str


def _person(nom: str) -> Noun:
    if nom == "судья":
        return Noun(nom, "судьи", "судье", "судью", "судьёй")
    stem = nom[:-1]
    if nom.endswith("ия"):
        return Noun(nom, stem + "и", stem + "и", stem + "ю", stem + "ей")
    if nom.endswith("а"):
        gen = "и" if stem[-1] in "гкхжчшщ" else "ы"
        ins = "ей" if stem[-1] in "жчшщц" else "ой"
        return Noun(nom, stem + gen, stem + "е", stem + "у", stem + ins)
    if nom.endswith("ь"):
        return Noun(nom, stem + "я", stem + "ю", stem + "я", stem + "ем")
    return Noun(nom, nom + "а", nom + "у", nom + "а", nom + "ом")


NP = {
    concept: _person(word)
    for concept, word in (
        table(
            c.NAMES,
            """Анна Мария Юлия София Елена Лаура Клара Нина Ева Марта Паула Карла Диана Ирина
            Ольга Сара Моника Виктория Анджела Сильвия Тереза Нора Эмма Рита
            Петер Томас Мартин Даниэль Роберт Виктор Вальтер Давид Симон Оскар Антон Феликс
            Адам Иван Борис Эрик Макс Леон Альберт Габриэль Самуэль Стефан Адриан Эдгар""",
        )
        | table(
            c.ROLES,
            """врач адвокат медсестра инженер журналист пекарь фермер садовник художник певица
            лётчик судья повар актриса писатель архитектор стоматолог профессор механик
            учительница""",
        )
    ).items()
}
# Nominative | genitive | prepositional | accusative.
CITY = rows(
    c.CITIES,
    """
    Париж | Парижа | Париже | Париж
    Лондон | Лондона | Лондоне | Лондон
    Рим | Рима | Риме | Рим
    Берлин | Берлина | Берлине | Берлин
    Мадрид | Мадрида | Мадриде | Мадрид
    Вена | Вены | Вене | Вену
    Лиссабон | Лиссабона | Лиссабоне | Лиссабон
    Афины | Афин | Афинах | Афины
    Москва | Москвы | Москве | Москву
    Варшава | Варшавы | Варшаве | Варшаву
    Прага | Праги | Праге | Прагу
    Будапешт | Будапешта | Будапеште | Будапешт
    Стокгольм | Стокгольма | Стокгольме | Стокгольм
    Осло | Осло | Осло | Осло
    Хельсинки | Хельсинки | Хельсинки | Хельсинки
    Дублин | Дублина | Дублине | Дублин
    Амстердам | Амстердама | Амстердаме | Амстердам
    Стамбул | Стамбула | Стамбуле | Стамбул
    Токио | Токио | Токио | Токио
    Сеул | Сеула | Сеуле | Сеул
    Пекин | Пекина | Пекине | Пекин
    Шанхай | Шанхая | Шанхае | Шанхай
    Сидней | Сиднея | Сиднее | Сидней
    Торонто | Торонто | Торонто | Торонто
    Чикаго | Чикаго | Чикаго | Чикаго
    Бостон | Бостона | Бостоне | Бостон
    Барселона | Барселоны | Барселоне | Барселону
    Милан | Милана | Милане | Милан
    """,
)
# Nominative | genitive | dative | accusative.
COUNTRY = rows(
    c.COUNTRIES,
    """
    Германия | Германии | Германии | Германию
    Франция | Франции | Франции | Францию
    Испания | Испании | Испании | Испанию
    Италия | Италии | Италии | Италию
    Португалия | Португалии | Португалии | Португалию
    Швеция | Швеции | Швеции | Швецию
    Польша | Польши | Польше | Польшу
    Россия | России | России | Россию
    Турция | Турции | Турции | Турцию
    Япония | Японии | Японии | Японию
    Китай | Китая | Китаю | Китай
    Бразилия | Бразилии | Бразилии | Бразилию
    Аргентина | Аргентины | Аргентине | Аргентину
    Мексика | Мексики | Мексике | Мексику
    Египет | Египта | Египту | Египет
    Канада | Канады | Канаде | Канаду
    Индия | Индии | Индии | Индию
    Норвегия | Норвегии | Норвегии | Норвегию
    """,
)
_MASCULINE_COUNTRIES = ("China", "Egypt")
# Masculine past; "interview" takes у + genitive instead of the accusative.
ACT = table(c.ACTS, "нанял|похвалил|раскритиковал|спас|взял интервью|обманул|поддержал|наказал")
# What a does (b in the dative), what b does, words after it, preposition before a (genitive).
TRANSFER = {
    "give": ("подарил", "получил", "в подарок ", "от"),
    "lend": ("одолжил", "одолжил", "", "у"),
    "sell": ("продал", "купил", "", "у"),
}
OBJECT = table(
    c.OBJECTS,
    """книгу гитару фотоаппарат картину велосипед лампу часы кольцо скрипку ковёр чемодан
    телескоп мотоцикл палатку""",
)
SUBJECT = table(
    c.SUBJECTS,
    """игре в шахматы|математике|физике|химии|латыни|арабскому языку|фотографии|рисованию""",
)
STAGE = table(c.STAGES, "в финале|в полуфинале|в четвертьфинале|в матче открытия")
GOODS = table(c.GOODS, "пшеницу кофе сталь рис хлопок нефть сахар шерсть бумагу чай вино медь")
# Nominative | genitive.
BUILDING = rows(
    c.BUILDINGS,
    """
    музей | музея
    библиотека | библиотеки
    вокзал | вокзала
    больница | больницы
    школа | школы
    театр | театра
    рынок | рынка
    гостиница | гостиницы
    замок | замка
    собор | собора
    парк | парка
    стадион | стадиона
    порт | порта
    аэропорт | аэропорта
    банк | банка
    почта | почты
    ратуша | ратуши
    университет | университета
    фабрика | фабрики
    кладбище | кладбища
    """,
)
ORGANISATION = table(
    c.ORGANISATIONS,
    "музея университета больницы театра банка школы библиотеки оркестра фонда института",
)
DIRECTION = {"north": ("к северу", "к югу"), "east": ("к востоку", "к западу")}
SEAT = {"left": ("слева от", "справа от"), "front": ("впереди", "позади")}
STAY = {"live": "живёт", "work": "работает", "study": "учится"}
# Masculine past | infinitive | object.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    помыл | помыть | машину
    прочитал | прочитать | газету
    полил | полить | цветы
    написал | написать | письмо
    покрасил | покрасить | забор
    покормил | покормить | кошку
    починил | починить | велосипед
    испёк | испечь | пирог
    купил | купить | хлеб
    посмотрел | посмотреть | фильм
    погладил | погладить | рубашки
    вымыл | вымыть | окна
    оплатил | оплатить | счёт
    убрал | убрать | кухню
    """,
)
_IRREGULAR_FEMININE = {"спас": "спасла", "испёк": "испекла"}


def _past(masculine: str, feminine: bool) -> str:
    if not feminine:
        return masculine
    if masculine.endswith("ся"):
        return masculine.removesuffix("ся") + "ась"
    verb, _, rest = masculine.partition(" ")
    verb = _IRREGULAR_FEMININE.get(verb, verb + "а")
    return f"{verb} {rest}" if rest else verb


def _did(masculine: str, concept: str) -> str:
    """The past tense that agrees with this person."""
    return _past(masculine, concept in c.FEMALE)


def _count(n: int, few: str, many: str) -> str:
    return f"{n} {few if n in (2, 3, 4) else many}"


def _act(s: Scene) -> tuple[str, ...]:
    a, b, did = NP[s.a].nom, NP[s.b].acc, _did(ACT[s.verb], s.a)
    if s.verb == "interview":
        b = f"у {NP[s.b].gen}"
    year, where = f"в {s.year} году", f"в {CITY[s.city][2]}"
    return (
        f"{a} {did} {b} {where} {year}",
        f"{year} {a} {did} {b} {where}",
        f"{b} {where} {year} {did} {a}",
        f"{year} {b} {where} {did} {a}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = NP[s.a], NP[s.b], OBJECT[s.thing], f"в {s.year} году"
    gave, got, present, preposition = TRANSFER[s.kind]
    gave, got = _did(gave, s.a), _did(got, s.b)
    return (
        f"{year} {a.nom} {gave} {b.dat} {thing}",
        f"{a.nom} {gave} {b.dat} {thing} {year}",
        f"{b.nom} {got} {present}{thing} {preposition} {a.gen} {year}",
        f"{year} {b.nom} {got} {present}{thing} {preposition} {a.gen}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"в {s.year} году"
    taught, learned = _did("обучал", s.a), _did("обучался", s.b)
    return (
        f"{a.nom} {taught} {b.acc} {what} {year}",
        f"{year} {a.nom} {taught} {b.acc} {what}",
        f"{b.nom} {learned} {what} у {a.gen} {year}",
        f"{year} {b.nom} {learned} {what} у {a.gen}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    who, a, b, year = NP[s.who].nom, CITY[s.a], CITY[s.b], f"в {s.year} году"
    moved = _did("переехал", s.who)
    left, settled = _did("уехал", s.who), _did("поселился", s.who)
    return (
        f"{who} {moved} из {a[1]} в {b[3]} {year}",
        f"{year} {who} {moved} из {a[1]} в {b[3]}",
        f"{who} {left} из {a[1]} {year} и {settled} в {b[2]}",
        f"{year} {who} {left} из {a[1]} и {settled} в {b[2]}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage, year = COUNTRY[s.a], COUNTRY[s.b], STAGE[s.thing], f"в {s.year} году"
    beat = _past("обыграл", s.a not in _MASCULINE_COUNTRIES)
    lost = _past("проиграл", s.b not in _MASCULINE_COUNTRIES)
    return (
        f"{a[0]} {beat} {b[3]} {stage} {year}",
        f"{year} {a[0]} {beat} {b[3]} {stage}",
        f"{b[0]} {lost} {a[2]} {stage} {year}",
        f"{year} {b[0]} {lost} {a[2]} {stage}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"в {s.year} году"
    exported = _past("экспортировал", s.a not in _MASCULINE_COUNTRIES)
    imported = _past("импортировал", s.b not in _MASCULINE_COUNTRIES)
    to_b = f"{'во' if s.b == 'France' else 'в'} {b[3]}"
    return (
        f"{a[0]} {exported} {thing} {to_b} {year}",
        f"{year} {a[0]} {exported} {thing} {to_b}",
        f"{b[0]} {imported} {thing} из {a[1]} {year}",
        f"{year} {b[0]} {imported} {thing} из {a[1]}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    a, b, by = NP[s.a], NP[s.b], f"на {_count(s.n, 'года', 'лет')}"
    return (
        f"{a.nom} {by} старше {b.gen}",
        f"{b.nom} {by} младше {a.gen}",
        f"{a.nom} {_did('родился', s.a)} {by} раньше {b.gen}",
        f"{b.nom} {_did('родился', s.b)} {by} позже {a.gen}",
    )


def _height(s: Scene) -> tuple[str, ...]:
    a, b, by = NP[s.a], NP[s.b], f"на {_count(s.n, 'сантиметра', 'сантиметров')}"
    with_a, with_b = (
        f"по сравнению {'со' if p.ins.startswith('Ст') else 'с'} {p.ins}" for p in (a, b)
    )
    return (
        f"{a.nom} {by} выше {b.gen}",
        f"{b.nom} {by} ниже {a.gen}",
        f"{with_b} {a.nom} {by} выше",
        f"{with_a} {b.nom} {by} ниже",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    a, b, city = NP[s.a], NP[s.b], CITY[s.city][3]
    return (
        f"{a.nom} {_did('приехал', s.a)} в {city} раньше {b.gen}",
        f"{b.nom} {_did('приехал', s.b)} в {city} позже {a.gen}",
        f"когда {b.nom} {_did('приехал', s.b)} в {city}, {a.nom} уже {_did('был', s.a)} там",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    who, visited = NP[s.who].nom, _did("посетил", s.who)
    a, b, year, year2 = CITY[s.a][3], CITY[s.b][3], f"в {s.year} году", f"в {s.year2} году"
    return (
        f"{who} {visited} {a} {year} и {b} {year2}",
        f"{who} {visited} {b} {year2} и {a} {year}",
        f"{year} {who} {visited} {a}, а {year2} — {b}",
        f"{year2} {who} {visited} {b}, а {year} — {a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a[0]} находится {north} от {b[1]}",
        f"{b[0]} находится {south} от {a[1]}",
        f"{north} от {b[1]} находится {a[0]}",
        f"{south} от {a[1]} находится {b[0]}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    left, right = SEAT[s.thing]
    a_sat, b_sat = _did("сидел", s.a), _did("сидел", s.b)
    return (
        f"{a.nom} {a_sat} {left} {b.gen}",
        f"{b.nom} {b_sat} {right} {a.gen}",
        f"{left} {b.gen} {a_sat} {a.nom}",
        f"{right} {a.gen} {b_sat} {b.nom}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    who, pronoun = NP[s.who].nom, "она" if s.who in c.FEMALE else "он"
    did_a, _, object_a = ACTIVITY[s.a]
    did_b, do_b, object_b = ACTIVITY[s.b]
    did_a, did_b = _did(did_a, s.who), _did(did_b, s.who)
    return (
        f"{who} {did_a} {object_a} перед тем, как {do_b} {object_b}",
        f"перед тем как {do_b} {object_b}, {who} {did_a} {object_a}",
        f"после того как {who} {did_a} {object_a}, {pronoun} {did_b} {object_b}",
        f"{who} {did_b} {object_b} после того, как {did_a} {object_a}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    a, b, replaced = NP[s.a].nom, NP[s.b].acc, _did("сменил", s.a)
    post, year = f"на посту руководителя {ORGANISATION[s.thing]}", f"в {s.year} году"
    return (
        f"{year} {a} {replaced} {b} {post}",
        f"{a} {replaced} {b} {post} {year}",
        f"{b} {post} {year} {replaced} {a}",
        f"{year} {b} {post} {replaced} {a}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    one = f"{NP[s.who].nom} {STAY[s.verb]} в {CITY[s.a][2]}"
    two = f"{NP[s.other].nom} {STAY[s.verb]} в {CITY[s.b][2]}"
    return (
        f"{one}, а {two}",
        f"{two}, а {one}",
        f"в то время как {one}, {two}",
        f"в то время как {two}, {one}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    parent, child = ("мать", "дочь") if s.a in c.FEMALE else ("отец", "сын")
    return (
        f"{a.nom} — {parent} {b.gen}",
        f"{b.nom} — {child} {a.gen}",
        f"{parent} {b.gen} — {a.nom}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
