"""The report of a question's answer: arms, contrasts, and what they rest on.

Everything is read from the values of `questions.answer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from xlt_cli.api.reports import Column, Figure, Piece, Report, Row, Table, Value
from xlt_cli.reports import by_property, modelled
from xlt_cli.reports.records import record_table
from xlt_cli.reports.values import MARK

Values = Mapping[str, Any]

COLUMNS = (
    *("comparison", "kind", "of", "over", "collapsed", "seeds", "property", "level", "points"),
    *("quantity", "term", "by", "at", "word"),
    *("group", "name", "outcome"),
    *("value", "low", "high", "deviation", "p", "p_holm", "smallest_effect", "verdict"),
)
NOTES = (
    "a family's figure is the unweighted mean over its sets, a set's the unweighted mean over its "
    "languages (or pairs) and draws",
    "brackets: 95% intervals; seeds and items are both samples, and differences are paired by seed "
    "and item",
    "p: two-sided, after Holm's correction over the families out of distribution; that in "
    "distribution is not corrected",
    "smallest effect: the true difference that such runs and items show in 80% of cases, at a "
    "level of 5% that is not corrected",
)

SEVERAL_POINTS = (
    "an arm of several points: they are a sample, as seeds and items are, and its intervals are "
    "about other points of the kind as well"
)
MODEL = "a system is an arm, a condition a family of test sets"
ROBUSTNESS = (
    "effective robustness: {metric} minus what a {line} through the reference runs (logit axes, "
    "over {metric} in distribution{where}) lets expect; its intervals include how far the "
    "references scatter about the {line}"
)


def report(values: Values) -> Report:
    """Tables of each comparison."""
    pieces: list[Piece] = [_comparison(one, values) for one in values["comparisons"]]
    band = f"equivalent: the 95% interval lies within ±{values['equivalence']:g} points"
    records = record_table(COLUMNS, _records(values))
    robust = [_robustness(one) for one in values["comparisons"] if one["effective_robustness"]]
    lines = list(dict.fromkeys(robust))
    notes = [*NOTES[:2], *lines, *NOTES[2:], band, *values["notes"]]
    return Report(pieces, title=values["title"], notes=notes, values=values, records=records)


def titles(one: Values) -> dict[str, str]:
    """What the outcomes of a comparison are called, by their keys."""
    return {one["metric"]: _words(one["metric"]), "effective_robustness": "effective robustness"}


def _robustness(one: Values) -> str:
    """What effective robustness is, in a comparison that has it."""
    over = one["lines_over"]
    several = {"line": "plane", "where": f": {' and '.join(over)}"}
    words = several if len(over) > 1 else {"line": "line", "where": ""}
    return ROBUSTNESS.format(metric=_words(one["metric"]), **words)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _comparison(one: Values, values: Values) -> Report:
    name = one["name"]
    pieces: list[Piece] = [_arms(one)]
    for primary in (True, False):
        chosen = [own for own in one["contrasts"] if own["primary"] == primary]
        if chosen:
            kind = "primary contrast" if primary else "secondary contrasts"
            pieces.append(_contrasts(f"{name}: {kind}, in points", chosen, titles(one)))
    if fallen := one.get("without_collapsed", ()):
        title = f"{name}: without collapsed runs, in points"
        pieces.append(_contrasts(title, fallen, titles(one)))
    for own in one["contrasts"]:
        if "by_property" in own:
            pieces += by_property.tables(name, own, titles(one))
    pieces += [
        _by_set(name, own, titles(one))
        for own in one["contrasts"]
        if own["primary"] and own["sets"]
    ]
    if one.get("mixed_model"):
        found = modelled.report(one["mixed_model"])
        title, notes = f"{name}: mixed-effects model", [MODEL, *found.notes]
        pieces.append(replace(found, title=title, notes=notes, values=None, records=None))
    pieces.append(_sets(one))
    notes = [*one["notes"]]
    if any(arm["points"] for arm in one["arms"]):
        notes.append(SEVERAL_POINTS)
    if one["references"]:
        notes.append(f"{one['references']} reference runs")
    if any(arm["collapsed"] for arm in one["arms"]):
        notes.append(f"{MARK}: an arm with collapsed runs, which are in its figures")
    return Report(pieces, title=f"{values['title']}: {name}", notes=notes)


def _arms(one: Values) -> Table:
    families = _families(one)
    columns = [Column("arm"), Column("seeds", "right"), Column("collapsed", "right")]
    columns += [Column(family, "right") for family in families]
    rows = []
    for arm in one["arms"]:
        count, planned = len(arm["seeds"]), arm["planned"]
        seeds = f"{count} of {planned}" if planned and count < planned else str(count)
        mark = MARK if arm["collapsed"] else ""
        name = f"{arm['arm']} ({len(arm['points'])} points)" if arm["points"] else arm["arm"]
        cells: list[Value] = [name, seeds, len(arm["collapsed"])]
        for family in families:
            stored = arm["families"].get(family, {}).get(one["metric"])
            cells.append(_figure(stored, mark=mark) if stored else None)
        rows.append(Row(cells))
    return Table(f"{one['name']}: {_words(one['metric'])}", columns, rows)


def _families(one: Values) -> list[str]:
    return list(dict.fromkeys(own["family"] for own in one["sets"]))


def _contrasts(title: str, contrasts: Sequence[Values], known: Mapping[str, str]) -> Table:
    outcomes = [
        name
        for name in known
        if any(name in own for one in contrasts for own in one["families"].values())
    ]
    columns = [Column("contrast"), Column("family"), Column("seeds", "right")]
    for name in outcomes:
        columns += [Column(known[name], "right"), Column("p", "right"), Column("verdict"),
                    Column("smallest effect", "right")]  # fmt: skip
    rows = []
    for one in contrasts:
        shown = f"{one['of']} − {one['over']}"
        if not one["families"]:
            empty: list[Value] = [None] * (len(columns) - 3)
            rows.append(Row([shown, f"no claim: {one['no_claim']}", 0, *empty], rule=True))
        last = len(one["families"]) - 1
        for n, (family, own) in enumerate(one["families"].items()):
            cells: list[Value] = [shown if n == 0 else "", family, len(one["seeds"])]
            for name in outcomes:
                cells += _shown(own.get(name), one["no_claim"])
            rows.append(Row(cells, rule=n == last))
    return Table(title, columns, rows)


def _shown(stored: Values | None, no_claim: str) -> list[Value]:
    if stored is None:
        return [None, None, None, None]
    p = stored.get("p_holm", stored["p"])
    verdict = stored["verdict"] or f"no claim: {no_claim}"
    least = stored["smallest_effect"]
    smallest = None if least is None else Figure(least, digits=2)
    return [_figure(stored, sign=True), Figure(p, unit="number", digits=3), verdict, smallest]


def _by_set(name: str, one: Values, known: Mapping[str, str]) -> Table:
    outcomes = [x for x in known if any(x in own for own in one["sets"].values())]
    columns = [Column("set"), *(Column(known[x], "right") for x in outcomes)]
    rows = [
        Row([title, *(_figure(own[x], sign=True) if x in own else None for x in outcomes)])
        for title, own in one["sets"].items()
    ]
    title = f"{name}: {one['of']} − {one['over']} by set, in points (not corrected)"
    return Table(title, columns, rows)


def _sets(one: Values) -> Table:
    columns = [Column("family"), Column("set"), Column("cells", "right"), Column("rows", "right"),
               Column("left out")]  # fmt: skip
    rows = []
    for own in one["sets"]:
        left: dict[str, list[str]] = {}
        for language, why in own["left_out"].items():
            left.setdefault(why, []).append(language)
        said = "; ".join(f"{', '.join(languages)} ({why})" for why, languages in left.items())
        rows.append(Row([own["family"], own["set"], len(own["cells"]), own["rows"], said]))
    return Table(f"{one['name']}: what is compared", columns, rows)


def _figure(stored: Values, sign: bool = False, mark: str = "") -> Figure:
    bounds = stored["value"], stored["low"], stored["high"]
    digits = 2 if sign else None
    return Figure(*bounds, digits=digits, sign="all" if sign else "none", mark=mark)


def _records(values: Values) -> Iterator[dict[str, Any]]:
    for one in values["comparisons"]:
        for arm in one["arms"]:
            about = {"comparison": one["name"], "kind": "arm", "of": arm["arm"],
                     "collapsed": len(arm["collapsed"]), "seeds": len(arm["seeds"])}  # fmt: skip
            yield from _figures(about, arm)
        for figure in modelled.records(one.get("mixed_model")):
            yield {"comparison": one["name"], "kind": "mixed model", **figure}
        for kept, key in (("with", "contrasts"), ("without", "without_collapsed")):
            for own in one.get(key, ()):
                about = {"comparison": one["name"], "kind": "contrast", "of": own["of"],
                         "over": own["over"], "collapsed": kept,
                         "seeds": len(own["seeds"])}  # fmt: skip
                yield from _figures(about, own)
                yield from ({**about, **found} for found in by_property.records(own))


def _figures(about: Values, of: Values) -> Iterator[dict[str, Any]]:
    for group, key in (("family", "families"), ("set", "sets")):
        for name, own in of[key].items():
            for outcome, stored in own.items():
                figures = {n: v for n, v in stored.items() if n in COLUMNS}
                yield {**about, "group": group, "name": name, "outcome": outcome, **figures}
