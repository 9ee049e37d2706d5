"""Stored figures with their places in all dimensions that a table may have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.languages import facts_of
from xlt_cli.reports.by_language import CLEAN
from xlt_cli.reports.groups import UNKNOWN
from xlt_cli.reports.validity import marked

RUN = ("method", "encoder", "stage", "seed", "run")
TEST = ("task", "split", "labels", "limit", "condition", "metric")
OTHERS = ("evaluation",)
LANGUAGES = ("language", "group", "family", "script", "resource")
DIMENSIONS = (*RUN, *TEST, *OTHERS, *LANGUAGES)
"""What can be rows, columns and conditions of a table."""

ZERO_SHOT, TRAINED_ON = "zero-shot", "trained on"


@dataclass(frozen=True)
class Entry:
    """A stored figure of one language, in one run and under one condition.

    Attributes:
        place: the value of each dimension.
        training: what was trained, apart from the seed; entries of one cell have the same.
        figure: `value`, `low` and `high` as stored.
        average: the stored average of the zero-shot languages of the same results, over so many
            `cells`.
        main: whether the figure is of the metric that its task is measured in.
        fallen: whether a run that collapsed has a part in it.
        rows: how many the figure is over.
        facts: what was measured of the language, by name.
    """

    place: Mapping[str, str]
    training: str
    figure: Mapping[str, Any]
    average: Mapping[str, Any]
    main: bool
    fallen: bool
    rows: int
    facts: Mapping[str, Any]


def entries(about: Mapping[str, str], results: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    """The figures of a run's evaluations.

    Args:
        about: the run's place in the dimensions RUN, and what was `training`.
        results: each with its directory (`evaluation`) and its `former` condition, empty if it
            has none; perhaps with `facts` of its languages.
    """
    run = {name: about[name] for name in RUN}
    for result in results:
        clean = result.get("former") or result.get("condition") or CLEAN
        for part in (
            {**result, "condition": clean},
            *({**result, **under} for under in result.get("conditions", ())),
        ):
            test = {
                "task": part["task"],
                "split": part["split"],
                "labels": json.dumps(part["collapse"]) if part.get("collapse") else "",
                "limit": str(part.get("limit") or ""),
                "condition": part["condition"],
                "evaluation": part["evaluation"],
            }
            fallen = marked(part)
            averages = part["averages"].get("zero_shot") or {"cells": 0}
            for language, figures in part["languages"].items():
                here = {**run, **test, **_of(language, figures["trained_on"])}
                for metric, found in figures.items():
                    if isinstance(found, dict):
                        yield Entry(
                            {**here, "metric": metric},
                            about["training"],
                            found,
                            {**averages.get(metric, {}), "cells": averages["cells"]},
                            metric == part["metric"],
                            language in fallen,
                            figures["n"],
                            result.get("facts", {}).get(language, {}),
                        )


def _of(language: str, trained_on: bool) -> dict[str, str]:
    facts = facts_of(language)
    known = {name: getattr(facts, name) for name in LANGUAGES[2:]}
    return {
        "language": language,
        "group": TRAINED_ON if trained_on else ZERO_SHOT,
        **{name: UNKNOWN if value is None else str(value) for name, value in known.items()},
    }
