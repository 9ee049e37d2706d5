"""Files of templates: slots and their values, phrases with slots, and tests made of phrases.

    labels: ["0", "1"]
    slots:
      name: {en: [Anna, Peter], de: [Anna, Peter]}
      city: {en: [Rome, Vienna], de: {from: [aus Rom, aus Wien]}}
    phrases:
      origin: {en: "{name1} is from {city1}.", de: "{name1} kommt {city1.from}."}
    tests:
      - name: other-city
        capability: named entities
        type: MFT
        label: "0"
        texts: [origin, origin(city1=city2)]

A slot in a phrase is the name of a list of values, a number that tells several values of it apart,
and a full stop with a form, where a language has several forms of a value. The values of a slot
stand in the same order in every language, so that a case is the same in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

PLAIN = "plain"
"""The form of a slot that is named without one."""
SLOT = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"([A-Za-z_]+)([0-9]*)(?:\.([A-Za-z_]+))?")
_REFERENCE = re.compile(r"([A-Za-z0-9_-]+)(?:\(([^()]*)\))?")

Value = tuple[str, str]
"""One of the values of a slot: the name of the slot, and the number behind it."""


class Slot(NamedTuple):
    """A slot in a phrase: which value stands there, and in which form."""

    value: Value
    form: str


class Reference(NamedTuple):
    """A phrase in a test, with other values in some of its slots than the phrase names."""

    phrase: str
    renamed: dict[Value, Value]


class Model(BaseModel):
    """Base of the models of a file; numbers are taken as text where text is meant."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


Texts = Annotated[list[str], Field(min_length=1, max_length=2)]
Values = Annotated[list[str], Field(min_length=1)]


class Direction(Model):
    """What a change may not do to the probability of a label.

    Attributes:
        moves: `down`: it may not rise; `up`: it may not fall.
        tolerance: by more than this.
    """

    label: str
    moves: Literal["down", "up"]
    tolerance: float = Field(0.0, ge=0, lt=1)


class Test(Model):
    """A test.

    Attributes:
        name: no other test has it; part of the ids of rows.
        capability: what it tests; several tests may share one.
        type: MFT (minimum functionality): the answer is the label. INV (invariance): the answer to
            `changed` is that to `texts`. DIR (directional expectation): from `texts` to
            `changed`, a probability moves in one direction.
        label: the label of `texts`.
        texts: one or two phrases.
        changed: the same, changed, of INV and DIR.
        changed_label: the label of `changed`; default: that of `texts`.
        cases: how many are made; fewer if there are fewer.
        expect: of DIR.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9._-]+$")
    capability: str = Field(min_length=1)
    type: Literal["MFT", "INV", "DIR"]
    label: str
    texts: Texts
    changed: Texts | None = None
    changed_label: str | None = None
    cases: int = Field(50, ge=1)
    expect: Direction | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        due = {"changed": self.type != "MFT", "expect": self.type == "DIR"}
        for name, needed in due.items():
            if (getattr(self, name) is not None) != needed:
                raise ValueError(f"{self.type} {'needs' if needed else 'has no'} `{name}`")
        if self.changed is None and self.changed_label is not None:
            raise ValueError("changed_label is the label of `changed`, which is not there")
        return self

    @property
    def versions(self) -> list[list[str]]:
        """Its texts, then the changed ones, if there are any."""
        return [self.texts, *([self.changed] if self.changed is not None else [])]


class Templates(Model):
    """A file of templates.

    Attributes:
        slots: values by slot and language; of several forms, by form.
        phrases: text by phrase and language.
    """

    labels: Annotated[list[str], Field(min_length=2)]
    slots: dict[str, dict[str, Values | dict[str, Values]]] = Field(default_factory=dict)
    phrases: Annotated[dict[str, dict[str, str]], Field(min_length=1)]
    tests: Annotated[list[Test], Field(min_length=1)]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its tests."""
        own = [language for test in self.tests for language in self.languages_of(test)]
        return tuple(dict.fromkeys(own))

    @property
    def texts(self) -> int:
        """How many texts an example has."""
        return len(self.tests[0].texts)

    def languages_of(self, test: Test) -> list[str]:
        """Those in which all phrases of a test are there."""
        said = [self.phrases[one.phrase] for one in references_of(test)]
        return [language for language in said[0] if all(language in own for own in said)]

    def values(self, name: str, form: str, language: str) -> Sequence[str]:
        """The values of a slot in a form; raises KeyError if there are none."""
        values = self.slots[name][language]
        if isinstance(values, Mapping):
            return values[form or PLAIN]
        if form:
            raise KeyError(form)
        return values

    def size(self, name: str) -> int:
        """How many values a slot has; in all languages as many."""
        return len(next(self.lists(name))[1])

    def lists(self, name: str) -> Iterator[tuple[tuple[str, ...], Sequence[str]]]:
        """The lists of values of a slot, each with its language and, if there are any, its form."""
        for language, values in self.slots[name].items():
            if isinstance(values, Mapping):
                yield from (((language, form), own) for form, own in values.items())
            else:
                yield (language,), values

    def used(self, test: Test) -> dict[str, list[str]]:
        """The numbers behind the names of the slots of a test, in any language."""
        found = {
            one.renamed.get(slot.value, slot.value)
            for one in references_of(test)
            for text in self.phrases[one.phrase].values()
            for slot in slots_of(text)
        }
        names = sorted({name for name, _ in found})
        return {name: sorted(number for own, number in found if own == name) for name in names}


def references_of(test: Test) -> list[Reference]:
    """The phrases of a test."""
    return [reference(text) for texts in test.versions for text in texts]


def reference(text: str) -> Reference:
    """`phrase(name1=name2)`; raises ValueError if it is none."""
    fits = _REFERENCE.fullmatch(text.strip())
    if fits is None:
        raise ValueError(f"'{text}' is no phrase: write PHRASE, or PHRASE(name1=name2)")
    renamed = {}
    for part in (fits[2] or "").split(",") if fits[2] else ():
        before, equals, after = part.partition("=")
        values = [_NAME.fullmatch(side.strip()) for side in (before, after)]
        if not equals or any(value is None or value[3] for value in values):
            raise ValueError(f"'{part.strip()}' does not say what stands where: name1=name2")
        one, other = ((value[1], value[2]) for value in values if value is not None)
        if one[0] != other[0]:
            raise ValueError(f"'{part.strip()}' puts values of another slot into '{one[0]}'")
        renamed[one] = other
    return Reference(fits[1], renamed)


def slots_of(text: str) -> list[Slot]:
    """The slots of a phrase, in order; raises ValueError for one that is none."""
    if set(SLOT.sub("", text)) & set("{}"):
        raise ValueError(f"a brace without its other in '{text}'")
    slots = []
    for inside in SLOT.findall(text):
        fits = _NAME.fullmatch(inside)
        if fits is None:
            raise ValueError(f"{{{inside}}} is no slot: write {{name}}, {{name1}}, {{name1.form}}")
        slots.append(Slot((fits[1], fits[2]), fits[3] or ""))
    return slots
