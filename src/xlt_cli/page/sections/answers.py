"""What is taken for what, and which rows flip between two systems, with their texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from xlt_cli.api.reports import Column, Figure, Matrix, Row, Table, Text, Value
from xlt_cli.errors import UserError
from xlt_cli.formats.shapes import table_of
from xlt_cli.page import heat_maps
from xlt_cli.page.blocks import Block, Chart, Choice, Details, Section
from xlt_cli.page.charts import Measure
from xlt_cli.page.content import Content, Tested
from xlt_cli.page.sections.parts import by_baseline, each, languages
from xlt_cli.runs.predictions import Answers

TITLE = "Confusions and flipped rows"

SHOWN = 3
"""Rows of each language, system and direction whose texts are shown."""

NONE = "(none)"

Told = Mapping[tuple[str, str], Answers]
"""The answers of one seed: by system and language."""


def section(content: Content) -> Section:
    """Of one seed: confusions of each system, and flips over each baseline."""
    failed: list[str] = []
    blocks = each(content, lambda tested: _blocks(content, tested, failed))
    if not content.tested:
        return Section("answers", TITLE, [], "no run has results")
    return Section("answers", TITLE, blocks, "; ".join(dict.fromkeys(failed)))


def _blocks(content: Content, tested: Tested, failed: list[str]) -> list[Block]:
    own = languages(tested)
    if tested.answers is None or not tested.labels or not own:
        failed.append(f"{tested.title}: there are no answers with a set of labels")
        return []
    seeds = set.intersection(*(set(runs) for runs in tested.runs.values()))
    if not seeds:
        failed.append(f"{tested.title}: the systems have no seed in common")
        return []
    seed = min(seeds)
    told = {(s, x): tested.answers(s, seed, x) for s in tested.systems for x in own}
    if not all(isinstance(gold, str) for one in told.values() for gold in one.golds):
        failed.append(f"{tested.title}: confusions are shown for one label in each row")
        return []
    blocks: list[Block] = [Text(f"All of this section is of the runs with seed {seed}.", "muted")]
    blocks += [_confusions(content, tested, told, own), _by_language(tested, told, own)]
    texts: dict[str, Mapping[str, str]] = {}
    if len(tested.systems) > 1:
        try:
            texts = _texts(tested, told, own)
        except UserError as error:
            failed.append(f"{tested.title}: texts of rows: {error.what}")
    return [*blocks, *by_baseline(content, tested, lambda b: _flips(tested, told, own, b, texts))]


def _confusions(content: Content, tested: Tested, told: Told, own: Sequence[str]) -> Choice:
    """A heat map for each system, over the languages that were not trained on."""
    unseen = [x for x in own if x not in tested.about["trained_on"]] or list(own)
    options: dict[str, Sequence[Block]] = {}
    for system in tested.systems:
        counted = sum((_counted(told[system, x]) for x in unseen), Counter[tuple[str, str]]())
        title = f"{tested.title}, {system}: answers to the rows of each label"
        matrix = _matrix(tested, title, counted)
        description = (
            f"Heat map of confusions in {len(unseen)} languages: of the rows of a label (down), "
            "the share of each answer (across), in percent."
        )
        measure = Measure("percent of the label's rows", 100)
        spec = heat_maps.heat(matrix, measure, (0.0, 1.0), ("label", "answer"))
        options[system] = [Chart(title, description, spec, table_of(matrix), wide=False)]
    return Choice("System", "system", options)


def _counted(answers: Answers) -> Counter[tuple[str, str]]:
    """How often each label was given each answer."""
    pairs = zip(answers.golds, answers.predicted, strict=True)
    return Counter((str(g), NONE if t is None else str(t)) for g, t in pairs)


def _labels(tested: Tested, counted: Mapping[tuple[str, str], int]) -> list[str]:
    known = list(map(str, tested.labels))
    others = {name for pair in counted for name in pair} - set(known)
    return [*known, *sorted(others)]


def _matrix(tested: Tested, title: str, counted: Mapping[tuple[str, str], int]) -> Matrix:
    names = _labels(tested, counted)
    rows = {label: sum(counted.get((label, a), 0) for a in names) for label in names}
    shown = [label for label in names if rows[label]]
    cells = {(g, a): Figure(counted.get((g, a), 0) / rows[g]) for g in shown for a in names}
    return Matrix(title, shown, names, cells)


def _by_language(tested: Tested, told: Told, own: Sequence[str]) -> Details:
    rows = []
    for language in own:
        counted = {s: _counted(told[s, language]) for s in tested.systems}
        names = _labels(tested, {pair: 1 for one in counted.values() for pair in one})
        for label in names:
            for answer in names:
                shares: list[Value] = []
                for one in counted.values():
                    total = sum(n for (gold, _), n in one.items() if gold == label)
                    shares.append(Figure(one[label, answer] / total) if total else None)
                if any(one[label, answer] for one in counted.values()):
                    rows.append(Row([language, label, answer, *shares]))
    columns = [Column("language"), Column("label"), Column("answer")]
    columns += [Column(s, "right") for s in tested.systems]
    title = f"{tested.title}: percent of the rows of a label with each answer"
    return Details("Confusions by language", [Table(title, columns, rows)])


def _flips(
    tested: Tested,
    told: Told,
    own: Sequence[str],
    baseline: str,
    texts: Mapping[str, Mapping[str, str]],
) -> list[Block]:
    others = [system for system in tested.systems if system != baseline]
    rows, shown = [], []
    for language in own:
        cells: list[Value] = []
        for system in others:
            won, lost = _flipped(told[baseline, language], told[system, language])
            cells += [len(won), len(lost)]
            for what, places in (("won", won), ("lost", lost)):
                for place in places[:SHOWN] if language in texts else ():
                    shown.append(_row(told, baseline, system, language, what, place, texts))
        rows.append(Row([language, *cells]))
    heads = [Column(f"{s}: {what}", "right") for s in others for what in ("won", "lost")]
    title = f"{tested.title}: rows that a system wins from {baseline}, and loses to it"
    blocks: list[Block] = [Table(title, [Column("language"), *heads], rows)]
    if shown:
        columns = [Column(name) for name in ("language", "system", "flip", "row", "label")]
        columns += [Column(baseline), Column("system's answer"), Column("text")]
        title = f"{tested.title}: some of these rows"
        blocks.append(
            Details(f"Examples of flipped rows ({len(shown)})", [Table(title, columns, shown)])
        )
    return blocks


def _flipped(one: Answers, other: Answers) -> tuple[list[int], list[int]]:
    """The places of the rows that only the other, or only the one answers correctly."""
    won, lost = [], []
    for place, (gold, a, b) in enumerate(
        zip(one.golds, one.predicted, other.predicted, strict=True)
    ):
        if a != gold and b == gold:
            won.append(place)
        elif a == gold and b != gold:
            lost.append(place)
    return won, lost


def _row(
    told: Told,
    baseline: str,
    system: str,
    language: str,
    what: str,
    place: int,
    texts: Mapping[str, Mapping[str, str]],
) -> Row:
    one, other = told[baseline, language], told[system, language]
    name, gold = one.ids[place], str(one.golds[place])
    answers = [
        NONE if x is None else str(x) for x in (one.predicted[place], other.predicted[place])
    ]
    return Row([language, system, what, name, gold, *answers, texts[language][name]])


def _texts(tested: Tested, told: Told, own: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """The texts of rows in the best and the worst language that was not trained on.

    Raises:
        UserError: the data are not there, or are others than those that were predicted.
    """
    unseen = [x for x in own if x not in tested.about["trained_on"]] or list(own)
    return {
        language: tested.texts(language, told[tested.systems[0], language])
        for language in dict.fromkeys((unseen[0], unseen[-1]))
    }
