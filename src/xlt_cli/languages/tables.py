"""The tables of families and resource classes, read when the first fact is asked for.

A line of a table is a value, a tab and the codes (ISO 639-3) of the languages that have it. Lines
that begin with `#` state the source.
"""

from __future__ import annotations

import functools
from importlib import resources

from xlt_cli.languages.iso import used_for


def family(language: str, macrolanguage: str) -> str | None:
    """The family of a language, or that of all members of its macrolanguage."""
    families = _table("families.tsv")
    return families.get(language, families.get(macrolanguage))


def resource_class(language: str) -> int | None:
    """The class of a language in the table.

    A class that the paper gives to a macrolanguage is that of the member whose code it replaces
    (Swahili: `swa` and `swh`), and the other way round, but not of the other members: Arabic says
    nothing about Moroccan Arabic.
    """
    classes = _table("resources.tsv")
    for code in (language, *used_for(language)):
        if code in classes:
            return int(classes[code])
    return None


@functools.cache
def _table(name: str) -> dict[str, str]:
    text = resources.files("xlt_cli.languages").joinpath(name).read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    values = [line.split("\t") for line in lines]
    return {code: value for value, codes in values for code in codes.split()}
