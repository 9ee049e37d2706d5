"""What every plugin states, of whatever kind."""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

API_VERSION = 1


class PluginParams(BaseModel):
    """Base of every `Params`: unknown names are refused, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Plugin(ABC):
    """What all kinds share.

    Attributes:
        plugin_kind: which kind it is; each kind's base class states it.
        api_version: the contract's version that the plugin was written for.
        name: the name used in specs; equals the entry point's name.
        summary: one line for `xlt list-plugins`.
        reference: the paper or model card behind it.
        speaks: the languages it can serve, in any form of their codes; None where it serves any.
        caveat: what must be said wherever results that it took part in are shown.
    """

    plugin_kind: ClassVar[str]
    api_version: ClassVar[int]
    name: ClassVar[str]
    summary: ClassVar[str]
    reference: ClassVar[str] = ""
    speaks: ClassVar[tuple[str, ...] | None] = None
    caveat: ClassVar[str] = ""

    class Params(PluginParams):
        """No parameters."""

    def __init__(self, params: Any = None) -> None:
        self.params = self.Params() if params is None else params

    def check(self) -> None:  # noqa: B027  (most have nothing to check)
        """Refuses, before anything is loaded, what cannot work on this machine.

        `xlt validate` calls it, and training does first of all. It looks at files' names at most,
        and imports nothing heavy; what has to be downloaded is not missing.

        Raises:
            UserError: a file or a folder that the parameters name, or a package, is not there.
        """
