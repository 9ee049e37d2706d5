"""The base classes of plugins of all kinds."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

API_VERSION = 1


class PluginParams(BaseModel):
    """Base class of every `Params`: unknown names are refused, and instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)


class PluginUse(BaseModel):
    """A plugin in a spec: its name, and its parameters in the same mapping.

    Written as `encoder: NAME` or as `encoder: {name: NAME, model: ./my-encoder}`.
    """

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="name of the plugin; its parameters are further fields beside it")

    @property
    def params(self) -> dict[str, Any]:
        """The parameters as given."""
        return dict(self.model_extra or {})


def by_name(value: object) -> object:
    """Converts a bare name to a mapping with that name and no parameters."""
    return {"name": value} if isinstance(value, str) else value


@dataclass(frozen=True)
class OfKind:
    """Marks a parameter that names another plugin, and states the kind of that plugin."""

    kind: str


AnyPerturbation = Annotated[PluginUse, BeforeValidator(by_name), OfKind("perturbation")]
"""A parameter that names a perturbation, which the runner builds and stores in `parts`."""


class Plugin(ABC):
    """The attributes and methods that all kinds of plugins have.

    Attributes:
        plugin_kind: the kind of plugin; stated by the base class of each kind.
        api_version: the version of the contract that the plugin was written for.
        name: the name used in specs; equals the entry point's name.
        summary: one line for `xlt list-plugins`.
        reference: the paper or model card that describes the method.
        speaks: the languages that the plugin supports, in any form of their codes; None for all.
        caveat: a note that is shown with all results in which the plugin was used.
        version: the version of the plugin's behaviour. Increase it if the same parameters have a
            different effect than before, so that earlier results are not mistaken for those of the
            new version.
        parts: the plugins that its parameters name (see `OfKind`), by parameter; the runner builds
            them.
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
        """Checks, before anything is loaded, that the plugin can work on this machine.

        `xlt validate` calls it, and training calls it before anything else. It may look at the
        names of files, but not at their content, and must not import slow libraries. Files that can
        be downloaded do not count as missing.

        Raises:
            UserError: a file or folder that the parameters name, or a package, is missing.
        """
