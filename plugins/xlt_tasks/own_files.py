"""What the two tasks for one's own files share: their parameters' types and checks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from xlt_cli.api import PluginParams


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("a name is given twice")
    if not all(names):
        raise ValueError("a name is empty")
    return names


Names = Annotated[tuple[str, ...], Field(min_length=2), AfterValidator(_distinct)]


class FolderParams(PluginParams):
    """A folder of files."""

    path: Path = Field(
        description="a folder of {train,dev,test}-LANGUAGE.{tsv,jsonl,parquet} files; relative "
        "paths are also looked up in $XLT_DATA_DIR"
    )
