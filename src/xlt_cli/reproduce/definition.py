"""The file that states a reproduction: which specs, which methods, what the paper claims.

`experiments/NAME/reproduction.yaml` is data; how claims are judged is code (`reports.claims`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from xlt_cli import shipped
from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.languages import lookup
from xlt_cli.reports.comparison import Group
from xlt_cli.spec import Model
from xlt_cli.spec.faults import Faults
from xlt_cli.spec.source import Source
from xlt_cli.spec.values import validated
from xlt_cli.spec.yaml_lines import parse

FILE = "reproduction.yaml"


class Claim(Model):
    """What a paper says of its robust methods on one task."""

    task: str
    text: str
    of: Group = Field(description="the average to which the gain refers")
    points: float | None = Field(None, description="the gain in the paper, in points")
    than: Group | None = Field(None, description="an average in which the gain is smaller")

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
                raise ValueError(f"'near' has '{language}', which is not a known language")
        missing = {file for files in self.specs.values() for file in files} - set(self.quick)
        if missing:
            raise ValueError(f"'quick' lacks {', '.join(sorted(missing))}")
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


def read(given: str) -> Shipped:
    """Reads and validates a reproduction: one that ships, by its name, or a folder's.

    Raises:
        SpecError: there is none, its file is wrong, or a spec that it names is missing.
    """
    folder = _folder(given)
    path = folder / FILE
    if not path.is_file():
        missing = f"the folder has no {FILE}" if folder.is_dir() else "there is no such folder"
        raise SpecError(missing, str(folder), f"{FILE} lists specs, methods and claims")
    source = _source(path)
    shipped = _validated(name_of(given), folder, source)
    faults = Faults()
    for encoder, files in shipped.content.specs.items():
        for index, file in enumerate(files):
            with faults.gather():
                if not (folder / file).is_file():
                    where = source.where(("specs", encoder, index))
                    raise SpecError(f"the spec '{file}' is not in the folder of {FILE}", where)
    faults.complain()
    return shipped


def name_of(given: str) -> str:
    """The name of a reproduction by what the command line says: a name, or a folder.

    Raises:
        SpecError: it is neither.
    """
    if given in names():
        return given
    path = Path(given)
    if _is_path(given):
        folder = path.parent if path.name == FILE else path
        return folder.resolve().name or "reproduction"
    hint = did_you_mean(given, names()) or f"{shipped.experiments()} contains none"
    raise SpecError(f"unknown reproduction '{given}'", "xlt reproduce", hint)


def _is_path(given: str) -> bool:
    """Whether a folder is meant; a bare word is one only if the folder is there."""
    return Path(given).name == FILE or Path(given).is_dir() or "/" in given or os.sep in given


def _folder(given: str) -> Path:
    name = name_of(given)
    if given in names():
        return shipped.experiments() / name
    return Path(given).parent if Path(given).name == FILE else Path(given)


def read_folder(name: str, folder: Path) -> Shipped:
    """Reads and validates the reproduction in a folder, whose specs may be elsewhere.

    Raises:
        SpecError: its file is wrong; says file, line and field.
    """
    return _validated(name, folder, _source(folder / FILE))


def _source(path: Path) -> Source:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError("the file is not valid UTF-8", f"{path}: byte {error.start}") from None
    except OSError as error:
        raise SpecError(f"cannot read the file: {error.strerror}", str(path)) from None
    return Source(parse(text, path), text)


def _validated(name: str, folder: Path, source: Source) -> Shipped:
    return Shipped(name, folder, validated(Reproduction, source.document.value, source))
