"""Which launcher the command line asks for: `--launcher`, and `--jobs` for the usual one."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from xlt_cli import registry
from xlt_cli.api import Launcher
from xlt_cli.errors import SpecError
from xlt_cli.registry.checks.launchers import IN_THIS_PROCESS
from xlt_cli.registry.guard import make
from xlt_cli.spec.source import Source
from xlt_cli.spec.values import validated
from xlt_cli.spec.yaml_lines import Document, parse_value

AT_ONCE = "processes"
"""The launcher that `--jobs` means where none is named."""

OPTION = "--launcher"


def launcher(written: str | None, jobs: int | None) -> Launcher | None:
    """The launcher of the command line, checked; None for no other process than this one.

    Args:
        written: a name, or a mapping with a name and parameters, as YAML has it.
        jobs: what `--jobs` says: how many at once, None for `auto`. It is the launcher's parameter
            `jobs`.

    Raises:
        PluginError: it is unknown or broken.
        SpecError: a parameter is wrong.
        UserError: it cannot work here.
    """
    if written is None:
        return None if jobs == 1 else _made(AT_ONCE, {"jobs": jobs or "auto"})
    value = parse_value(written, OPTION)
    given = dict(value) if isinstance(value, dict) else {"name": value}
    name = given.pop("name", None)
    if not isinstance(name, str):
        raise SpecError(
            "a launcher is a name, or a mapping with a name", OPTION, "e.g. '{name: processes}'"
        )
    if name == IN_THIS_PROCESS:
        if given or jobs != 1:
            raise SpecError(f"'{name}' runs one job at a time", OPTION, "omit --jobs")
        return None
    if jobs != 1:
        if "jobs" in given:
            raise SpecError("the number of jobs is given twice", "--jobs", "omit one of them")
        given["jobs"] = jobs or "auto"
    return _made(name, given)


def _made(name: str, given: dict[str, object]) -> Launcher:
    plugin = registry.get("launcher", name, OPTION)
    source = Source(Document(Path(OPTION), {"name": name, **given}, {}), "")
    made = cast(Launcher, make(plugin, validated(plugin.Params, given, source, (), name)))
    made.check()
    return made
