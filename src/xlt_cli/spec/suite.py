"""Suites of tests: what `xlt eval RUN --suite NAME` evaluates a run on.

A suite is a YAML file: conditions for the task that the run was trained on, and other data sets,
chosen by what they are. Those of xlt stand in `experiments/suites`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from xlt_cli.api import Split
from xlt_cli.spec import named_files
from xlt_cli.spec.model import Languages, Model, NamedSplit, Use, Uses
from xlt_cli.spec.source import Source, read, values
from xlt_cli.spec.values import validated

FOLDER = "suites"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class OwnTask(Model):
    """Tests on the task that the run was trained on last, beside its clean test set."""

    split: NamedSplit = Field("test", description="split to evaluate on")
    languages: Languages | None = Field(None, description="default: all that the task has")
    conditions: Uses = Field(
        default_factory=list, description="condition plugins, beside the clean texts"
    )
    limit: int | None = Field(None, ge=1, description="use only the first rows of each language")


class DataSets(Model):
    """Data sets that other tasks have: those named, and those that are of a kind.

    A data set is left out, and this is said, if it is not on this machine, if the model's head
    cannot answer it, or if the model was trained on rows of it.
    """

    title: str = Field(description="what the table calls them")
    tasks: list[Use] = Field(default_factory=list, description="task plugins by name")
    family: str | None = Field(None, description="all tasks whose labels tell the same, e.g. nli")
    tags: list[str] = Field(
        default_factory=list, description="of the family only tasks with one of these tags"
    )
    without: list[str] = Field(
        default_factory=list, description="of the family no tasks with one of these tags"
    )
    splits: list[Split] = Field(["test", "dev"], description="the first of these that there is")
    conditions: Uses = Field(
        default_factory=list, description="condition plugins, beside the clean texts"
    )
    limit: int | None = Field(None, ge=1, description="use only the first rows of each language")


class Suite(Model):
    """Tests of a trained run."""

    summary: str = Field(description="what is tested, in a line")
    own: Annotated[list[OwnTask], BeforeValidator(_as_list)] = Field(
        default_factory=list, description="tests on the task that the run was trained on"
    )
    metrics: Uses = Field(
        default_factory=list,
        description="metric plugins, computed in addition to those of the problem",
    )
    sets: list[DataSets] = Field(default_factory=list, description="other data sets")


def names() -> list[str]:
    """The suites that are part of xlt."""
    return named_files.names(FOLDER)


def load(name: str) -> Suite:
    """A suite by its name, or by the path of its file.

    Raises:
        SpecError: there is no such suite, or its file is wrong.
    """
    source: Source = read(named_files.find(name, FOLDER, "suite"), kind="suite", fields="'summary'")
    return validated(Suite, values(source), source)
