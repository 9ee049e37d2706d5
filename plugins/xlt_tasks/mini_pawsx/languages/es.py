"""Spanish: personal a, del/al, doubled datives (le ... a), participles that agree."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = {name: name for name in c.NAMES} | table(
    c.ROLES,
    """el médico|el abogado|la enfermera|el ingeniero|el periodista|el panadero|el agricultor|
    el jardinero|el pintor|la cantante|el piloto|el juez|el cocinero|la actriz|el escritor|
    el arquitecto|el dentista|el catedrático|el mecánico|la maestra""",
)
CITY = table(
    c.CITIES,
    """París Londres Roma Berlín Madrid Viena Lisboa Atenas Moscú Varsovia Praga Budapest
    Estocolmo Oslo Helsinki Dublín Ámsterdam Estambul Tokio Seúl Pekín Shanghái Sídney Toronto
    Chicago Boston Barcelona Milán""",
)
COUNTRY = table(
    c.COUNTRIES,
    """Alemania Francia España Italia Portugal Suecia Polonia Rusia Turquía Japón China Brasil
    Argentina México Egipto Canadá India Noruega""",
)
# Past | participle without its ending.
ACT = rows(
    c.ACTS,
    """
    contrató | contratad
    elogió | elogiad
    criticó | criticad
    rescató | rescatad
    entrevistó | entrevistad
    engañó | engañad
    apoyó | apoyad
    castigó | castigad
    """,
)
OBJECT = table(
    c.OBJECTS,
    """un libro|una guitarra|una cámara|un cuadro|una bicicleta|una lámpara|un reloj|un anillo|
    un violín|una alfombra|una maleta|un telescopio|una moto|una tienda de campaña""",
)
SUBJECT = table(c.SUBJECTS, "ajedrez matemáticas física química latín árabe fotografía dibujo")
STAGE = table(c.STAGES, "la final|la semifinal|los cuartos de final|el partido inaugural")
GOODS = table(c.GOODS, "trigo café acero arroz algodón petróleo azúcar lana papel té vino cobre")
BUILDING = table(
    c.BUILDINGS,
    """el museo|la biblioteca|la estación|el hospital|la escuela|el teatro|el mercado|el hotel|
    el castillo|la catedral|el parque|el estadio|el puerto|el aeropuerto|el banco|
    la oficina de correos|el ayuntamiento|la universidad|la fábrica|el cementerio""",
)
ORGANISATION = table(
    c.ORGANISATIONS,
    """el museo|la universidad|el hospital|el teatro|el banco|la escuela|la biblioteca|
    la orquesta|la fundación|el instituto""",
)
DIRECTION = {"north": ("al norte", "al sur"), "east": ("al este", "al oeste")}
SEAT = {"left": ("a la izquierda", "a la derecha"), "front": ("delante", "detrás")}
STAY = {"live": "vive", "work": "trabaja", "study": "estudia"}
# Past | infinitive | object.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    lavó | lavar | el coche
    leyó | leer | el periódico
    regó | regar | las flores
    escribió | escribir | una carta
    pintó | pintar | la valla
    dio | dar | de comer al gato
    reparó | reparar | la bicicleta
    horneó | hornear | un pastel
    compró | comprar | el pan
    vio | ver | una película
    planchó | planchar | las camisas
    limpió | limpiar | las ventanas
    pagó | pagar | la factura
    limpió | limpiar | la cocina
    """,
)


def _a(np: str) -> str:
    return f"al {np[3:]}" if np.startswith("el ") else f"a {np}"


def _de(np: str) -> str:
    return f"del {np[3:]}" if np.startswith("el ") else f"de {np}"


def _o(concept: str) -> str:
    """The ending of an adjective or participle that agrees with this person."""
    return "a" if concept in c.FEMALE else "o"


def _act(s: Scene) -> tuple[str, ...]:
    a, b, year, where = NP[s.a], NP[s.b], f"en {s.year}", f"en {CITY[s.city]}"
    past, participle = ACT[s.verb]
    done = f"{participle}{_o(s.b)}"
    return (
        f"{a} {past} {_a(b)} {where} {year}",
        f"{year}, {a} {past} {_a(b)} {where}",
        f"{b} fue {done} por {a} {where} {year}",
        f"{year}, {b} fue {done} por {a} {where}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = NP[s.a], NP[s.b], OBJECT[s.thing], f"en {s.year}"
    lent = "prestada" if thing.startswith("una ") else "prestado"
    gave, got, giver = {
        "give": ("regaló", "recibió", _de(a)),
        "lend": ("prestó", f"tomó {lent}", _de(a)),
        "sell": ("vendió", "le compró", _a(a)),
    }[s.kind]
    return (
        f"{year}, {a} le {gave} {thing} {_a(b)}",
        f"{a} le {gave} {thing} {_a(b)} {year}",
        f"{b} {got} {thing} {giver} {year}",
        f"{year}, {b} {got} {thing} {giver}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"en {s.year}"
    return (
        f"{a} le enseñó {what} {_a(b)} {year}",
        f"{year}, {a} le enseñó {what} {_a(b)}",
        f"{b} aprendió {what} con {a} {year}",
        f"{year}, {b} aprendió {what} con {a}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    a, b, year = CITY[s.a], CITY[s.b], f"en {s.year}"
    return (
        f"{s.who} se mudó de {a} a {b} {year}",
        f"{year}, {s.who} se mudó de {a} a {b}",
        f"{s.who} dejó {a} {year} y se mudó a {b}",
        f"{year}, {s.who} dejó {a} y se mudó a {b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage = COUNTRY[s.a], COUNTRY[s.b], f"en {STAGE[s.thing]}"
    return (
        f"{a} venció a {b} {stage} de {s.year}",
        f"en {s.year}, {a} venció a {b} {stage}",
        f"{b} perdió contra {a} {stage} de {s.year}",
        f"en {s.year}, {b} perdió contra {a} {stage}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"en {s.year}"
    return (
        f"{a} exportó {thing} a {b} {year}",
        f"{year}, {a} exportó {thing} a {b}",
        f"{b} importó {thing} de {a} {year}",
        f"{year}, {b} importó {thing} de {a}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} es {s.n} años mayor que {s.b}",
        f"{s.b} es {s.n} años menor que {s.a}",
        f"{s.a} nació {s.n} años antes que {s.b}",
        f"{s.b} nació {s.n} años después que {s.a}",
    )


def _height(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} mide {s.n} centímetros más que {s.b}",
        f"{s.b} mide {s.n} centímetros menos que {s.a}",
        f"en comparación con {s.b}, {s.a} mide {s.n} centímetros más",
        f"en comparación con {s.a}, {s.b} mide {s.n} centímetros menos",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    city = CITY[s.city]
    return (
        f"{s.a} llegó a {city} antes que {s.b}",
        f"{s.b} llegó a {city} después que {s.a}",
        f"cuando {s.b} llegó a {city}, {s.a} ya estaba allí",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    a, b, year, year2 = CITY[s.a], CITY[s.b], f"en {s.year}", f"en {s.year2}"
    return (
        f"{s.who} visitó {a} {year} y {b} {year2}",
        f"{s.who} visitó {b} {year2} y {a} {year}",
        f"{year}, {s.who} visitó {a} y, {year2}, {b}",
        f"{year2}, {s.who} visitó {b} y, {year}, {a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a} está {north} {_de(b)}",
        f"{b} está {south} {_de(a)}",
        f"{north} {_de(b)} está {a}",
        f"{south} {_de(a)} está {b}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    left, right = SEAT[s.thing]
    a_sat, b_sat = f"estaba sentad{_o(s.a)}", f"estaba sentad{_o(s.b)}"
    return (
        f"{s.a} {a_sat} {left} de {s.b}",
        f"{s.b} {b_sat} {right} de {s.a}",
        f"{left} de {s.b} {a_sat} {s.a}",
        f"{right} de {s.a} {b_sat} {s.b}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    did_a, do_a, object_a = ACTIVITY[s.a]
    did_b, do_b, object_b = ACTIVITY[s.b]
    return (
        f"{s.who} {did_a} {object_a} antes de {do_b} {object_b}",
        f"antes de {do_b} {object_b}, {s.who} {did_a} {object_a}",
        f"después de {do_a} {object_a}, {s.who} {did_b} {object_b}",
        f"{s.who} {did_b} {object_b} después de {do_a} {object_a}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    top, year = f"al frente {_de(ORGANISATION[s.thing])}", f"en {s.year}"
    done = f"sustituid{_o(s.b)}"
    return (
        f"{year}, {s.a} sustituyó a {s.b} {top}",
        f"{s.a} sustituyó a {s.b} {top} {year}",
        f"{s.b} fue {done} por {s.a} {top} {year}",
        f"{year}, {s.b} fue {done} por {s.a} {top}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    one, two = f"{s.who} {STAY[s.verb]} en {CITY[s.a]}", f"{s.other} {STAY[s.verb]} en {CITY[s.b]}"
    # "y" becomes "e" before the sound of i.
    return (
        f"{one} {'e' if two.startswith('I') else 'y'} {two}",
        f"{two} {'e' if one.startswith('I') else 'y'} {one}",
        f"mientras que {one}, {two}",
        f"mientras que {two}, {one}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    parent, child = ("la madre", "la hija") if s.a in c.FEMALE else ("el padre", "el hijo")
    return (
        f"{s.a} es {parent} de {s.b}",
        f"{s.b} es {child} de {s.a}",
        f"{parent} de {s.b} es {s.a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
