"""Which combinations of a sweep are left out: listed ones, and those that break a condition."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.source import Source, parse_path
from xlt_cli.spec.yaml_lines import Loc, parse_value

NAME = "name"
SEARCH = "search"
OWN = (NAME, SEARCH)
"""Keys of a point that is written out that are no paths of fields."""

_MISSING = object()
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_CONDITION = re.compile(r"\s*(\S+)\s*(<=|>=|==|!=|<|>)\s*([^<>=!\s].*?)\s*")
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+|max_length|precision")


@dataclass(frozen=True)
class Exclusion:
    """Values that must not come together: by path, each one value or several."""

    values: Mapping[str, Any]

    def applies(self, values: Mapping[str, Any], names: Sequence[str]) -> bool:
        """Whether a combination has all of them.

        Args:
            values: of the combination, by path.
            names: those of its arm and of its point.
        """
        for path, unwanted in self.values.items():
            several = unwanted if isinstance(unwanted, list) else []
            if path == NAME:
                if not any(name == unwanted or name in several for name in names):
                    return False
            elif path not in values or not (values[path] == unwanted or values[path] in several):
                return False
        return True


@dataclass(frozen=True)
class Condition:
    """A comparison of a field with a value or with another field."""

    text: str
    where: str
    left: str
    sign: str
    right: str

    def holds(self, spec: ExperimentSpec, place: Callable[[Loc], Loc | None]) -> bool:
        """Whether it holds in a spec; also where one of its fields is not there.

        Args:
            place: where a field of the spec itself is in the arm.

        Raises:
            SpecError: the two cannot be compared.
        """
        dumped = spec.model_dump(mode="json")
        one, other = (self._value(side, dumped, place) for side in (self.left, self.right))
        if one is _MISSING or other is _MISSING or one is None or other is None:
            return True
        try:
            return bool(_OPERATORS[self.sign](one, other))
        except TypeError:
            raise SpecError(
                f"'{self.text}' cannot be decided: it compares {one!r} with {other!r}", self.where
            ) from None

    def _value(self, side: str, dumped: Any, place: Callable[[Loc], Loc | None]) -> Any:
        if not _PATH.fullmatch(side):
            return parse_value(side, self.where)
        loc = place(parse_path(side, self.where))
        return _MISSING if loc is None else _field(dumped, loc)

    def check_fields(self, specs: Sequence[ExperimentSpec]) -> None:
        """Refuses a field that none of the specs of a sweep has: it is a mistake.

        Raises:
            SpecError: the hint names the nearest fields.
        """
        every = [spec.model_dump(mode="json") for spec in specs]
        for side in filter(_PATH.fullmatch, (self.left, self.right)):
            loc = parse_path(side, self.where)
            if any(_field(dumped, loc) is not _MISSING for dumped in every):
                continue
            known: set[str] = set()
            for dumped in every:
                around = _field(dumped, loc[:-1])
                known |= set(around) if isinstance(around, Mapping) else set()
            raise SpecError(
                f"no run of the sweep has the field '{side}' of '{self.text}'",
                self.where,
                did_you_mean(str(loc[-1]), sorted(known)),
            )


def _field(dumped: Any, loc: Loc) -> Any:
    """A field of a spec, by its place; `_MISSING` if there is none."""
    for part in loc:
        try:
            dumped = dumped[part]
        except (LookupError, TypeError):
            return _MISSING
    return dumped


def exclusions(source: Source, listed: Sequence[Mapping[str, Any]], paths: Sequence[str]) -> Any:
    """The exclusions of a sweep, checked.

    Args:
        paths: those that the sweep varies.

    Raises:
        SpecError: an exclusion names what is not varied.
    """
    for number, values in enumerate(listed):
        for path in values:
            if path != NAME and path not in paths:
                raise SpecError(
                    f"'{path}' is not varied by the sweep, so that nothing can be excluded by it",
                    source.where(("sweep", "exclude", number, path)),
                    did_you_mean(path, [*paths, NAME]),
                )
        if not values:
            where = source.where(("sweep", "exclude", number))
            raise SpecError("an exclusion without values would exclude everything", where)
    return [Exclusion(values) for values in listed]


def conditions(
    source: Source, listed: Sequence[str], searched: Collection[str] = ()
) -> list[Condition]:
    """The conditions of a sweep.

    Args:
        searched: the fields that a search draws in each combination.

    Raises:
        SpecError: one is not a comparison, or is on a field that is searched.
    """
    made = []
    for number, text in enumerate(listed):
        where = source.where(("sweep", "where", number))
        match = _CONDITION.fullmatch(text)
        if match is None or not _PATH.fullmatch(match[1]):
            raise SpecError(
                f"'{text}' is not a condition",
                where,
                "compare a field with a value or with another field, e.g. "
                "'stages.0.learning_rate <= stages.1.learning_rate'",
            )
        for side in match.group(1, 3):
            if side in searched:
                raise SpecError(
                    f"the condition '{text}' is on '{side}', which is searched",
                    where,
                    "conditions choose among listed values; change what is searched instead",
                )
        made.append(Condition(text, where, *match.groups()))
    return made
