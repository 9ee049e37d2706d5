"""Dutch: verb-second with a fronted year, door-passives, verb-final subordinate clauses."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = {name: name for name in c.NAMES} | table(
    c.ROLES,
    """de arts|de advocaat|de verpleegster|de ingenieur|de journalist|de bakker|de boer|
    de tuinman|de schilder|de zangeres|de piloot|de rechter|de kok|de actrice|de schrijver|
    de architect|de tandarts|de professor|de monteur|de lerares""",
)
CITY = table(
    c.CITIES,
    """Parijs Londen Rome Berlijn Madrid Wenen Lissabon Athene Moskou Warschau Praag Boedapest
    Stockholm Oslo Helsinki Dublin Amsterdam Istanbul Tokio Seoel Peking Shanghai Sydney Toronto
    Chicago Boston Barcelona Milaan""",
)
COUNTRY = table(
    c.COUNTRIES,
    """Duitsland Frankrijk Spanje Italië Portugal Zweden Polen Rusland Turkije Japan China
    Brazilië Argentinië Mexico Egypte Canada India Noorwegen""",
)
# Past | what closes the active clause | what closes the passive clause.
ACT = rows(
    c.ACTS,
    """
    nam | in dienst | in dienst genomen
    prees | | geprezen
    bekritiseerde | | bekritiseerd
    redde | | gered
    interviewde | | geïnterviewd
    bedroog | | bedrogen
    steunde | | gesteund
    strafte | | gestraft
    """,
)
# What a does, its particle; what b does, its particle.
TRANSFER = {
    "give": ("gaf", "cadeau ", "kreeg", "cadeau "),
    "lend": ("leende", "uit ", "leende", ""),
    "sell": ("verkocht", "", "kocht", ""),
}
OBJECT = table(
    c.OBJECTS,
    """een boek|een gitaar|een camera|een schilderij|een fiets|een lamp|een horloge|een ring|
    een viool|een tapijt|een koffer|een telescoop|een motorfiets|een tent""",
)
SUBJECT = table(
    c.SUBJECTS, "schaken wiskunde natuurkunde scheikunde Latijn Arabisch fotografie tekenen"
)
STAGE = table(c.STAGES, "finale|halve finale|kwartfinale|openingswedstrijd")
GOODS = table(c.GOODS, "tarwe koffie staal rijst katoen olie suiker wol papier thee wijn koper")
BUILDING = table(
    c.BUILDINGS,
    """het museum|de bibliotheek|het station|het ziekenhuis|de school|het theater|de markt|
    het hotel|het kasteel|de kathedraal|het park|het stadion|de haven|de luchthaven|de bank|
    het postkantoor|het stadhuis|de universiteit|de fabriek|de begraafplaats""",
)
ORGANISATION = table(
    c.ORGANISATIONS,
    """het museum|de universiteit|het ziekenhuis|het theater|de bank|de school|de bibliotheek|
    het orkest|de stichting|het instituut""",
)
DIRECTION = {
    "north": ("ten noorden van", "ten zuiden van"),
    "east": ("ten oosten van", "ten westen van"),
}
SEAT = {"left": ("links van", "rechts van"), "front": ("voor", "achter")}
STAY = {"live": "woont", "work": "werkt", "study": "studeert"}
# Past | participle | object.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    waste | gewassen | de auto
    las | gelezen | de krant
    begoot | begoten | de bloemen
    schreef | geschreven | een brief
    verfde | geverfd | het hek
    voerde | gevoerd | de kat
    repareerde | gerepareerd | de fiets
    bakte | gebakken | een taart
    kocht | gekocht | brood
    bekeek | bekeken | een film
    streek | gestreken | de overhemden
    lapte | gelapt | de ramen
    betaalde | betaald | de rekening
    poetste | gepoetst | de keuken
    """,
)


def _act(s: Scene) -> tuple[str, ...]:
    a, b, year, where = NP[s.a], NP[s.b], f"in {s.year}", f"in {CITY[s.city]}"
    past, particle, participle = ACT[s.verb]
    end = f" {particle}" if particle else ""
    return (
        f"{a} {past} {b} {year} {where}{end}",
        f"{year} {past} {a} {b} {where}{end}",
        f"{b} werd {year} {where} door {a} {participle}",
        f"{year} werd {b} {where} door {a} {participle}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = NP[s.a], NP[s.b], OBJECT[s.thing], f"in {s.year}"
    gave, out, got, present = TRANSFER[s.kind]
    return (
        f"{year} {gave} {a} {thing} {out}aan {b}",
        f"{a} {gave} {year} {thing} {out}aan {b}",
        f"{b} {got} {year} {thing} {present}van {a}",
        f"{year} {got} {b} {thing} {present}van {a}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"in {s.year}"
    return (
        f"{a} gaf {b} {year} les in {what}",
        f"{year} gaf {a} {b} les in {what}",
        f"{b} kreeg {year} van {a} les in {what}",
        f"{year} kreeg {b} van {a} les in {what}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    a, b, year = CITY[s.a], CITY[s.b], f"in {s.year}"
    return (
        f"{s.who} verhuisde {year} van {a} naar {b}",
        f"{year} verhuisde {s.who} van {a} naar {b}",
        f"{s.who} verliet {a} {year} en verhuisde naar {b}",
        f"{year} verliet {s.who} {a} en verhuisde naar {b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, year, stage = COUNTRY[s.a], COUNTRY[s.b], f"in {s.year}", f"in de {STAGE[s.thing]}"
    return (
        f"{a} versloeg {b} {year} {stage}",
        f"{year} versloeg {a} {b} {stage}",
        f"{b} verloor {year} {stage} van {a}",
        f"{year} verloor {b} {stage} van {a}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"in {s.year}"
    return (
        f"{a} exporteerde {year} {thing} naar {b}",
        f"{year} exporteerde {a} {thing} naar {b}",
        f"{b} importeerde {year} {thing} uit {a}",
        f"{year} importeerde {b} {thing} uit {a}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} is {s.n} jaar ouder dan {s.b}",
        f"{s.b} is {s.n} jaar jonger dan {s.a}",
        f"{s.a} werd {s.n} jaar vóór {s.b} geboren",
        f"{s.b} werd {s.n} jaar na {s.a} geboren",
    )


def _height(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} is {s.n} centimeter langer dan {s.b}",
        f"{s.b} is {s.n} centimeter korter dan {s.a}",
        f"vergeleken met {s.b} is {s.a} {s.n} centimeter langer",
        f"vergeleken met {s.a} is {s.b} {s.n} centimeter korter",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    city = CITY[s.city]
    return (
        f"{s.a} kwam vóór {s.b} in {city} aan",
        f"{s.b} kwam na {s.a} in {city} aan",
        f"toen {s.b} in {city} aankwam, was {s.a} er al",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    a, b, year, year2 = CITY[s.a], CITY[s.b], f"in {s.year}", f"in {s.year2}"
    return (
        f"{s.who} bezocht {year} {a} en {year2} {b}",
        f"{s.who} bezocht {year2} {b} en {year} {a}",
        f"{year} bezocht {s.who} {a} en {year2} {b}",
        f"{year2} bezocht {s.who} {b} en {year} {a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a} ligt {north} {b}",
        f"{b} ligt {south} {a}",
        f"{north} {b} ligt {a}",
        f"{south} {a} ligt {b}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    left, right = SEAT[s.thing]
    return (
        f"{s.a} zat {left} {s.b}",
        f"{s.b} zat {right} {s.a}",
        f"{left} {s.b} zat {s.a}",
        f"{right} {s.a} zat {s.b}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    did_a, done_a, object_a = ACTIVITY[s.a]
    did_b, _, object_b = ACTIVITY[s.b]
    pronoun = "ze" if s.who in c.FEMALE else "hij"
    return (
        f"{s.who} {did_a} {object_a} voordat {pronoun} {object_b} {did_b}",
        f"voordat {s.who} {object_b} {did_b}, {did_a} {pronoun} {object_a}",
        f"nadat {s.who} {object_a} had {done_a}, {did_b} {pronoun} {object_b}",
        f"{s.who} {did_b} {object_b} nadat {pronoun} {object_a} had {done_a}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    post, year = f"als hoofd van {ORGANISATION[s.thing]}", f"in {s.year}"
    return (
        f"{year} verving {s.a} {s.b} {post}",
        f"{s.a} verving {s.b} {year} {post}",
        f"{s.b} werd {year} door {s.a} vervangen {post}",
        f"{year} werd {s.b} door {s.a} vervangen {post}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    verb, a, b = STAY[s.verb], f"in {CITY[s.a]}", f"in {CITY[s.b]}"
    return (
        f"{s.who} {verb} {a} en {s.other} {verb} {b}",
        f"{s.other} {verb} {b} en {s.who} {verb} {a}",
        f"terwijl {s.who} {a} {verb}, {verb} {s.other} {b}",
        f"terwijl {s.other} {b} {verb}, {verb} {s.who} {a}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    parent, child = ("moeder", "dochter") if s.a in c.FEMALE else ("vader", "zoon")
    return (
        f"{s.a} is de {parent} van {s.b}",
        f"{s.b} is de {child} van {s.a}",
        f"de {parent} van {s.b} is {s.a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
