"""Benchmarks: which tasks, metrics and languages `xlt table --benchmark` averages, as YAML.

Those of xlt stand in `experiments/benchmarks`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from xlt_cli import registry
from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.spec import named_files
from xlt_cli.spec.faults import Faults
from xlt_cli.spec.model import Languages, Model, NamedSplit
from xlt_cli.spec.source import Source, read, values
from xlt_cli.spec.values import validated

FOLDER = "benchmarks"
Rows = Annotated[int, Field(ge=1)]


class BenchmarkTask(Model):
    """A task of a benchmark, with the test set as it is published."""

    name: str = Field(min_length=1, description="what the table calls it")
    task: str | None = Field(description="task plugin; null: there is none, so that it is absent")
    split: NamedSplit = Field("test", description="split that the benchmark is tested on")
    metrics: list[str] = Field(
        min_length=1, description="metrics of the problem; the mean of several is the score"
    )
    languages: Languages = Field(description="languages of the published test set")
    rows: Rows | dict[str, Rows] | None = Field(
        None, description="rows of the test set, of each language or by language; null: not known"
    )
    differs: str | None = Field(
        None, description="how a figure of xlt differs from one of the benchmark, in a sentence"
    )

    @model_validator(mode="after")
    def _fits(self) -> BenchmarkTask:
        for name, listed in (("languages", self.languages), ("metrics", self.metrics)):
            if twice := [one for one in dict.fromkeys(listed) if listed.count(one) > 1]:
                raise ValueError(f"'{name}' has {', '.join(twice)} twice")
        if isinstance(self.rows, dict) and {*self.rows} != {*self.languages}:
            apart = sorted({*self.rows} ^ {*self.languages})
            raise ValueError(f"'rows' and 'languages' differ in {', '.join(apart)}")
        return self

    def published_rows(self) -> int | None:
        """The rows of the whole test set, if they are known."""
        if isinstance(self.rows, dict):
            return sum(self.rows.values())
        return None if self.rows is None else self.rows * len(self.languages)


class TaskGroup(Model):
    """Tasks of a kind, which have a mean of their own."""

    name: str = Field(min_length=1)
    tasks: list[BenchmarkTask] = Field(min_length=1)


class Benchmark(Model):
    """Groups of tasks; the score of a benchmark is the mean over all tasks."""

    title: str
    reference: str
    groups: list[TaskGroup] = Field(min_length=1)

    @property
    def tasks(self) -> list[tuple[str, BenchmarkTask]]:
        """All tasks, each with the name of its group."""
        return [(group.name, task) for group in self.groups for task in group.tasks]

    @model_validator(mode="after")
    def _named_once(self) -> Benchmark:
        for kind, named in (
            ("group", [group.name for group in self.groups]),
            ("task", [task.name for _, task in self.tasks]),
        ):
            if twice := [name for name in dict.fromkeys(named) if named.count(name) > 1]:
                raise ValueError(f"there are two {kind}s '{twice[0]}'")
        return self


def names() -> list[str]:
    """The benchmarks that are part of xlt."""
    return named_files.names(FOLDER)


def load(name: str) -> Benchmark:
    """A benchmark by its name, or by the path of its file.

    Raises:
        SpecError: there is no such benchmark, or its file is wrong.
    """
    source: Source = read(
        named_files.find(name, FOLDER, "benchmark"), kind="benchmark", fields="'title' and 'groups'"
    )
    found = validated(Benchmark, values(source), source)
    _check_plugins(found, source)
    return found


def _check_plugins(found: Benchmark, source: Source) -> None:
    """Raises SpecError for tasks that no installed plugin has."""
    known = registry.names("task")
    faults = Faults()
    for i, group in enumerate(found.groups):
        for j, task in enumerate(group.tasks):
            with faults.gather():
                if task.task is not None and task.task not in known:
                    where = source.where(("groups", i, "tasks", j, "task"))
                    hint = did_you_mean(task.task, known) or "null, if there is no plugin for it"
                    raise SpecError(f"unknown task '{task.task}'", where, hint)
    faults.complain()
