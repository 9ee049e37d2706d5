"""What the language modules share: reading a table, closing a sentence."""

from collections.abc import Callable, Sequence

from .scenes import Scene

Frame = Callable[[Scene], tuple[str, ...]]
Realiser = Callable[[Scene, int], str]


def table(keys: Sequence[str], words: str) -> dict[str, str]:
    """One entry a key: entries are separated by '|' if there is one, else by white space."""
    entries = [w.strip() for w in words.split("|")] if "|" in words else words.split()
    return dict(zip(keys, entries, strict=True))


def rows(keys: Sequence[str], text: str) -> dict[str, list[str]]:
    """As `table` for entries of several fields: one line a key, fields separated by '|'."""
    lines = [line for line in text.splitlines() if line.strip()]
    return {
        key: [field.strip() for field in line.split("|")]
        for key, line in zip(keys, lines, strict=True)
    }


def realiser(
    *,
    act: Frame,
    transfer: Frame,
    teach: Frame,
    move: Frame,
    match: Frame,
    export: Frame,
    age: Frame,
    height: Frame,
    arrive: Frame,
    visit: Frame,
    place: Frame,
    seat: Frame,
    routine: Frame,
    replace: Frame,
    stay: Frame,
    kin: Frame,
    stop: str = ".",
) -> Realiser:
    """The function that says a scene: picks the form, sets the first capital and the stop."""
    frames = {
        "act": act, "give": transfer, "lend": transfer, "sell": transfer, "teach": teach,
        "move": move, "match": match, "export": export, "age": age, "height": height,
        "arrive": arrive, "visit": visit, "place": place, "seat": seat, "routine": routine,
        "replace": replace, "stay": stay, "kin": kin,
    }  # fmt: skip

    def realise(scene: Scene, form: int) -> str:
        text = frames[scene.kind](scene)[form]
        return text[0].upper() + text[1:] + stop

    return realise
