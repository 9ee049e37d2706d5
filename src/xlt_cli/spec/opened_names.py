"""Names in a spec that are no plugin's own: hub ids and folders, which an encoder plugin opens."""

from __future__ import annotations

from typing import Any

from xlt_cli import registry
from xlt_cli.api import Encoder
from xlt_cli.errors import SpecError
from xlt_cli.registry.calls import Call, calling
from xlt_cli.registry.checks import encoders
from xlt_cli.spec import PluginUse


def opener(name: str) -> tuple[type[Encoder], dict[str, Any]] | None:
    """The encoder plugin that opens a name which no plugin bears, with the name as parameters.

    Raises:
        UserError: the name is a path, and nothing is there.
    """
    for entry in registry.entries("encoder"):
        if entry.plugin is not None and issubclass(entry.plugin, Encoder):
            call = Call(entry.plugin, "opens", (name,))
            with calling(call):
                params = encoders.opened(call, entry.plugin.opens(name))
            if params is not None:
                return entry.plugin, params
    return None


def resolve(use: PluginUse, where: str) -> None:
    """Rewrites `org/model@revision` and folders to the plugin that opens them.

    `FacebookAI/xlm-roberta-base` is then `{name: PLUGIN, model: FacebookAI/xlm-roberta-base}`, and
    the same run as if that had been written.

    Raises:
        SpecError: the name and the parameters beside it say different things.
        UserError: the name is a path, and nothing is there.
    """
    if use.name in registry.names("encoder", disabled=True):
        return
    opened = opener(use.name)
    if opened is None:
        return
    plugin, params = opened
    given = use.params
    for name, value in params.items():
        if name in given and given[name] != value:
            raise SpecError(
                f"'{use.name}' means {name}: {value}, but {name}: {given[name]} is given as well",
                where,
                f"give {name} once",
            )
    use.__pydantic_extra__ = {**params, **given}
    use.name = plugin.name
