"""German: verb-second with a fronted year, case on articles (and weak nouns), von-passives.

Personal names carry no case, so "Im Jahr 1998 lobte Anna Peter" relies on the unmarked order
subject before object, as German does.
"""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

# Nominative | accusative | dative | with von | with bei.
_ROLE = {
    role: [f"{nom} {noun[0]}", f"{acc} {noun[-1]}", f"{dat} {noun[-1]}",
           f"{von} {noun[-1]}", f"{bei} {noun[-1]}"]
    for role, noun in rows(
        c.ROLES,
        """
        Arzt
        Anwalt
        Krankenschwester
        Ingenieur
        Journalist | Journalisten
        Bäcker
        Bauer | Bauern
        Gärtner
        Maler
        Sängerin
        Pilot | Piloten
        Richter
        Koch
        Schauspielerin
        Schriftsteller
        Architekt | Architekten
        Zahnarzt
        Professor
        Mechaniker
        Lehrerin
        """,
    ).items()
    for nom, acc, dat, von, bei in [
        ("die", "die", "der", "von der", "bei der")
        if role in c.FEMALE
        else ("der", "den", "dem", "vom", "beim")
    ]
}  # fmt: skip
NP = {n: [n, n, n, f"von {n}", f"bei {n}"] for n in c.NAMES} | _ROLE
CITY = table(
    c.CITIES,
    """Paris London Rom Berlin Madrid Wien Lissabon Athen Moskau Warschau Prag Budapest Stockholm
    Oslo Helsinki Dublin Amsterdam Istanbul Tokio Seoul Peking Shanghai Sydney Toronto Chicago
    Boston Barcelona Mailand""",
)
_COUNTRY = table(
    c.COUNTRIES,
    """Deutschland Frankreich Spanien Italien Portugal Schweden Polen Russland Türkei Japan China
    Brasilien Argentinien Mexiko Ägypten Kanada Indien Norwegen""",
)
# Nominative and accusative | to | from. Turkey is the one country here with an article.
COUNTRY = {k: (w, f"nach {w}", f"aus {w}") for k, w in _COUNTRY.items()} | {
    "Turkey": ("die Türkei", "in die Türkei", "aus der Türkei")
}
# Past | participle.
ACT = rows(
    c.ACTS,
    """
    engagierte | engagiert
    lobte | gelobt
    kritisierte | kritisiert
    rettete | gerettet
    interviewte | interviewt
    täuschte | getäuscht
    unterstützte | unterstützt
    bestrafte | bestraft
    """,
)
# What a does, what b does, the word that closes b's clause.
TRANSFER = {
    "give": ("schenkte", "bekam", " geschenkt"),
    "lend": ("lieh", "lieh sich", ""),
    "sell": ("verkaufte", "kaufte", ""),
}
OBJECT = table(
    c.OBJECTS,
    """ein Buch|eine Gitarre|eine Kamera|ein Gemälde|ein Fahrrad|eine Lampe|eine Uhr|einen Ring|
    eine Geige|einen Teppich|einen Koffer|ein Teleskop|ein Motorrad|ein Zelt""",
)
SUBJECT = table(c.SUBJECTS, "Schach Mathematik Physik Chemie Latein Arabisch Fotografie Zeichnen")
STAGE = table(c.STAGES, "Finale Halbfinale Viertelfinale Eröffnungsspiel")
GOODS = table(c.GOODS, "Weizen Kaffee Stahl Reis Baumwolle Öl Zucker Wolle Papier Tee Wein Kupfer")
# Nominative | genitive.
BUILDING = rows(
    c.BUILDINGS,
    """
    das Museum | des Museums
    die Bibliothek | der Bibliothek
    der Bahnhof | des Bahnhofs
    das Krankenhaus | des Krankenhauses
    die Schule | der Schule
    das Theater | des Theaters
    der Markt | des Marktes
    das Hotel | des Hotels
    das Schloss | des Schlosses
    die Kathedrale | der Kathedrale
    der Park | des Parks
    das Stadion | des Stadions
    der Hafen | des Hafens
    der Flughafen | des Flughafens
    die Bank | der Bank
    das Postamt | des Postamts
    das Rathaus | des Rathauses
    die Universität | der Universität
    die Fabrik | der Fabrik
    der Friedhof | des Friedhofs
    """,
)
ORGANISATION = table(
    c.ORGANISATIONS,
    """des Museums|der Universität|des Krankenhauses|des Theaters|der Bank|der Schule|
    der Bibliothek|des Orchesters|der Stiftung|des Instituts""",
)
DIRECTION = {"north": ("nördlich", "südlich"), "east": ("östlich", "westlich")}
SEAT = {"left": ("links von", "rechts von"), "front": ("vor", "hinter")}
STAY = {"live": "lebt", "work": "arbeitet", "study": "studiert"}
# Past | participle | object.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    wusch | gewaschen | das Auto
    las | gelesen | die Zeitung
    goss | gegossen | die Blumen
    schrieb | geschrieben | einen Brief
    strich | gestrichen | den Zaun
    fütterte | gefüttert | die Katze
    reparierte | repariert | das Fahrrad
    backte | gebacken | einen Kuchen
    kaufte | gekauft | Brot
    sah | gesehen | einen Film
    bügelte | gebügelt | die Hemden
    putzte | geputzt | die Fenster
    bezahlte | bezahlt | die Rechnung
    putzte | geputzt | die Küche
    """,
)


def _act(s: Scene) -> tuple[str, ...]:
    a, b = NP[s.a], NP[s.b]
    past, participle = ACT[s.verb]
    year, where = f"im Jahr {s.year}", f"in {CITY[s.city]}"
    return (
        f"{a[0]} {past} {b[1]} {year} {where}",
        f"{year} {past} {a[0]} {b[1]} {where}",
        f"{b[0]} wurde {year} {where} {a[3]} {participle}",
        f"{year} wurde {b[0]} {where} {a[3]} {participle}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = NP[s.a], NP[s.b], OBJECT[s.thing], f"im Jahr {s.year}"
    gave, got, end = TRANSFER[s.kind]
    return (
        f"{year} {gave} {a[0]} {b[2]} {thing}",
        f"{a[0]} {gave} {b[2]} {year} {thing}",
        f"{b[0]} {got} {year} {a[3]} {thing}{end}",
        f"{year} {got} {b[0]} {a[3]} {thing}{end}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"im Jahr {s.year}"
    in_ = "im" if s.thing == "drawing" else "in"  # a noun made of a verb takes the article
    return (
        f"{a[0]} unterrichtete {b[1]} {year} {in_} {what}",
        f"{year} unterrichtete {a[0]} {b[1]} {in_} {what}",
        f"{b[0]} lernte {year} {a[4]} {what}",
        f"{year} lernte {b[0]} {a[4]} {what}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    a, b, year = CITY[s.a], CITY[s.b], f"im Jahr {s.year}"
    return (
        f"{s.who} zog {year} von {a} nach {b}",
        f"{year} zog {s.who} von {a} nach {b}",
        f"{s.who} verließ {a} {year} und zog nach {b}",
        f"{year} verließ {s.who} {a} und zog nach {b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage = COUNTRY[s.a][0], COUNTRY[s.b][0], f"im {STAGE[s.thing]}"
    year = f"im Jahr {s.year}"
    return (
        f"{a} schlug {b} {year} {stage}",
        f"{year} schlug {a} {b} {stage}",
        f"{b} verlor {year} {stage} gegen {a}",
        f"{year} verlor {b} {stage} gegen {a}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"im Jahr {s.year}"
    return (
        f"{a[0]} exportierte {year} {thing} {b[1]}",
        f"{year} exportierte {a[0]} {thing} {b[1]}",
        f"{b[0]} importierte {year} {thing} {a[2]}",
        f"{year} importierte {b[0]} {thing} {a[2]}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} ist {s.n} Jahre älter als {s.b}",
        f"{s.b} ist {s.n} Jahre jünger als {s.a}",
        f"{s.a} wurde {s.n} Jahre vor {s.b} geboren",
        f"{s.b} wurde {s.n} Jahre nach {s.a} geboren",
    )


def _height(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} ist {s.n} Zentimeter größer als {s.b}",
        f"{s.b} ist {s.n} Zentimeter kleiner als {s.a}",
        f"im Vergleich zu {s.b} ist {s.a} {s.n} Zentimeter größer",
        f"im Vergleich zu {s.a} ist {s.b} {s.n} Zentimeter kleiner",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    city = CITY[s.city]
    return (
        f"{s.a} kam vor {s.b} in {city} an",
        f"{s.b} kam nach {s.a} in {city} an",
        f"als {s.b} in {city} ankam, war {s.a} schon dort",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    a, b, year, year2 = CITY[s.a], CITY[s.b], f"im Jahr {s.year}", f"im Jahr {s.year2}"
    return (
        f"{s.who} besuchte {year} {a} und {year2} {b}",
        f"{s.who} besuchte {year2} {b} und {year} {a}",
        f"{year} besuchte {s.who} {a} und {year2} {b}",
        f"{year2} besuchte {s.who} {b} und {year} {a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a[0]} liegt {north} {b[1]}",
        f"{b[0]} liegt {south} {a[1]}",
        f"{north} {b[1]} liegt {a[0]}",
        f"{south} {a[1]} liegt {b[0]}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    left, right = SEAT[s.thing]
    return (
        f"{s.a} saß {left} {s.b}",
        f"{s.b} saß {right} {s.a}",
        f"{left} {s.b} saß {s.a}",
        f"{right} {s.a} saß {s.b}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    did_a, done_a, object_a = ACTIVITY[s.a]
    did_b, _, object_b = ACTIVITY[s.b]
    pronoun = "sie" if s.who in c.FEMALE else "er"
    return (
        f"{s.who} {did_a} {object_a}, bevor {pronoun} {object_b} {did_b}",
        f"bevor {s.who} {object_b} {did_b}, {did_a} {pronoun} {object_a}",
        f"nachdem {s.who} {object_a} {done_a} hatte, {did_b} {pronoun} {object_b}",
        f"{s.who} {did_b} {object_b}, nachdem {pronoun} {object_a} {done_a} hatte",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    top, year = f"an der Spitze {ORGANISATION[s.thing]}", f"im Jahr {s.year}"
    return (
        f"{year} löste {s.a} {s.b} {top} ab",
        f"{s.a} löste {s.b} {year} {top} ab",
        f"{s.b} wurde {year} von {s.a} {top} abgelöst",
        f"{year} wurde {s.b} von {s.a} {top} abgelöst",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    verb, a, b = STAY[s.verb], f"in {CITY[s.a]}", f"in {CITY[s.b]}"
    return (
        f"{s.who} {verb} {a} und {s.other} {verb} {b}",
        f"{s.other} {verb} {b} und {s.who} {verb} {a}",
        f"während {s.who} {a} {verb}, {verb} {s.other} {b}",
        f"während {s.other} {b} {verb}, {verb} {s.who} {a}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    female = s.a in c.FEMALE
    parent, child = ("die Mutter", "die Tochter") if female else ("der Vater", "der Sohn")
    return (
        f"{s.a} ist {parent} von {s.b}",
        f"{s.b} ist {child} von {s.a}",
        f"{parent} von {s.b} ist {s.a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
