"""Noise to test a model under, as options ask for it: a perturbation at one strength or several."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.spec.suggestions import stress_condition
from xlt_cli.spec.yaml_lines import parse_given

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
EXAMPLE = "write NAME, NAME:0.1,0.3, or '{name: NAME, PARAMETER: ...}:0.1,0.3'"


@dataclass(frozen=True)
class Stress:
    """A perturbation and the strengths at which it is put on every example.

    Attributes:
        perturbation: its name, or a mapping with its name and parameters.
        strengths: None stands for what the perturbation's own parameters say.
    """

    perturbation: Any
    strengths: tuple[float | None, ...] = (None,)

    def conditions(self, draws: int) -> list[dict[str, Any]]:
        """The conditions of a spec that say the same."""
        name = stress_condition()
        return [
            {
                "name": name,
                "perturbation": self.perturbation,
                **({} if strength is None else {"strength": strength}),
                **({} if draws == 1 else {"draws": draws}),
            }
            for strength in self.strengths
        ]


def stress_of(given: str | Mapping[str, Any], where: str) -> Stress:
    """What one option says: `NAME`, `NAME:0.1,0.3`, or a mapping in place of the name.

    Raises:
        SpecError: it is not written so.
    """
    if not isinstance(given, str):
        return Stress(dict(given))
    name, strengths = _parted(given.strip())
    if not name:
        raise SpecError("no perturbation is named", where, EXAMPLE)
    perturbation = parse_given(name, where).value
    if strengths is None:
        return Stress(perturbation)
    written = [part.strip() for part in strengths.split(",")]
    strange = [part for part in written if not NUMBER.fullmatch(part)]
    if strange:
        raise SpecError(f"'{strange[0]}' is no strength, which is a number", where, EXAMPLE)
    return Stress(perturbation, tuple(map(float, written)))


def _parted(text: str) -> tuple[str, str | None]:
    """The perturbation, and after a colon its strengths; colons in a mapping are its own."""
    end = text.rfind("}") + 1
    name, colon, strengths = text[end:].partition(":")
    return text[:end] + name, strengths if colon else None
