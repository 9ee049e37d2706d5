"""The generalized setting: each pair of languages, per system, and the difference of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xlt_cli.api.reports import Figure, Matrix, Text
from xlt_cli.formats.shapes import table_of
from xlt_cli.page import heat_maps
from xlt_cli.page.blocks import Block, Chart, Choice, Section
from xlt_cli.page.charts import Measure
from xlt_cli.page.content import Content, Tested
from xlt_cli.page.sections.parts import each, figure_of, gain_of
from xlt_cli.reports.validity import cell_name

TITLE = "Pairs of languages"
NOTHING = "nothing"
AXES = ("first text", "second text")


def section(content: Content) -> Section:
    """A heat map for each system, and for each two."""
    blocks = each(content, lambda tested: _blocks(content, tested))
    if not blocks:
        why = "no evaluation has pairs of different languages (`settings: [generalized]`)"
        return Section("pairs", TITLE, [], why)
    about = Text(
        "The first text of an example is in one language, the second in another; on the diagonal "
        "both are in the same. Choose a system, and one to subtract from it."
    )
    return Section("pairs", TITLE, [about, *blocks])


def _blocks(content: Content, tested: Tested) -> Sequence[Block]:
    if "generalized" not in tested.values["averages"]:
        return []
    own = {name: _matrix(tested, name) for name in tested.systems}
    less = {
        name: {
            baseline: _difference(tested, name, baseline)
            for baseline in tested.over
            if name in tested.over[baseline]["gains"]
        }
        for name in own
    }
    domain = heat_maps.extent(list(own.values()))
    span = heat_maps.extent([matrix for each in less.values() for matrix in each.values()])
    options: dict[str, list[Block]] = {}
    for name, matrix in own.items():
        shown: dict[str, list[Block]] = {NOTHING: [_chart(tested, matrix, name, domain)]}
        for baseline, difference in less[name].items():
            what = f"{name} minus {baseline}"
            shown[baseline] = [_chart(tested, difference, what, span, True)]
        options[name] = [Choice("minus", "minus", shown)] if len(own) > 1 else shown[NOTHING]
    if len(own) < 2:
        return options[tested.systems[0]]
    return [Choice("System", "system", options)]


def _chart(
    tested: Tested,
    matrix: Matrix,
    name: str,
    domain: tuple[float, float],
    changes: bool = False,
) -> Chart:
    what = f"difference of {tested.metric}" if changes else tested.metric
    languages = len(matrix.rows)
    description = (
        f"Heat map of the {what} of {name} in all pairs of {languages} languages: the language of "
        "the first text down, of the second across."
    )
    spec = heat_maps.heat(matrix, Measure(what, tested.scale), domain, AXES, changes)
    title = f"{tested.title}, {name}: {what}"
    return Chart(title, description, spec, table_of(matrix), wide=False)


def _pairs(tested: Tested) -> tuple[list[str], list[tuple[str, str]]]:
    """The languages, those trained on first, and all pairs that were tested."""
    pairs = sorted(next(iter(next(iter(tested.runs.values())).values())).scores)
    trained = set(tested.about["trained_on"])
    names = sorted({x for pair in pairs for x in pair}, key=lambda x: (x not in trained, x))
    return names, pairs


def _matrix(tested: Tested, system: str) -> Matrix:
    names, pairs = _pairs(tested)
    found = {pair: figure_of(tested, system, cell_name(pair)) for pair in pairs}
    return _made(f"{system}: {tested.metric}", names, found)


def _difference(tested: Tested, system: str, baseline: str) -> Matrix:
    names, pairs = _pairs(tested)
    found = {pair: gain_of(tested, system, baseline, cell_name(pair)) for pair in pairs}
    return _made(f"{system} minus {baseline}: {tested.metric}", names, found)


def _made(
    title: str, names: Sequence[str], found: Mapping[tuple[str, str], Figure | None]
) -> Matrix:
    return Matrix(title, names, names, {pair: own for pair, own in found.items() if own})
