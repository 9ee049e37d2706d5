"""Italian: articles by the next sound, del/dallo/all', ad and ed, participles that agree."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = {name: name for name in c.NAMES} | table(
    c.ROLES,
    """il medico|l'avvocato|l'infermiera|l'ingegnere|il giornalista|il panettiere|l'agricoltore|
    il giardiniere|il pittore|la cantante|il pilota|il giudice|il cuoco|l'attrice|lo scrittore|
    l'architetto|il dentista|il professore|il meccanico|la maestra""",
)
CITY = table(
    c.CITIES,
    """Parigi Londra Roma Berlino Madrid Vienna Lisbona Atene Mosca Varsavia Praga Budapest
    Stoccolma Oslo Helsinki Dublino Amsterdam Istanbul Tokyo Seul Pechino Shanghai Sydney Toronto
    Chicago Boston Barcellona Milano""",
)
COUNTRY = table(
    c.COUNTRIES,
    """la Germania|la Francia|la Spagna|l'Italia|il Portogallo|la Svezia|la Polonia|la Russia|
    la Turchia|il Giappone|la Cina|il Brasile|l'Argentina|il Messico|l'Egitto|il Canada|l'India|
    la Norvegia""",
)
# Participle without its ending.
ACT = table(c.ACTS, "assunt lodat criticat salvat intervistat ingannat sostenut punit")
TRANSFER = {
    "give": ("ha regalato", "ha ricevuto in regalo"),
    "lend": ("ha prestato", "ha preso in prestito"),
    "sell": ("ha venduto", "ha comprato"),
}
OBJECT = table(
    c.OBJECTS,
    """un libro|una chitarra|una macchina fotografica|un quadro|una bicicletta|una lampada|
    un orologio|un anello|un violino|un tappeto|una valigia|un telescopio|una moto|una tenda""",
)
SUBJECT = table(
    c.SUBJECTS,
    """gli scacchi|la matematica|la fisica|la chimica|il latino|l'arabo|la fotografia|
    il disegno""",
)
STAGE = table(c.STAGES, "in finale|in semifinale|nei quarti di finale|nella partita inaugurale")
GOODS = table(c.GOODS, "grano caffè acciaio riso cotone petrolio zucchero lana carta tè vino rame")
BUILDING = table(
    c.BUILDINGS,
    """il museo|la biblioteca|la stazione|l'ospedale|la scuola|il teatro|il mercato|l'albergo|
    il castello|la cattedrale|il parco|lo stadio|il porto|l'aeroporto|la banca|
    l'ufficio postale|il municipio|l'università|la fabbrica|il cimitero""",
)
ORGANISATION = table(
    c.ORGANISATIONS,
    """il museo|l'università|l'ospedale|il teatro|la banca|la scuola|la biblioteca|l'orchestra|
    la fondazione|l'istituto""",
)
DIRECTION = {"north": ("a nord", "a sud"), "east": ("a est", "a ovest")}
STAY = {"live": "vive", "work": "lavora", "study": "studia"}
# Participle | infinitive | object.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    lavato | lavare | la macchina
    letto | leggere | il giornale
    annaffiato | annaffiare | i fiori
    scritto | scrivere | una lettera
    dipinto | dipingere | la recinzione
    dato | dare | da mangiare al gatto
    riparato | riparare | la bicicletta
    preparato | preparare | una torta
    comprato | comprare | il pane
    guardato | guardare | un film
    stirato | stirare | le camicie
    pulito | pulire | le finestre
    pagato | pagare | la bolletta
    pulito | pulire | la cucina
    """,
)
# The preposition before il, lo, la, l'.
_CONTRACTED = {
    "di": ("del ", "dello ", "della ", "dell'"),
    "da": ("dal ", "dallo ", "dalla ", "dall'"),
    "a": ("al ", "allo ", "alla ", "all'"),
}


def _with(preposition: str, np: str) -> str:
    for article, joined in zip(("il ", "lo ", "la ", "l'"), _CONTRACTED[preposition], strict=True):
        if np.startswith(article):
            return joined + np[len(article) :]
    # "ad" only before the same vowel, as modern usage has it.
    return f"ad {np}" if preposition == "a" and np[0] == "A" else f"{preposition} {np}"


def _o(concept: str) -> str:
    """The ending of an adjective or participle that agrees with this person."""
    return "a" if concept in c.FEMALE else "o"


def _act(s: Scene) -> tuple[str, ...]:
    a, b, year, where = NP[s.a], NP[s.b], f"nel {s.year}", _with("a", CITY[s.city])
    done = ACT[s.verb]
    passive = f"è stat{_o(s.b)} {done}{_o(s.b)} {_with('da', a)}"
    return (
        f"{a} ha {done}o {b} {where} {year}",
        f"{year} {a} ha {done}o {b} {where}",
        f"{b} {passive} {where} {year}",
        f"{year} {b} {passive} {where}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = NP[s.a], NP[s.b], OBJECT[s.thing], f"nel {s.year}"
    gave, got = TRANSFER[s.kind]
    return (
        f"{year} {a} {gave} {thing} {_with('a', b)}",
        f"{a} {gave} {thing} {_with('a', b)} {year}",
        f"{b} {got} {thing} {_with('da', a)} {year}",
        f"{year} {b} {got} {thing} {_with('da', a)}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"nel {s.year}"
    return (
        f"{a} ha insegnato {what} {_with('a', b)} {year}",
        f"{year} {a} ha insegnato {what} {_with('a', b)}",
        f"{b} ha imparato {what} {_with('da', a)} {year}",
        f"{year} {b} ha imparato {what} {_with('da', a)}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    a, to_b, year = CITY[s.a], _with("a", CITY[s.b]), f"nel {s.year}"
    moved = f"si è trasferit{_o(s.who)}"
    return (
        f"{s.who} {moved} da {a} {to_b} {year}",
        f"{year} {s.who} {moved} da {a} {to_b}",
        f"{s.who} ha lasciato {a} {year} e {moved} {to_b}",
        f"{year} {s.who} ha lasciato {a} e {moved} {to_b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage, year = COUNTRY[s.a], COUNTRY[s.b], STAGE[s.thing], f"nel {s.year}"
    return (
        f"{a} ha battuto {b} {stage} {year}",
        f"{year} {a} ha battuto {b} {stage}",
        f"{b} ha perso contro {a} {stage} {year}",
        f"{year} {b} ha perso contro {a} {stage}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"nel {s.year}"
    # Countries drop their article after "in".
    bare = b.replace("'", " ").split()[1]
    to_b = f"in {bare}"
    return (
        f"{a} ha esportato {thing} {to_b} {year}",
        f"{year} {a} ha esportato {thing} {to_b}",
        f"{b} ha importato {thing} {_with('da', a)} {year}",
        f"{year} {b} ha importato {thing} {_with('da', a)}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} ha {s.n} anni in più di {s.b}",
        f"{s.b} ha {s.n} anni in meno di {s.a}",
        f"{s.a} è nat{_o(s.a)} {s.n} anni prima di {s.b}",
        f"{s.b} è nat{_o(s.b)} {s.n} anni dopo {s.a}",
    )


def _height(s: Scene) -> tuple[str, ...]:
    by = f"di {s.n} centimetri"
    return (
        f"{s.a} è più alt{_o(s.a)} di {s.b} {by}",
        f"{s.b} è più bass{_o(s.b)} di {s.a} {by}",
        f"rispetto {_with('a', s.b)}, {s.a} è più alt{_o(s.a)} {by}",
        f"rispetto {_with('a', s.a)}, {s.b} è più bass{_o(s.b)} {by}",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    there = _with("a", CITY[s.city])
    return (
        f"{s.a} è arrivat{_o(s.a)} {there} prima di {s.b}",
        f"{s.b} è arrivat{_o(s.b)} {there} dopo {s.a}",
        f"quando {s.b} è arrivat{_o(s.b)} {there}, {s.a} era già lì",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    a, b, year, year2 = CITY[s.a], CITY[s.b], f"nel {s.year}", f"nel {s.year2}"
    return (
        f"{s.who} ha visitato {a} {year} e {b} {year2}",
        f"{s.who} ha visitato {b} {year2} e {a} {year}",
        f"{year} {s.who} ha visitato {a} e {year2} {b}",
        f"{year2} {s.who} ha visitato {b} e {year} {a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a} si trova {north} {_with('di', b)}",
        f"{b} si trova {south} {_with('di', a)}",
        f"{north} {_with('di', b)} si trova {a}",
        f"{south} {_with('di', a)} si trova {b}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    a_sat, b_sat = f"era sedut{_o(s.a)}", f"era sedut{_o(s.b)}"
    if s.thing == "left":
        left, right = f"a sinistra di {s.b}", f"a destra di {s.a}"
    else:
        left, right = f"davanti {_with('a', s.b)}", f"dietro {_with('a', s.a)}"
    return (
        f"{s.a} {a_sat} {left}",
        f"{s.b} {b_sat} {right}",
        f"{left} {a_sat} {s.a}",
        f"{right} {b_sat} {s.b}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    done_a, _, object_a = ACTIVITY[s.a]
    done_b, do_b, object_b = ACTIVITY[s.b]
    return (
        f"{s.who} ha {done_a} {object_a} prima di {do_b} {object_b}",
        f"prima di {do_b} {object_b}, {s.who} ha {done_a} {object_a}",
        f"dopo aver {done_a} {object_a}, {s.who} ha {done_b} {object_b}",
        f"{s.who} ha {done_b} {object_b} dopo aver {done_a} {object_a}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    top, year = f"alla guida {_with('di', ORGANISATION[s.thing])}", f"nel {s.year}"
    passive = f"è stat{_o(s.b)} sostituit{_o(s.b)} da {s.a}"
    return (
        f"{year} {s.a} ha sostituito {s.b} {top}",
        f"{s.a} ha sostituito {s.b} {top} {year}",
        f"{s.b} {passive} {top} {year}",
        f"{year} {s.b} {passive} {top}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    one = f"{s.who} {STAY[s.verb]} {_with('a', CITY[s.a])}"
    two = f"{s.other} {STAY[s.verb]} {_with('a', CITY[s.b])}"
    return (
        f"{one} {'ed' if two[0] == 'E' else 'e'} {two}",
        f"{two} {'ed' if one[0] == 'E' else 'e'} {one}",
        f"mentre {one}, {two}",
        f"mentre {two}, {one}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    parent, child = ("la madre", "la figlia") if s.a in c.FEMALE else ("il padre", "il figlio")
    return (
        f"{s.a} è {parent} di {s.b}",
        f"{s.b} è {child} di {s.a}",
        f"{parent} di {s.b} è {s.a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
