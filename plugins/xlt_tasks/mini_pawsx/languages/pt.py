"""Portuguese (Brazilian spelling): do/na/pelo/ao contractions, participles that agree."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = {name: name for name in c.NAMES} | table(
    c.ROLES,
    """o médico|o advogado|a enfermeira|o engenheiro|o jornalista|o padeiro|o agricultor|
    o jardineiro|o pintor|a cantora|o piloto|o juiz|o cozinheiro|a atriz|o escritor|o arquiteto|
    o dentista|o professor|o mecânico|a professora""",
)
CITY = table(
    c.CITIES,
    """Paris Londres Roma Berlim Madri Viena Lisboa Atenas Moscou Varsóvia Praga Budapeste
    Estocolmo Oslo Helsinque Dublin Amsterdã Istambul Tóquio Seul Pequim Xangai Sydney Toronto
    Chicago Boston Barcelona Milão""",
)
# Portugal is the one country here without an article.
COUNTRY = table(
    c.COUNTRIES,
    """a Alemanha|a França|a Espanha|a Itália|Portugal|a Suécia|a Polônia|a Rússia|a Turquia|
    o Japão|a China|o Brasil|a Argentina|o México|o Egito|o Canadá|a Índia|a Noruega""",
)
# Past | participle without its ending.
ACT = rows(
    c.ACTS,
    """
    contratou | contratad
    elogiou | elogiad
    criticou | criticad
    resgatou | resgatad
    entrevistou | entrevistad
    enganou | enganad
    apoiou | apoiad
    puniu | punid
    """,
)
OBJECT = table(
    c.OBJECTS,
    """um livro|uma guitarra|uma câmera|um quadro|uma bicicleta|uma luminária|um relógio|um anel|
    um violino|um tapete|uma mala|um telescópio|uma moto|uma barraca""",
)
SUBJECT = table(c.SUBJECTS, "xadrez matemática física química latim árabe fotografia desenho")
STAGE = table(c.STAGES, "na final|na semifinal|nas quartas de final|no jogo de abertura")
GOODS = table(c.GOODS, "trigo café aço arroz algodão petróleo açúcar lã papel chá vinho cobre")
BUILDING = table(
    c.BUILDINGS,
    """o museu|a biblioteca|a estação|o hospital|a escola|o teatro|o mercado|o hotel|o castelo|
    a catedral|o parque|o estádio|o porto|o aeroporto|o banco|o correio|a prefeitura|
    a universidade|a fábrica|o cemitério""",
)
ORGANISATION = table(
    c.ORGANISATIONS,
    """o museu|a universidade|o hospital|o teatro|o banco|a escola|a biblioteca|a orquestra|
    a fundação|o instituto""",
)
DIRECTION = {"north": ("ao norte", "ao sul"), "east": ("a leste", "a oeste")}
SEAT = {"left": ("à esquerda", "à direita"), "front": ("na frente", "atrás")}
STAY = {"live": "mora", "work": "trabalha", "study": "estuda"}
# Past | infinitive | object.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    lavou | lavar | o carro
    leu | ler | o jornal
    regou | regar | as flores
    escreveu | escrever | uma carta
    pintou | pintar | a cerca
    alimentou | alimentar | o gato
    consertou | consertar | a bicicleta
    assou | assar | um bolo
    comprou | comprar | pão
    viu | ver | um filme
    passou | passar | as camisas
    limpou | limpar | as janelas
    pagou | pagar | a conta
    limpou | limpar | a cozinha
    """,
)
# The preposition before o and a.
_CONTRACTED = {"de": ("do", "da"), "por": ("pelo", "pela"), "a": ("ao", "à")}


def _with(preposition: str, np: str) -> str:
    masculine, feminine = _CONTRACTED[preposition]
    if np.startswith("o "):
        return f"{masculine} {np[2:]}"
    return f"{feminine} {np[2:]}" if np.startswith("a ") else f"{preposition} {np}"


def _o(concept: str) -> str:
    """The ending of an adjective or participle that agrees with this person."""
    return "a" if concept in c.FEMALE else "o"


def _act(s: Scene) -> tuple[str, ...]:
    a, b, year, where = NP[s.a], NP[s.b], f"em {s.year}", f"em {CITY[s.city]}"
    past, participle = ACT[s.verb]
    passive = f"foi {participle}{_o(s.b)} {_with('por', a)}"
    return (
        f"{a} {past} {b} {where} {year}",
        f"{year}, {a} {past} {b} {where}",
        f"{b} {passive} {where} {year}",
        f"{year}, {b} {passive} {where}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = NP[s.a], NP[s.b], OBJECT[s.thing], f"em {s.year}"
    lent = "emprestada" if thing.startswith("uma ") else "emprestado"
    gave, got = {
        "give": (f"deu {thing} de presente", f"ganhou {thing} de presente"),
        "lend": (f"emprestou {thing}", f"pegou {thing} {lent}"),
        "sell": (f"vendeu {thing}", f"comprou {thing}"),
    }[s.kind]
    return (
        f"{year}, {a} {gave} {_with('a', b)}",
        f"{a} {gave} {_with('a', b)} {year}",
        f"{b} {got} {_with('de', a)} {year}",
        f"{year}, {b} {got} {_with('de', a)}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what, year = NP[s.a], NP[s.b], SUBJECT[s.thing], f"em {s.year}"
    return (
        f"{a} ensinou {what} {_with('a', b)} {year}",
        f"{year}, {a} ensinou {what} {_with('a', b)}",
        f"{b} aprendeu {what} com {a} {year}",
        f"{year}, {b} aprendeu {what} com {a}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    a, b, year = CITY[s.a], CITY[s.b], f"em {s.year}"
    return (
        f"{s.who} se mudou de {a} para {b} {year}",
        f"{year}, {s.who} se mudou de {a} para {b}",
        f"{s.who} deixou {a} {year} e se mudou para {b}",
        f"{year}, {s.who} deixou {a} e se mudou para {b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    a, b, stage = COUNTRY[s.a], COUNTRY[s.b], STAGE[s.thing]
    return (
        f"{a} venceu {b} {stage} de {s.year}",
        f"em {s.year}, {a} venceu {b} {stage}",
        f"{b} perdeu para {a} {stage} de {s.year}",
        f"em {s.year}, {b} perdeu para {a} {stage}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    a, b, thing, year = COUNTRY[s.a], COUNTRY[s.b], GOODS[s.thing], f"em {s.year}"
    return (
        f"{a} exportou {thing} para {b} {year}",
        f"{year}, {a} exportou {thing} para {b}",
        f"{b} importou {thing} {_with('de', a)} {year}",
        f"{year}, {b} importou {thing} {_with('de', a)}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} é {s.n} anos mais velh{_o(s.a)} que {s.b}",
        f"{s.b} é {s.n} anos mais nov{_o(s.b)} que {s.a}",
        f"{s.a} nasceu {s.n} anos antes de {s.b}",
        f"{s.b} nasceu {s.n} anos depois de {s.a}",
    )


def _height(s: Scene) -> tuple[str, ...]:
    taller = f"{s.n} centímetros mais alt{_o(s.a)}"
    shorter = f"{s.n} centímetros mais baix{_o(s.b)}"
    return (
        f"{s.a} é {taller} que {s.b}",
        f"{s.b} é {shorter} que {s.a}",
        f"em comparação com {s.b}, {s.a} é {taller}",
        f"em comparação com {s.a}, {s.b} é {shorter}",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    city = CITY[s.city]
    return (
        f"{s.a} chegou a {city} antes de {s.b}",
        f"{s.b} chegou a {city} depois de {s.a}",
        f"quando {s.b} chegou a {city}, {s.a} já estava lá",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    a, b, year, year2 = CITY[s.a], CITY[s.b], f"em {s.year}", f"em {s.year2}"
    return (
        f"{s.who} visitou {a} {year} e {b} {year2}",
        f"{s.who} visitou {b} {year2} e {a} {year}",
        f"{year}, {s.who} visitou {a} e, {year2}, {b}",
        f"{year2}, {s.who} visitou {b} e, {year}, {a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a} fica {north} {_with('de', b)}",
        f"{b} fica {south} {_with('de', a)}",
        f"{north} {_with('de', b)} fica {a}",
        f"{south} {_with('de', a)} fica {b}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    left, right = SEAT[s.thing]
    a_sat, b_sat = f"estava sentad{_o(s.a)}", f"estava sentad{_o(s.b)}"
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
        f"depois de {do_a} {object_a}, {s.who} {did_b} {object_b}",
        f"{s.who} {did_b} {object_b} depois de {do_a} {object_a}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    top, year = f"à frente {_with('de', ORGANISATION[s.thing])}", f"em {s.year}"
    passive = f"foi substituíd{_o(s.b)} por {s.a}"
    return (
        f"{year}, {s.a} substituiu {s.b} {top}",
        f"{s.a} substituiu {s.b} {top} {year}",
        f"{s.b} {passive} {top} {year}",
        f"{year}, {s.b} {passive} {top}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    one, two = f"{s.who} {STAY[s.verb]} em {CITY[s.a]}", f"{s.other} {STAY[s.verb]} em {CITY[s.b]}"
    return (
        f"{one} e {two}",
        f"{two} e {one}",
        f"enquanto {one}, {two}",
        f"enquanto {two}, {one}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    parent, child = ("a mãe", "a filha") if s.a in c.FEMALE else ("o pai", "o filho")
    return (
        f"{s.a} é {parent} de {s.b}",
        f"{s.b} é {child} de {s.a}",
        f"{parent} de {s.b} é {s.a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
