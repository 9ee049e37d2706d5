"""The runner names no plugin: what ships is found as a stranger's is."""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from xlt_cli import registry

SOURCE = Path(__file__).parents[1] / "src" / "xlt_cli"
KINDS = ("analysis", "condition", "encoder", "perturbation", "problem", "task")
OWN_ROOMS = ("problems", "testing")
"""The problems that ship stand beside the runner; the suites try plugins on them."""
PROSE = {
    "adversarial", "alignment", "casing", "clean", "consistency", "diacritics", "errors",
    "homoglyphs", "perturbed", "punctuation", "smart", "smoothing", "synonyms", "transliterate",
    "typos",
}  # fmt: skip
"""Names that are words as well. As words they may stand in sentences; in quotes or backticks, or
where a spec or an option would have them, they are names."""
OTHERWISE = {
    "clean",  # what results call an evaluation without a condition: part of their format
    "perturbed",  # a method of embedding perturbations
    "text",  # what examples are made of
}
"""Those that may stand in quotes, as something else than a plugin."""
IN_PLACE = {
    ("api/data_facts.py", "adversarial"),  # a tag of data
    ("commands/push.py", "hf"),  # the command of huggingface_hub
    ("sharing/card.py", "text-classification"),  # what the hub calls models by
    ("sharing/card.py", "token-classification"),
    ("sharing/push.py", "hf"),
    ("spec/foreign_names.py", "smoothing"),  # what others call label smoothing
}
"""Words that are something else in one file."""


@functools.cache
def shipped() -> frozenset[str]:
    """The names of the plugins of xlt's own distribution."""
    return frozenset(
        entry.name
        for kind in KINDS
        for entry in registry.entries(kind)
        if entry.distribution == "xlt-cli"
    )


def texts(content: str) -> Iterator[str]:
    """String constants, docstrings and comments of a module."""
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def named(text: str, names: Collection[str]) -> list[str]:
    """The plugins that a text names."""
    return [
        name
        for name in sorted(names)
        if name in text and name not in OTHERWISE and pattern(name).search(text)
    ]


@functools.cache
def pattern(name: str) -> re.Pattern[str]:
    """Where a text has a word as the name of a plugin."""
    word = rf"(?<![\w./-]){re.escape(name)}(?![\w/-]|\.\w)"
    if name in PROSE:
        bare = re.escape(name)
        places = (rf"[`'\"]{bare}[`'\",]", rf"^{bare}$", rf"\[{bare}[,\]]", rf", {bare}\]")
        use = rf"\b(?:name|task|encoder|perturbation|condition)[:=] ?{bare}\b"
        word = "|".join((*places, use))
    return re.compile(word)


@pytest.mark.parametrize(
    "file",
    [f for f in sorted(SOURCE.rglob("*.py")) if f.relative_to(SOURCE).parts[0] not in OWN_ROOMS],
    ids=lambda file: str(file.relative_to(SOURCE)),
)
def test_no_plugin_is_named(file: Path) -> None:
    place = file.relative_to(SOURCE).as_posix()
    content = file.read_text("utf-8")
    names = {name for name in shipped() if name in content and (place, name) not in IN_PLACE}
    assert [(text[:100], said) for text in texts(content) if (said := named(text, names))] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A task, or '{name: xnli, path: DIR}'.", ["xnli"]),
        ("Default: e5-small-q4.", ["e5-small-q4"]),
        ("[synonyms, consistency]", ["consistency", "synonyms"]),
        ("smoothing", ["smoothing"]),
        ("`typos` at a strength", ["typos"]),
        ("{name: smoothing, noise: ...}", ["smoothing"]),
        ("randomized smoothing under clean conditions, and errors in alignment", []),
        ("data/xnli-new/file.tsv", []),
        ("a problem of sequence classification", []),
    ],
)
def test_names_are_told_from_words(text: str, said: list[str]) -> None:
    assert named(text, shipped()) == said
