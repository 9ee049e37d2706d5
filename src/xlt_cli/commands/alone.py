"""Options named as conditions: `--NAME '{...}'`, for those that had an option of their own.

Such an option asks for the condition alone, as an evaluation of its own (`spec.former_fields`).
Which names there are, the installed plugins say: they are looked for where an option is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlt_cli.commands.usage import Verb

ALONE = "--alone"
"""The hidden option that takes `NAME=PARAMETERS`."""


class EvaluationVerb(Verb):
    """A verb whose options are also the names of conditions."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        options = {name for param in self.params for name in param.opts}
        return super().parse_args(ctx, spelt_out(args, options))


def spelt_out(args: Sequence[str], options: set[str]) -> list[str]:
    """Arguments with `--NAME VALUE` as `--alone NAME=VALUE`."""
    written: list[str] = []
    rest = iter(args)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if not name.startswith("--") or name in options or not _is_condition(name[2:]):
            written.append(argument)
            continue
        written.append(ALONE)
        given = value if equals else next(rest, None)
        if given is not None:  # without a value, the option is refused as others are
            written.append(f"{name[2:]}={given}")
    return written


def split_alone(written: str) -> tuple[str, str]:
    """Name and parameters of `NAME=PARAMETERS`."""
    name, _, parameters = written.partition("=")
    return name, parameters


def _is_condition(name: str) -> bool:
    if not name:
        return False
    from xlt_cli.spec import former_fields

    return former_fields.known(name)
