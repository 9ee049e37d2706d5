"""A card for each language: what it is, and how each system does in it."""

from __future__ import annotations

from xlt_cli.api.reports import Column, Row, Table
from xlt_cli.languages import facts_of, lookup
from xlt_cli.page.blocks import Card, Cards, Section
from xlt_cli.page.content import Content
from xlt_cli.page.sections.parts import figure_of, languages

TITLE = "Languages"


def section(content: Content) -> Section:
    """All languages that were tested, by name."""
    tested = [one for one in content.tested if one.values["languages"]]
    codes = list(dict.fromkeys(code for one in tested for code in languages(one)))
    if not codes:
        return Section("cards", TITLE, [], "no single language was tested")
    cards = sorted((_card(content, code) for code in codes), key=lambda card: card.title)
    return Section("cards", TITLE, [Cards(cards)])


def _card(content: Content, code: str) -> Card:
    known, facts = lookup(code), facts_of(code)
    resource = "unknown" if facts.resource is None else f"{facts.resource} of 5"
    shown = [
        ("family", facts.family or "unknown"),
        ("script", facts.script or "unknown"),
        ("resources", resource),
    ]
    trained = [one.title for one in content.tested if code in one.about["trained_on"]]
    shown += [("trained on", "yes")] if trained else []
    tested = [one for one in content.tested if code in one.values["languages"]]
    systems = [s for s in content.systems if any(s in one.systems for one in tested)]
    rows = [
        Row([s, *(figure_of(one, s, code) if s in one.systems else None for one in tested)])
        for s in systems
    ]
    heads = [Column(f"{one.about['task']} {one.about['split']}", "right") for one in tested]
    name = f"{known.name} ({code})" if known else code
    return Card(name, shown, Table(f"{name}: figures", [Column("system"), *heads], rows))
