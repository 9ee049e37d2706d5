"""The test sets of a question, and their families."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from xlt_cli.api import PluginUse
from xlt_cli.spec import CLEAN
from xlt_cli.spec.model import Languages, Model, NamedSplit, Use
from xlt_cli.spec.written import Setting


def not_empty(value: str) -> str:
    if not value.strip():
        raise ValueError("a name is not empty")
    return value


Name = Annotated[str, AfterValidator(not_empty)]


def _brief(value: object) -> str:
    if isinstance(value, PluginUse):
        return value.name
    return str(value.get("name", value)) if isinstance(value, Mapping) else str(value)


class TestSet(Model):
    """A test set as runs were evaluated on it: an evaluation under one condition."""

    task: Use = Field(description="task plugin")
    split: NamedSplit = Field("test", description="split that runs were evaluated on")
    limit: int | None = Field(
        None, ge=1, description="of several evaluations of the split the one with so many rows"
    )
    setting: Setting = Field("standard", description="single languages, or pairs of two")
    condition: Use = Field(
        default_factory=lambda: PluginUse(name=CLEAN),
        description="condition plugin, as the runs' spec has it",
    )
    draws: Literal["mean", "worst"] = Field(
        "mean",
        description="of noise that was drawn several times. mean: the mean over draws; worst: in "
        "each language the draw in which a run is worst",
    )
    languages: Languages | None = Field(None, description="default: all that were tested")
    without: Languages | None = Field(None, description="languages that are left out")
    trained_on: bool = Field(
        False, description="keep languages that an arm was trained on; default: leave them out"
    )
    items: str | None = Field(
        None,
        description="sets with the same name here have the same items under the same ids; "
        "default: items of each task and split are their own",
    )
    name: Name | None = Field(None, description="what tables call it")

    @property
    def title(self) -> str:
        """What it is called."""
        if self.name:
            return self.name
        said = [f"{self.task.name} {self.split}"]
        if self.languages:
            said.append(", ".join(self.languages))
        if self.setting == "generalized":
            said.append("pairs of languages")
        if self.condition.name != CLEAN:
            params = {k: v for k, v in self.condition.params.items() if k != "draws"}
            # "typos 0.1" says enough; numbers alone say nothing.
            worded = any(isinstance(value, str) for value in params.values())
            name = [] if worded else [self.condition.name]
            said.append(" ".join([*name, *map(_brief, params.values())]))
        if self.draws == "worst":
            said.append("worst draw")
        return ", ".join(said)


class Family(Model):
    """Test sets whose unweighted mean is one outcome."""

    name: Name
    sets: list[TestSet] = Field(min_length=1)
