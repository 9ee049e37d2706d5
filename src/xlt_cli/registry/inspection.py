"""What `xlt list-plugins --check` looks at beyond a plugin's class: an instance with defaults."""

from __future__ import annotations

from xlt_cli.api import Plugin
from xlt_cli.errors import PluginError, UserError
from xlt_cli.registry.checks import KINDS
from xlt_cli.registry.checks.values import is_property
from xlt_cli.registry.guard import make


def spoken(plugin: type[Plugin]) -> tuple[str, ...] | None:
    """The languages that a class states; None where it serves any, or each instance has its own."""
    speaks = plugin.speaks
    return None if speaks is None or is_property(speaks) else tuple(speaks)


def inspect(plugin: type[Plugin]) -> str:
    """What goes wrong when a plugin is made with its defaults; empty if nothing does.

    One that needs parameters, or data that are not here, is looked at no further.
    """
    kind = KINDS[plugin.plugin_kind]
    required = any(info.is_required() for info in plugin.Params.model_fields.values())
    if required or not kind.from_params:
        return ""
    try:
        kind.inspect(make(plugin, plugin.Params()))
    except PluginError as error:
        return error.what
    except UserError:
        return ""
    return ""
