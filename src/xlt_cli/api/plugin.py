"""What every plugin states, of whatever kind."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

API_VERSION = 1


class PluginParams(BaseModel):
    """Base of every `Params`: unknown names are refused, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PluginUse(BaseModel):
    """A plugin by name, with its parameters beside the name.

    Written as `encoder: mbert` or as `encoder: {name: hf, model: ./my-encoder}`.
    """

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="name of the plugin; its parameters stand beside it")

    @property
    def params(self) -> dict[str, Any]:
        """The parameters as given."""
        return dict(self.model_extra or {})


def by_name(value: object) -> object:
    """A bare name as the plugin of that name, without parameters."""
    return {"name": value} if isinstance(value, str) else value


@dataclass(frozen=True)
class OfKind:
    """Says of a parameter that it names another plugin, and of which kind."""

    kind: str


AnyPerturbation = Annotated[PluginUse, BeforeValidator(by_name), OfKind("perturbation")]
"""A parameter that names a perturbation, which is then in the plugin's `parts`."""


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
        version: of what it does; raised by its author where the same parameters do something else
            than before, so that what was made before is not taken for the same.
        parts: the plugins that its parameters name (see `OfKind`), by the parameter; the runner
            makes them.
    """

    plugin_kind: ClassVar[str]
    api_version: ClassVar[int]
    name: ClassVar[str]
    summary: ClassVar[str]
    reference: ClassVar[str] = ""
    speaks: ClassVar[tuple[str, ...] | None] = None
    caveat: ClassVar[str] = ""
    version: ClassVar[int] = 1
    parts: Mapping[str, Plugin] = MappingProxyType({})

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
