"""The meaning side: what a scene is, how scenes are drawn, and which split they belong to.

Scenes are drawn once, before any language is involved, so row i of a split means the same in
every language. `a` and `b` are always the two arguments of one type whose exchange makes the
near-miss, or of which `a` is replaced; the other slots stay where they are.
"""

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from . import concepts as c


class Scene(NamedTuple):
    """One event. Which slots a kind uses, and what `a` and `b` are in it, is told in KINDS."""

    kind: str
    a: str
    b: str
    verb: str = ""
    who: str = ""
    other: str = ""
    city: str = ""
    thing: str = ""
    year: int = 0
    year2: int = 0
    n: int = 0


class Item(NamedTuple):
    """One row before it has words: sentence 1 is (scene, form1), sentence 2 uses form2."""

    scene: Scene
    form1: int
    form2: int
    paraphrase: bool


# Each kind with its number of forms; the forms of a kind all mean the same. In this table
# "In Y, ..." stands for a fronted time adjunct.
KINDS: dict[str, int] = {
    "act": 4,  # a hires/praises/... b in city in year; In Y, ...; passive; In Y, passive
    "give": 4,  # In Y, a gives thing to b; a gives ... in Y; b gets it from a; In Y, b gets ...
    "lend": 4,  # as give: a lends, b borrows
    "sell": 4,  # as give: a sells, b buys
    "teach": 4,  # a teaches b thing in year; In Y, ...; b learns it from a; In Y, b learns ...
    "move": 4,  # who moves from a to b in year; In Y, ...; who leaves a, moves to b; In Y, ...
    "match": 4,  # country a beats b at stage in year; In Y, ...; b loses to a; In Y, b loses ...
    "export": 4,  # country a exports thing to b; In Y, ...; b imports it from a; In Y, b ...
    "age": 4,  # a is n years older than b; b younger; a born n years before b; b born after a
    "height": 4,  # a is n cm taller than b; b shorter; compared with b, a ...; with a, b ...
    "arrive": 3,  # a arrives in city before b; b after a; when b arrives, a is already there
    "visit": 4,  # who visits a in year, b in year2; b first; years fronted; fronted, b first
    "place": 4,  # building a is thing (north, east) of b; b is south of a; north of b is a; ...
    "seat": 4,  # a sits thing (left, front) of b; b right of a; left of b sits a; ...
    "routine": 4,  # who does a before b; before b, a; after a, b; who does b after a
    "replace": 4,  # In Y, a replaces b at thing; a ... in Y; b is replaced by a; In Y, b ...
    "stay": 4,  # who lives in a and other in b; b first; while who in a, other in b; b first
    "kin": 3,  # a is the mother/father of b; b is the daughter/son of a; b's mother is a
}
SIZES = {"train": 4000, "dev": 300, "test": 500}
FEW = {"place": 380, "kin": 552, "seat": 2256, "routine": 4368}
"""How many scenes there are of a kind; of the others there are more than all splits need."""
ORDER = ("test", "dev", "train")
_FIRST_YEAR, _LAST_YEAR = 1950, 2019


def swapped(scene: Scene) -> Scene:
    """The near-miss: the same scene with its two exchangeable arguments the other way round."""
    return scene._replace(a=scene.b, b=scene.a)


def replaced(scene: Scene) -> Scene:
    """An easier near-miss: the same scene with another first argument, always the same one.

    It may be a scene of another split, but in no pair there with this one.
    """
    rng = random.Random(f"mini-pawsx/1/replaced/{identity(scene)}/{scene.a}")
    while True:
        a = draw(rng, scene.kind).a
        # Of the same gender: "daughter" for "son" would tell the label.
        if a not in (scene.a, scene.b) and (a in c.FEMALE) == (scene.a in c.FEMALE):
            return scene._replace(a=a)


def identity(scene: Scene) -> tuple[object, ...]:
    """What a scene shares with its near-miss and restatements; never in two splits."""
    return (
        scene.kind,
        scene.verb,
        tuple(sorted((scene.a, scene.b))),
        tuple(sorted((scene.who, scene.other))),
        scene.city,
        scene.thing,
        tuple(sorted((scene.year, scene.year2))),
        scene.n,
    )


def _below(rng: random.Random, limit: int) -> int:
    # Only Random.random() is promised to give the same numbers in every Python version.
    return int(rng.random() * limit)


def _pick(rng: random.Random, options: Sequence[str]) -> str:
    return options[_below(rng, len(options))]


def _two(rng: random.Random, draw: Callable[[], str]) -> tuple[str, str]:
    first = draw()
    second = draw()
    while second == first:
        second = draw()
    return first, second


def _person(rng: random.Random) -> str:
    return _pick(rng, c.NAMES if _below(rng, 5) < 3 else c.ROLES)


def _year(rng: random.Random) -> str:
    return str(_FIRST_YEAR + _below(rng, _LAST_YEAR - _FIRST_YEAR + 1))


def draw(rng: random.Random, kind: str) -> Scene:
    """A scene of a kind, drawn at random."""

    def people() -> tuple[str, str]:
        return _two(rng, lambda: _person(rng))

    def of(options: Sequence[str]) -> tuple[str, str]:
        return _two(rng, lambda: _pick(rng, options))

    def one(options: Sequence[str]) -> str:
        return _pick(rng, options)

    year, year2 = (int(y) for y in _two(rng, lambda: _year(rng)))
    match kind:
        case "act":
            verb, city = one(c.ACTS), one(c.CITIES)
            return Scene(kind, *people(), verb=verb, city=city, year=year)
        case "give" | "lend" | "sell":
            return Scene(kind, *people(), thing=one(c.OBJECTS), year=year)
        case "teach":
            return Scene(kind, *people(), thing=one(c.SUBJECTS), year=year)
        case "move":
            return Scene(kind, *of(c.CITIES), who=one(c.NAMES), year=year)
        case "match":
            return Scene(kind, *of(c.COUNTRIES), thing=one(c.STAGES), year=year)
        case "export":
            return Scene(kind, *of(c.COUNTRIES), thing=one(c.GOODS), year=year)
        case "age" | "height":
            return Scene(kind, *of(c.NAMES), n=2 + _below(rng, 18))
        case "arrive":
            return Scene(kind, *of(c.NAMES), city=one(c.CITIES))
        case "visit":
            return Scene(kind, *of(c.CITIES), who=one(c.NAMES), year=year, year2=year2)
        case "place":
            return Scene(kind, *of(c.BUILDINGS), thing=one(c.DIRECTIONS))
        case "seat":
            return Scene(kind, *of(c.NAMES), thing=one(c.SEATS))
        case "routine":
            return Scene(kind, *of(c.ACTIVITIES), who=one(c.NAMES))
        case "replace":
            return Scene(kind, *of(c.NAMES), thing=one(c.ORGANISATIONS), year=year)
        case "stay":
            who, other = of(c.NAMES)
            return Scene(kind, *of(c.CITIES), verb=one(c.STAYS), who=who, other=other)
        case "kin":
            # One gender in a pair: otherwise "mother" with "daughter" would tell the label.
            return Scene(kind, *of(c.FEMALE_NAMES if _below(rng, 2) else c.MALE_NAMES))
    raise ValueError(f"unknown kind of scene: {kind}")


@cache
def items(split: str, kinds: tuple[str, ...] = tuple(KINDS)) -> tuple[Item, ...]:
    """The rows of a split, of some kinds of scene (an even number of them, to balance labels).

    A later split avoids every scene of the ones before it.
    """
    if split not in ORDER:
        raise ValueError(f"unknown split {split!r}; there are {', '.join(SIZES)}")
    seen = {identity(it.scene) for s in ORDER[: ORDER.index(split)] for it in items(s, kinds)}
    rng = random.Random(f"mini-pawsx/1/{split}")
    rows = []
    for i in range(SIZES[split]):
        # The number of kinds is even, so this balances the labels over all rows and, over
        # two rounds, within each kind.
        kind, label = kinds[i % len(kinds)], (i + i // len(kinds)) % 2
        scene = draw(rng, kind)
        while identity(scene) in seen:
            scene = draw(rng, kind)
        seen.add(identity(scene))
        # Both labels draw their forms alike, so the forms say nothing about the label.
        form1 = _below(rng, KINDS[kind])
        form2 = (form1 + 1 + _below(rng, KINDS[kind] - 1)) % KINDS[kind]
        rows.append(Item(scene, form1, form2, bool(label)))
    for i in range(len(rows) - 1, 0, -1):
        j = _below(rng, i + 1)
        rows[i], rows[j] = rows[j], rows[i]
    return tuple(rows)


def needed(kinds: Sequence[str]) -> int:
    """How many scenes of each kind the splits have together."""
    return sum(-(-size // len(kinds)) for size in SIZES.values())
