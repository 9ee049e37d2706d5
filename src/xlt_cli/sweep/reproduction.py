"""The file that states a reproduction: which specs, which methods, what the paper claims.

`experiments/NAME/reproduction.yaml` is data; how claims are judged is code (`analysis.claims`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from xlt_cli import shipped
from xlt_cli.analysis.comparison import Group
from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.languages import lookup
from xlt_cli.spec import Model
from xlt_cli.spec_source import Source
from xlt_cli.spec_values import validated
from xlt_cli.yaml_lines import parse

FILE = "reproduction.yaml"


class Claim(Model):
    """What a paper says of its robust methods on one task."""

    task: str
    text: str
    of: Group = Field(description="the average that the gain is in")
    points: float | None = Field(None, description="how large the paper says that the gain is")
    than: Group | None = Field(None, description="an average that the gain is smaller in")

    @model_validator(mode="after")
    def _one_kind(self) -> Claim:
        if (self.points is None) == (self.than is None):
            raise ValueError("a claim has either 'points' or 'than'")
        return self


class Reproduction(Model):
    """A comparison of methods, by several specs.

    Attributes:
        methods: one for each point of every spec's sweep; the first is the baseline.
        specs: encoder -> spec files, beside this file. The first encoder is the default.
        original: the paper's encoder; others without specs of their own take its specs.
        near: languages near the source language; the others are distant.
        quick: spec file -> what `--quick` changes in it.
    """

    title: str
    reference: str
    methods: list[str] = Field(min_length=2)
    specs: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(min_length=1)
    original: str
    near: list[str]
    claims: list[Claim]
    quick: dict[str, list[str]]

    @model_validator(mode="after")
    def _fits(self) -> Reproduction:
        if len(set(self.methods)) < len(self.methods):
            raise ValueError("a method is listed twice")
        if self.original not in self.specs:
            raise ValueError(f"'original' is '{self.original}', which has no specs")
        for language in self.near:
            if lookup(language) is None:
                raise ValueError(f"'near' has '{language}', which is no language that is known")
        missing = {file for files in self.specs.values() for file in files} - set(self.quick)
        if missing:
            raise ValueError(f"'quick' says nothing of {', '.join(sorted(missing))}")
        return self


@dataclass(frozen=True)
class Shipped:
    """A reproduction with its name and the folder that its specs are in."""

    name: str
    folder: Path
    content: Reproduction


def names() -> list[str]:
    """The reproductions that ship."""
    return sorted(path.parent.name for path in shipped.experiments().glob(f"*/{FILE}"))


def read(name: str) -> Shipped:
    """Reads and validates a reproduction.

    Raises:
        SpecError: there is none of that name, or its file is wrong.
    """
    if name not in names():
        hint = did_you_mean(name, names()) or f"there is none in {shipped.experiments()}"
        raise SpecError(f"unknown reproduction '{name}'", "xlt reproduce", hint)
    return read_folder(name, shipped.experiments() / name)


def read_folder(name: str, folder: Path) -> Shipped:
    """Reads and validates the reproduction in a folder.

    Raises:
        SpecError: its file is wrong; says file, line and field.
    """
    path = folder / FILE
    text = path.read_text("utf-8")
    source = Source(parse(text, path), text)
    return Shipped(name, folder, validated(Reproduction, source.document.value, source))
