"""English: dative shift ("gave B a book" / "gave a book to B"), by-passives, gerund clauses."""

from .. import concepts as c
from ..common import realiser, rows, table
from ..scenes import Scene

NP = {name: name for name in c.NAMES} | {role: f"the {role}" for role in c.ROLES}
# Past tense and participle are the same word for all of these.
ACT = table(c.ACTS, "hired praised criticised rescued interviewed deceived supported punished")
TRANSFER = {"give": ("gave", "received"), "lend": ("lent", "borrowed"), "sell": ("sold", "bought")}
SUBJECT = table(c.SUBJECTS, "chess|mathematics|physics|chemistry|Latin|Arabic|photography|drawing")
STAGE = table(c.STAGES, "final|semi-final|quarter-final|opening match")
BUILDING = {b: "the " + b.replace("_", " ") for b in c.BUILDINGS}
DIRECTION = {"north": ("north of", "south of"), "east": ("east of", "west of")}
SEAT = {"left": ("to the left of", "to the right of"), "front": ("in front of", "behind")}
STAY = {"live": "lives", "work": "works", "study": "studies"}
# Past tense | gerund | object.
ACTIVITY = rows(
    c.ACTIVITIES,
    """
    washed | washing | the car
    read | reading | the newspaper
    watered | watering | the flowers
    wrote | writing | a letter
    painted | painting | the fence
    fed | feeding | the cat
    repaired | repairing | the bicycle
    baked | baking | a cake
    bought | buying | bread
    watched | watching | a film
    ironed | ironing | the shirts
    cleaned | cleaning | the windows
    paid | paying | the bill
    cleaned | cleaning | the kitchen
    """,
)


def _act(s: Scene) -> tuple[str, ...]:
    a, b, verb, where = NP[s.a], NP[s.b], ACT[s.verb], f"in {s.city}"
    return (
        f"{a} {verb} {b} {where} in {s.year}",
        f"in {s.year}, {a} {verb} {b} {where}",
        f"{b} was {verb} by {a} {where} in {s.year}",
        f"in {s.year}, {b} was {verb} by {a} {where}",
    )


def _transfer(s: Scene) -> tuple[str, ...]:
    a, b, thing = NP[s.a], NP[s.b], f"a {s.thing}"
    gave, got = TRANSFER[s.kind]
    return (
        f"in {s.year}, {a} {gave} {b} {thing}",
        f"{a} {gave} {thing} to {b} in {s.year}",
        f"{b} {got} {thing} from {a} in {s.year}",
        f"in {s.year}, {b} {got} {thing} from {a}",
    )


def _teach(s: Scene) -> tuple[str, ...]:
    a, b, what = NP[s.a], NP[s.b], SUBJECT[s.thing]
    return (
        f"{a} taught {b} {what} in {s.year}",
        f"in {s.year}, {a} taught {b} {what}",
        f"{b} learned {what} from {a} in {s.year}",
        f"in {s.year}, {b} learned {what} from {a}",
    )


def _move(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.who} moved from {s.a} to {s.b} in {s.year}",
        f"in {s.year}, {s.who} moved from {s.a} to {s.b}",
        f"{s.who} left {s.a} in {s.year} and moved to {s.b}",
        f"in {s.year}, {s.who} left {s.a} and moved to {s.b}",
    )


def _match(s: Scene) -> tuple[str, ...]:
    stage = f"in the {STAGE[s.thing]}"
    return (
        f"{s.a} beat {s.b} {stage} in {s.year}",
        f"in {s.year}, {s.a} beat {s.b} {stage}",
        f"{s.b} lost to {s.a} {stage} in {s.year}",
        f"in {s.year}, {s.b} lost to {s.a} {stage}",
    )


def _export(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} exported {s.thing} to {s.b} in {s.year}",
        f"in {s.year}, {s.a} exported {s.thing} to {s.b}",
        f"{s.b} imported {s.thing} from {s.a} in {s.year}",
        f"in {s.year}, {s.b} imported {s.thing} from {s.a}",
    )


def _age(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} is {s.n} years older than {s.b}",
        f"{s.b} is {s.n} years younger than {s.a}",
        f"{s.a} was born {s.n} years before {s.b}",
        f"{s.b} was born {s.n} years after {s.a}",
    )


def _height(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} is {s.n} centimetres taller than {s.b}",
        f"{s.b} is {s.n} centimetres shorter than {s.a}",
        f"compared with {s.b}, {s.a} is {s.n} centimetres taller",
        f"compared with {s.a}, {s.b} is {s.n} centimetres shorter",
    )


def _arrive(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.a} arrived in {s.city} before {s.b}",
        f"{s.b} arrived in {s.city} after {s.a}",
        f"when {s.b} arrived in {s.city}, {s.a} was already there",
    )


def _visit(s: Scene) -> tuple[str, ...]:
    return (
        f"{s.who} visited {s.a} in {s.year} and {s.b} in {s.year2}",
        f"{s.who} visited {s.b} in {s.year2} and {s.a} in {s.year}",
        f"in {s.year}, {s.who} visited {s.a}, and in {s.year2}, {s.b}",
        f"in {s.year2}, {s.who} visited {s.b}, and in {s.year}, {s.a}",
    )


def _place(s: Scene) -> tuple[str, ...]:
    a, b = BUILDING[s.a], BUILDING[s.b]
    north, south = DIRECTION[s.thing]
    return (
        f"{a} is {north} {b}",
        f"{b} is {south} {a}",
        f"{north} {b} is {a}",
        f"{south} {a} is {b}",
    )


def _seat(s: Scene) -> tuple[str, ...]:
    left, right = SEAT[s.thing]
    return (
        f"{s.a} sat {left} {s.b}",
        f"{s.b} sat {right} {s.a}",
        f"{left} {s.b} sat {s.a}",
        f"{right} {s.a} sat {s.b}",
    )


def _routine(s: Scene) -> tuple[str, ...]:
    did_a, doing_a, object_a = ACTIVITY[s.a]
    did_b, doing_b, object_b = ACTIVITY[s.b]
    return (
        f"{s.who} {did_a} {object_a} before {doing_b} {object_b}",
        f"before {doing_b} {object_b}, {s.who} {did_a} {object_a}",
        f"after {doing_a} {object_a}, {s.who} {did_b} {object_b}",
        f"{s.who} {did_b} {object_b} after {doing_a} {object_a}",
    )


def _replace(s: Scene) -> tuple[str, ...]:
    post = f"as head of the {s.thing}"
    return (
        f"in {s.year}, {s.a} replaced {s.b} {post}",
        f"{s.a} replaced {s.b} {post} in {s.year}",
        f"{s.b} was replaced by {s.a} {post} in {s.year}",
        f"in {s.year}, {s.b} was replaced by {s.a} {post}",
    )


def _stay(s: Scene) -> tuple[str, ...]:
    one, two = f"{s.who} {STAY[s.verb]} in {s.a}", f"{s.other} {STAY[s.verb]} in {s.b}"
    return (
        f"{one} and {two}",
        f"{two} and {one}",
        f"while {one}, {two}",
        f"while {two}, {one}",
    )


def _kin(s: Scene) -> tuple[str, ...]:
    parent, child = ("mother", "daughter") if s.a in c.FEMALE else ("father", "son")
    return (
        f"{s.a} is the {parent} of {s.b}",
        f"{s.b} is the {child} of {s.a}",
        f"the {parent} of {s.b} is {s.a}",
    )


realise = realiser(
    act=_act, transfer=_transfer, teach=_teach, move=_move, match=_match, export=_export,
    age=_age, height=_height, arrive=_arrive, visit=_visit, place=_place, seat=_seat,
    routine=_routine, replace=_replace, stay=_stay, kin=_kin,
)  # fmt: skip
