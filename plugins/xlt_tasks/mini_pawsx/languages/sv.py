"""Swedish: verb-second with a fronted year, s-passives, the definite article as a suffix."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = {name: name for name in c.NAMES} | table(
    c.ROLES,
    """läkaren advokaten sjuksköterskan ingenjören journalisten bagaren bonden trädgårdsmästaren
    målaren sångerskan piloten domaren kocken skådespelerskan författaren arkitekten tandläkaren
    professorn mekanikern läraren""",
)
CITY = table(
    c.CITIES,
    """Paris London Rom Berlin Madrid Wien Lissabon Aten Moskva Warszawa Prag Budapest Stockholm
    Oslo Helsingfors Dublin Amsterdam Istanbul Tokyo Seoul Peking Shanghai Sydney Toronto Chicago
    Boston Barcelona Milano""",
)
COUNTRY = table(
    c.COUNTRIES,
    """Tyskland Frankrike Spanien Italien Portugal Sverige Polen Ryssland Turkiet Japan Kina
    Brasilien Argentina Mexiko Egypten Kanada Indien Norge""",
)
# Past | past of the s-passive.
ACT = rows(
    c.ACTS,
    """
    anställde | anställdes
    berömde | berömdes
    kritiserade | kritiserades
    räddade | räddades
    intervjuade | intervjuades
    bedrog | bedrogs
    stödde | stöddes
    straffade | straffades
    """,
)
# What a does, its particle; what b does.
TRANSFER = {
    "give": ("gav", "", "fick"),
    "lend": ("lånade", "ut ", "lånade"),
    "sell": ("sålde", "", "köpte"),
}
OBJECT = table(
    c.OBJECTS,
    """en bok|en gitarr|en kamera|en tavla|en cykel|en lampa|en klocka|en ring|en fiol|en matta|
    en resväska|ett teleskop|en motorcykel|ett tält""",
)
SUBJECT = table(c.SUBJECTS, "schack matematik fysik kemi latin arabiska fotografering teckning")
STAGE = table(c.STAGES, "finalen semifinalen kvartsfinalen öppningsmatchen")
GOODS = table(c.GOODS, "vete kaffe stål ris bomull olja socker ull papper te vin koppar")
BUILDING = table(
    c.BUILDINGS,
    """museet biblioteket stationen sjukhuset skolan teatern marknaden hotellet slottet
    katedralen parken arenan hamnen flygplatsen banken postkontoret rådhuset universitetet
    fabriken kyrkogården""",
)
ORGANISATION = table(
    c.ORGANISATIONS,
    """museet universitetet sjukhuset teatern banken skolan biblioteket orkestern stiftelsen
    institutet""",
)
DIRECTION = {"north": ("norr om", "söder om"), "east": ("öster om", "väster om")}
SEAT = {"left": ("till vänster om", "till höger om"), "front": ("framför", "bakom")}
STAY = {"live": "bor", "work": "arbetar", "study": "studerar"}
# Past | supine | object.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    tvättade | tvättat | bilen
    läste | läst | tidningen
    vattnade | vattnat | blommorna
    skrev | skrivit | ett brev
    målade | målat | staketet
    matade | matat | katten
    lagade | lagat | cykeln
    bakade | bakat | en kaka
    köpte | köpt | bröd
    såg | sett | en film
    strök | strukit | skjortorna
    putsade | putsat | fönstren
    betalade | betalat | räkningen
    städade | städat | köket
    """,
)


def _act(s: Scene) -> tuple[str, ...]:
    a, b, year, where = NP[s.a], NP[s.b], f"år {s.year}", f"i {CITY[s.city]}"
    past, passive = ACT[s.verb]
    return (
        f"{a} {past} {b} {where} {year}",
        f"{year} {past} {a} {b} {where}",
        f"{b} {passive} av {a} {where} {year}",
        f"{year} {passive} {b} av {a} {where}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = NP[s.a], NP[s.b], OBJECT[s.thing], f"år {s.year}"
    gave, out, got = TRANSFER[s.kind]
    return (
        f"{year} {gave} {a} {out}{thing} till {b}",
        f"{a} {gave} {out}{thing} till {b} {year}",
        f"{b} {got} {thing} av {a} {year}",
        f"{year} {got} {b} {thing} av {a}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"år {s.year}"
    return (
        f"{a} undervisade {b} i {what} {year}",
        f"{year} undervisade {a} {b} i {what}",
        f"{b} lärde sig {what} av {a} {year}",
        f"{year} lärde sig {b} {what} av {a}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    a, b, year = CITY[s.a], CITY[s.b], f"år {s.year}"
    return (
        f"{s.who} flyttade från {a} till {b} {year}",
        f"{year} flyttade {s.who} från {a} till {b}",
        f"{s.who} lämnade {a} {year} och flyttade till {b}",
        f"{year} lämnade {s.who} {a} och flyttade till {b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, year, stage = COUNTRY[s.a], COUNTRY[s.b], f"år {s.year}", f"i {STAGE[s.thing]}"
    return (
        f"{a} slog {b} {stage} {year}",
        f"{year} slog {a} {b} {stage}",
        f"{b} förlorade mot {a} {stage} {year}",
        f"{year} förlorade {b} mot {a} {stage}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"år {s.year}"
    return (
        f"{a} exporterade {thing} till {b} {year}",
        f"{year} exporterade {a} {thing} till {b}",
        f"{b} importerade {thing} från {a} {year}",
        f"{year} importerade {b} {thing} från {a}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} är {s.n} år äldre än {s.b}",
        f"{s.b} är {s.n} år yngre än {s.a}",
        f"{s.a} föddes {s.n} år före {s.b}",
        f"{s.b} föddes {s.n} år efter {s.a}",
    )


def _height(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} är {s.n} centimeter längre än {s.b}",
        f"{s.b} är {s.n} centimeter kortare än {s.a}",
        f"jämfört med {s.b} är {s.a} {s.n} centimeter längre",
        f"jämfört med {s.a} är {s.b} {s.n} centimeter kortare",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    city = CITY[s.city]
    return (
        f"{s.a} kom till {city} före {s.b}",
        f"{s.b} kom till {city} efter {s.a}",
        f"när {s.b} kom till {city} var {s.a} redan där",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    a, b, year, year2 = CITY[s.a], CITY[s.b], f"år {s.year}", f"år {s.year2}"
    return (
        f"{s.who} besökte {a} {year} och {b} {year2}",
        f"{s.who} besökte {b} {year2} och {a} {year}",
        f"{year} besökte {s.who} {a} och {year2} {b}",
        f"{year2} besökte {s.who} {b} och {year} {a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a} ligger {north} {b}",
        f"{b} ligger {south} {a}",
        f"{north} {b} ligger {a}",
        f"{south} {a} ligger {b}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    left, right = SEAT[s.thing]
    return (
        f"{s.a} satt {left} {s.b}",
        f"{s.b} satt {right} {s.a}",
        f"{left} {s.b} satt {s.a}",
        f"{right} {s.a} satt {s.b}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    did_a, done_a, object_a = ACTIVITY[s.a]
    did_b, _, object_b = ACTIVITY[s.b]
    pronoun = "hon" if s.who in c.FEMALE else "han"
    return (
        f"{s.who} {did_a} {object_a} innan {pronoun} {did_b} {object_b}",
        f"innan {s.who} {did_b} {object_b} {did_a} {pronoun} {object_a}",
        f"efter att ha {done_a} {object_a} {did_b} {s.who} {object_b}",
        f"{s.who} {did_b} {object_b} efter att ha {done_a} {object_a}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    post, year = f"som chef för {ORGANISATION[s.thing]}", f"år {s.year}"
    return (
        f"{year} ersatte {s.a} {s.b} {post}",
        f"{s.a} ersatte {s.b} {post} {year}",
        f"{s.b} ersattes av {s.a} {post} {year}",
        f"{year} ersattes {s.b} av {s.a} {post}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    verb, a, b = STAY[s.verb], f"i {CITY[s.a]}", f"i {CITY[s.b]}"
    return (
        f"{s.who} {verb} {a} och {s.other} {verb} {b}",
        f"{s.other} {verb} {b} och {s.who} {verb} {a}",
        f"medan {s.who} {verb} {a} {verb} {s.other} {b}",
        f"medan {s.other} {verb} {b} {verb} {s.who} {a}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    parent, child = ("mor", "dotter") if s.a in c.FEMALE else ("far", "son")
    # The genitive adds no -s to a name that ends in s or x.
    of_b = s.b if s.b.endswith(("s", "x")) else f"{s.b}s"
    return (
        f"{s.a} är {parent} till {s.b}",
        f"{s.b} är {child} till {s.a}",
        f"{of_b} {parent} är {s.a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
