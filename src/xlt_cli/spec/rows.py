"""Which rows a stage trains on, as a spec says it: further tasks, and rows that are left out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from xlt_cli.spec.model import Languages, Model, NamedSplit, Use


class MoreRows(Model):
    """Rows of a further task in a stage; its labels are those of the stage's own task, or it has a
    head of its own."""

    task: Use = Field(description="task plugin")
    languages: Languages | None = Field(None, description="default: the task's source language")
    split: NamedSplit = Field("train", description="split to train on")
    limit: int | None = Field(None, ge=1, description="use only the first rows of each language")
    head: Literal["shared", "own"] = Field(
        "shared",
        description="shared: the head of the stage's task, which has the same labels; own: a "
        "further head on the same encoder, for a task with other labels",
    )


class Exclusion(Model):
    """Rows that a stage does not train on: those of a list of ids, or those of another task."""

    ids: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="a text file with one id of the stage's own task per line"
    )
    task: Use | None = Field(
        None,
        description="task plugin; rows with the same texts are excluded, and their "
        "translations if rows are aligned",
    )
    split: NamedSplit = Field("test", description="split of that task")
    languages: Languages | None = Field(None, description="default: all that the split has")

    @model_validator(mode="after")
    def _one_way(self) -> Exclusion:
        if (self.ids is None) == (self.task is None):
            raise ValueError("give either `ids` (a file) or `task`")
        return self
