"""The parameters that say where the data of a published set come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, model_validator

from xlt_cli.api import PluginParams
from xlt_tasks.sources.dataset import MAIN

SourceName = Annotated[
    Literal["auto", "folder", "hub"],
    Field(
        description="auto: a folder, if `path` is given or $XLT_DATA_DIR has the task's folder; "
        "otherwise the hub, if a copy there is known",
    ),
]
Revision = Annotated[
    str,
    Field(min_length=1, description="branch, tag or commit on the hub; results record the commit"),
]
P = TypeVar("P", bound=Any)


def one_source(params: P) -> P:
    """Refuses what is not read, in parameters with `source`, `path` and `revision`."""
    if params.source == "hub" and params.path is not None:
        raise ValueError("`path` has no effect with `source: hub`; remove one of the two")
    folder = "path" if params.path is not None else "source: folder"
    if params.revision != MAIN and (params.path is not None or params.source == "folder"):
        raise ValueError(f"`revision` has no effect with `{folder}`; remove one of the two")
    return params


class FolderParams(PluginParams):
    """Where the files are: in a folder, or on the hub."""

    path: Path | None = Field(
        None,
        description="the folder of the files, or one that holds it under its usual name; default: "
        "$XLT_DATA_DIR; relative paths are also looked up there",
    )
    source: SourceName = "auto"
    revision: Revision = MAIN

    _one_source = model_validator(mode="after")(one_source)
