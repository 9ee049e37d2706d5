"""French: elision (d'Anna, qu'Anna, l'avocat), du/au, partitives, participles that agree."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = {name: name for name in c.NAMES} | table(
    c.ROLES,
    """le médecin|l'avocat|l'infirmière|l'ingénieur|le journaliste|le boulanger|l'agriculteur|
    le jardinier|le peintre|la chanteuse|le pilote|le juge|le cuisinier|l'actrice|l'écrivain|
    l'architecte|le dentiste|le professeur|le mécanicien|l'institutrice""",
)
CITY = table(
    c.CITIES,
    """Paris Londres Rome Berlin Madrid Vienne Lisbonne Athènes Moscou Varsovie Prague Budapest
    Stockholm Oslo Helsinki Dublin Amsterdam Istanbul Tokyo Séoul Pékin Shanghai Sydney Toronto
    Chicago Boston Barcelone Milan""",
)
# With the article | from.
COUNTRY = rows(
    c.COUNTRIES,
    """
    l'Allemagne | d'Allemagne
    la France | de France
    l'Espagne | d'Espagne
    l'Italie | d'Italie
    le Portugal | du Portugal
    la Suède | de Suède
    la Pologne | de Pologne
    la Russie | de Russie
    la Turquie | de Turquie
    le Japon | du Japon
    la Chine | de Chine
    le Brésil | du Brésil
    l'Argentine | d'Argentine
    le Mexique | du Mexique
    l'Égypte | d'Égypte
    le Canada | du Canada
    l'Inde | d'Inde
    la Norvège | de Norvège
    """,
)
# Participle; the feminine adds -e to each.
ACT = table(c.ACTS, "engagé félicité critiqué secouru interviewé trompé soutenu puni")
# What a does (à b), what b does, the preposition before a.
TRANSFER = {
    "give": ("a offert", "a reçu", "de"),
    "lend": ("a prêté", "a emprunté", "à"),
    "sell": ("a vendu", "a acheté", "à"),
}
OBJECT = table(
    c.OBJECTS,
    """un livre|une guitare|un appareil photo|un tableau|un vélo|une lampe|une montre|une bague|
    un violon|un tapis|une valise|un télescope|une moto|une tente""",
)
SUBJECT = table(
    c.SUBJECTS,
    """les échecs|les mathématiques|la physique|la chimie|le latin|l'arabe|la photographie|
    le dessin""",
)
STAGE = table(c.STAGES, "en finale|en demi-finale|en quart de finale|lors du match d'ouverture")
GOODS = table(
    c.GOODS,
    """du blé|du café|de l'acier|du riz|du coton|du pétrole|du sucre|de la laine|du papier|du thé|
    du vin|du cuivre""",
)
BUILDING = table(
    c.BUILDINGS,
    """le musée|la bibliothèque|la gare|l'hôpital|l'école|le théâtre|le marché|l'hôtel|le château|
    la cathédrale|le parc|le stade|le port|l'aéroport|la banque|la poste|la mairie|l'université|
    l'usine|le cimetière""",
)
ORGANISATION = table(
    c.ORGANISATIONS,
    """le musée|l'université|l'hôpital|le théâtre|la banque|l'école|la bibliothèque|l'orchestre|
    la fondation|l'institut""",
)
DIRECTION = {"north": ("au nord", "au sud"), "east": ("à l'est", "à l'ouest")}
STAY = {"live": "habite", "work": "travaille", "study": "étudie"}
# Participle | infinitive | object.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    lavé | laver | la voiture
    lu | lire | le journal
    arrosé | arroser | les fleurs
    écrit | écrire | une lettre
    peint | peindre | la clôture
    nourri | nourrir | le chat
    réparé | réparer | le vélo
    préparé | préparer | un gâteau
    acheté | acheter | du pain
    regardé | regarder | un film
    repassé | repasser | les chemises
    nettoyé | nettoyer | les fenêtres
    payé | payer | la facture
    nettoyé | nettoyer | la cuisine
    """,
)


def _elide(short: str, text: str) -> str:
    """ "d'Anna" for ("d", "Anna"), "de Peter" for ("d", "Peter"); likewise "qu"."""
    # Of the words used here only Helsinki starts with h, and usage elides before it.
    return f"{short}'{text}" if text[0] in "AEIOUHaeiouéÉ" else f"{short}e {text}"


def _de(np: str) -> str:
    if np.startswith("le "):
        return f"du {np[3:]}"
    return f"de {np}" if np.startswith(("la ", "l'")) else _elide("d", np)


def _a(np: str) -> str:
    return f"au {np[3:]}" if np.startswith("le ") else f"à {np}"


def _e(concept: str) -> str:
    """The ending of a participle that agrees with this person."""
    return "e" if concept in c.FEMALE else ""


def _act(s: Scene) -> tuple[str, ...]:
    a, b, year, where = NP[s.a], NP[s.b], f"en {s.year}", f"à {CITY[s.city]}"
    done = ACT[s.verb]
    return (
        f"{a} a {done} {b} {where} {year}",
        f"{year}, {a} a {done} {b} {where}",
        f"{b} a été {done}{_e(s.b)} par {a} {where} {year}",
        f"{year}, {b} a été {done}{_e(s.b)} par {a} {where}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = NP[s.a], NP[s.b], OBJECT[s.thing], f"en {s.year}"
    gave, got, preposition = TRANSFER[s.kind]
    giver = _de(a) if preposition == "de" else _a(a)
    return (
        f"{year}, {a} {gave} {thing} {_a(b)}",
        f"{a} {gave} {thing} {_a(b)} {year}",
        f"{b} {got} {thing} {giver} {year}",
        f"{year}, {b} {got} {thing} {giver}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"en {s.year}"
    return (
        f"{a} a enseigné {what} {_a(b)} {year}",
        f"{year}, {a} a enseigné {what} {_a(b)}",
        f"{b} a appris {what} auprès {_de(a)} {year}",
        f"{year}, {b} a appris {what} auprès {_de(a)}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    a, b, year = CITY[s.a], CITY[s.b], f"en {s.year}"
    return (
        f"{s.who} a déménagé {_de(a)} à {b} {year}",
        f"{year}, {s.who} a déménagé {_de(a)} à {b}",
        f"{s.who} a quitté {a} {year} pour s'installer à {b}",
        f"{year}, {s.who} a quitté {a} pour s'installer à {b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage, year = COUNTRY[s.a][0], COUNTRY[s.b][0], STAGE[s.thing], f"en {s.year}"
    return (
        f"{a} a battu {b} {stage} {year}",
        f"{year}, {a} a battu {b} {stage}",
        f"{b} a perdu contre {a} {stage} {year}",
        f"{year}, {b} a perdu contre {a} {stage}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"en {s.year}"
    return (
        f"{a[0]} a exporté {thing} vers {b[0]} {year}",
        f"{year}, {a[0]} a exporté {thing} vers {b[0]}",
        f"{b[0]} a importé {thing} {a[1]} {year}",
        f"{year}, {b[0]} a importé {thing} {a[1]}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} a {s.n} ans de plus {_elide('qu', s.b)}",
        f"{s.b} a {s.n} ans de moins {_elide('qu', s.a)}",
        f"{s.a} est né{_e(s.a)} {s.n} ans avant {s.b}",
        f"{s.b} est né{_e(s.b)} {s.n} ans après {s.a}",
    )


def _height(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} mesure {s.n} centimètres de plus {_elide('qu', s.b)}",
        f"{s.b} mesure {s.n} centimètres de moins {_elide('qu', s.a)}",
        f"par rapport à {s.b}, {s.a} mesure {s.n} centimètres de plus",
        f"par rapport à {s.a}, {s.b} mesure {s.n} centimètres de moins",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    city = CITY[s.city]
    return (
        f"{s.a} est arrivé{_e(s.a)} à {city} avant {s.b}",
        f"{s.b} est arrivé{_e(s.b)} à {city} après {s.a}",
        f"quand {s.b} est arrivé{_e(s.b)} à {city}, {s.a} y était déjà",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    a, b, year, year2 = CITY[s.a], CITY[s.b], f"en {s.year}", f"en {s.year2}"
    return (
        f"{s.who} a visité {a} {year} et {b} {year2}",
        f"{s.who} a visité {b} {year2} et {a} {year}",
        f"{year}, {s.who} a visité {a} et, {year2}, {b}",
        f"{year2}, {s.who} a visité {b} et, {year}, {a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a} se trouve {north} {_de(b)}",
        f"{b} se trouve {south} {_de(a)}",
        f"{north} {_de(b)} se trouve {a}",
        f"{south} {_de(a)} se trouve {b}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    a_sat, b_sat = f"était assis{_e(s.a)}", f"était assis{_e(s.b)}"
    if s.thing == "left":
        left, right = f"à gauche {_de(s.b)}", f"à droite {_de(s.a)}"
    else:
        left, right = f"devant {s.b}", f"derrière {s.a}"
    return (
        f"{s.a} {a_sat} {left}",
        f"{s.b} {b_sat} {right}",
        f"{left} {a_sat} {s.a}",
        f"{right} {b_sat} {s.b}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    done_a, _, object_a = ACTIVITY[s.a]
    done_b, do_b, object_b = ACTIVITY[s.b]
    before_b = f"avant {_elide('d', do_b)} {object_b}"
    return (
        f"{s.who} a {done_a} {object_a} {before_b}",
        f"{before_b}, {s.who} a {done_a} {object_a}",
        f"après avoir {done_a} {object_a}, {s.who} a {done_b} {object_b}",
        f"{s.who} a {done_b} {object_b} après avoir {done_a} {object_a}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    top, year = f"à la tête {_de(ORGANISATION[s.thing])}", f"en {s.year}"
    return (
        f"{year}, {s.a} a remplacé {s.b} {top}",
        f"{s.a} a remplacé {s.b} {top} {year}",
        f"{s.b} a été remplacé{_e(s.b)} par {s.a} {top} {year}",
        f"{year}, {s.b} a été remplacé{_e(s.b)} par {s.a} {top}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    one, two = f"{s.who} {STAY[s.verb]} à {CITY[s.a]}", f"{s.other} {STAY[s.verb]} à {CITY[s.b]}"
    return (
        f"{one} et {two}",
        f"{two} et {one}",
        f"tandis {_elide('qu', one)}, {two}",
        f"tandis {_elide('qu', two)}, {one}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    parent, child = ("la mère", "la fille") if s.a in c.FEMALE else ("le père", "le fils")
    return (
        f"{s.a} est {parent} {_de(s.b)}",
        f"{s.b} est {child} {_de(s.a)}",
        f"{parent} {_de(s.b)} est {s.a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
