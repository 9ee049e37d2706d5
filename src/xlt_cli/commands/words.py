"""Reading options that hold several words."""

from __future__ import annotations


def words(given: str) -> list[str]:
    """What stands between the commas of an option."""
    return [word.strip() for word in given.split(",") if word.strip()]


def conditions(given: list[str]) -> dict[str, list[str]]:
    """The values that are taken, by dimension.

    Raises:
        SpecError: one has no value.
    """
    from xlt_cli.errors import SpecError

    found: dict[str, list[str]] = {}
    for text in given:
        name, _, values = text.partition("=")
        if not words(values):
            hint = "write DIMENSION=VALUES, e.g. language=de,sw"
            raise SpecError(f"'{text}' lacks a value", "--where", hint)
        found.setdefault(name.strip(), []).extend(words(values))
    return found
