"""English names of languages as tags."""

from __future__ import annotations

from xlt_cli.languages.subtags import parsed


def tag_of_name(name: str) -> str | None:
    """The tag of a name that is known as it stands, or with a script, region or synonym after it.

    `langcodes.find` also takes names that only begin like a known one: `English;Swahili`.
    """
    from language_data.names import normalize_name

    words = normalize_name(name).split()
    for end in range(len(words), 0, -1):
        tag = _known_name("language", " ".join(words[:end]))
        if tag is not None:
            return _with_rest(tag, " ".join(words[end:]))
    return None


def _with_rest(tag: str, rest: str) -> str | None:
    """A tag with what follows the language's name; None if that says another thing."""
    if not rest or rest in ("language", "dialect"):
        return tag
    subtag = _known_name("script", rest) or _known_name("territory", rest)
    if subtag is not None:
        return f"{tag}-{subtag}" if "-" not in tag else None
    first, second = parsed(tag, tag.lower()), _known_name("language", rest)
    again = parsed(rest, second.lower()) if second is not None else None
    return tag if first is not None and again is not None and first.same_as(again) else None


def _known_name(kind: str, name: str) -> str | None:
    """The subtag that has exactly this name, in whatever language."""
    import langcodes
    from language_data import names

    code = names.name_to_code(kind, name) if name else None
    if code is None or name in names.TRIES[f"und/name_to_{kind}"]:
        return code
    # Some English names are not in the table, as other names begin with them: Hindi, Hindi (Latin).
    english = langcodes.Language.get(code).language_name("en") if kind == "language" else ""
    return code if names.normalize_name(english) == name else None
