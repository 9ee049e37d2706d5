"""The experiment spec: what a user writes, and the whole truth of an experiment.

These models hold the shape only. `source` reads YAML, `resolution` makes an experiment of a spec,
and `identity` says which part of a spec makes a run what it is.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler
from pydantic_core import InitErrorDetails

from xlt_cli.api import PluginUse
from xlt_cli.spec import former_fields
from xlt_cli.spec.model import (
    Languages,
    Model,
    NamedSplit,
    Use,
    Uses,
    all_or_list,
    as_list,
    device_name,
    uses,
)
from xlt_cli.spec.search import Search
from xlt_cli.spec.stage import Stage

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
DEVICE = r"^(auto|cpu|mps|cuda(:[0-9]+)?)$"
Setting = Literal["standard", "generalized"]


CLEAN = "clean"
"""The condition of an evaluation that names none."""


class Evaluation(Model):
    """What the trained model is tested on."""

    task: Use | None = Field(None, description="default: the last stage's")
    split: NamedSplit = Field("test", description="split to evaluate on")
    languages: Annotated[
        Annotated[list[str], Field(min_length=1)] | None, BeforeValidator(all_or_list)
    ] = Field(None, description="default: all that the task has")
    settings: Annotated[list[Setting], BeforeValidator(as_list)] = Field(
        ["standard"],
        min_length=1,
        description="standard: each language; generalized: all ordered pairs of different "
        "languages, for tasks with two texts",
    )
    limit: int | None = Field(None, ge=1, description="use only the first rows of each language")
    windows: bool = Field(
        True,
        description="token labelling: divide sentences longer than max_length into windows; "
        "false: cut them off, and count the words beyond as wrong",
    )
    conditions: Annotated[list[PluginUse], BeforeValidator(uses)] = Field(
        default_factory=lambda: [PluginUse(name=CLEAN)],
        min_length=1,
        description="condition plugin, or a list of them: changes of the inputs or of the "
        "predictions",
    )
    metric: Use | None = Field(
        None,
        description="metric that headlines and comparisons show, of the problem or a metric "
        "plugin; default: the task's",
    )
    metrics: Uses = Field(
        default_factory=list,
        description="metric plugin, or a list of them: computed in addition to those of the "
        "problem",
    )
    collapse: dict[str, Languages] | None = Field(
        None,
        description="labels that count as one class, in the data and in the model's outputs: "
        "{not_entailment: [neutral, contradiction]}",
    )

    allow_overlap: bool = Field(
        False,
        description="evaluate although some of the rows, or translations of them, were trained on",
    )

    # A condition that had a field of its own before there were conditions may still be written so
    # (see `former_fields`): the evaluation has this condition alone, and its place of then.
    _former: PluginUse | None = PrivateAttr(None)

    @model_validator(mode="wrap")
    @classmethod
    def _read_former(cls, value: Any, handler: ModelWrapValidatorHandler[Evaluation]) -> Evaluation:
        names = former_fields.among(value, cls.model_fields) if isinstance(value, dict) else []
        written = {name: value[name] for name in names if value[name] is not None}
        wrong = [
            InitErrorDetails(type="dict_type", loc=(name,), input=given)
            for name, given in written.items()
            if not isinstance(given, dict)
        ]
        if wrong:
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        if not names:
            return handler(value)
        made = handler({name: given for name, given in value.items() if name not in names})
        for name, given in written.items():
            if made._former is not None or [use.name for use in made.conditions] != [CLEAN]:
                raise ValueError(f"write `{name}` as one of the conditions: {{name: {name}, ...}}")
            if "name" in given:
                raise ValueError(f"`{name}` has no field 'name'")
            made._former = PluginUse.model_validate({"name": name, **given})
        return made

    @model_serializer(mode="wrap")
    def _write_former(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        if self._former is not None:
            written[self._former.name] = self._former.params
        return written

    @property
    def former(self) -> PluginUse | None:
        """The condition that is written as a field of its own; None if none is."""
        return self._former

    @property
    def under(self) -> list[PluginUse]:
        """The conditions, in whatever way they are written."""
        return self.conditions if self.former is None else [self.former]


class Arm(Model):
    """A variant of a spec with other stages."""

    name: str = Field(min_length=1, description="name in tables")
    before: list[dict[str, Any]] = Field(
        default_factory=list, description="stages before those of the spec"
    )
    after: list[dict[str, Any]] = Field(
        default_factory=list, description="stages after those of the spec"
    )
    without: list[Annotated[int, Field(ge=0)]] = Field(
        default_factory=list, description="numbers of stages of the spec that are left out, from 0"
    )


class Sweep(Model):
    """Arms, times points written out, times values that go together, times every combination of a
    grid's values, times the seeds; without what is excluded."""

    arms: list[Arm] = Field(
        default_factory=list,
        description="variants with stages added or left out; paths of the sweep count the stages "
        "of the spec itself",
    )
    points: list[dict[str, Any]] = Field(
        default_factory=list,
        description="explicit combinations, each a mapping from paths of fields to values; "
        "'name' is the name in tables, and 'search' what is searched in this point only",
    )
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        default_factory=dict, description="mapping from paths of fields to lists of values"
    )
    zip: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="mapping from paths of fields to lists of the same length: the first values "
        "go together, then the second ones",
    )
    exclude: list[dict[str, Any]] = Field(
        default_factory=list,
        description="combinations that are left out: mappings from paths to a value or a list of "
        "values; 'name' is that of an arm or a point",
    )
    where: list[str] = Field(
        default_factory=list,
        description="conditions that each combination fulfils, e.g. "
        "'stages.0.learning_rate <= stages.1.learning_rate'",
    )
    search: Search | None = Field(
        None,
        description="values that are drawn in each of these combinations, by the results of "
        "earlier runs",
    )


class ExperimentSpec(Model):
    """An experiment: an encoder, stages of fine-tuning, evaluations, seeds."""

    name: str | None = Field(
        None,
        description="first part of the names of the runs; default: the name of the file",
        json_schema_extra={"pattern": NAME},
    )
    encoder: Use = Field(description="encoder plugin, hub id or folder")
    stages: list[Stage] = Field(min_length=1, description="rounds of fine-tuning, in order")
    evaluations: list[Evaluation] = Field(
        default_factory=lambda: [Evaluation()],
        description="what the trained model is tested on; default: the test split of the last "
        "stage's task; []: nothing",
    )
    seeds: list[Annotated[int, Field(ge=0)]] = Field(
        [1], min_length=1, description="random seeds; each makes a run of its own"
    )
    max_length: int = Field(
        128, ge=8, description="largest number of tokens of an input, special tokens included"
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto: bf16 on CUDA, fp32 elsewhere"
    )
    device: Annotated[str, BeforeValidator(device_name)] = Field(
        "auto",
        description="auto, cpu, mps, cuda or cuda:N",
        json_schema_extra={"pattern": DEVICE},
    )
    keep: Literal["all", "model", "none", "unpacked"] = Field(
        "all",
        description="models of a finished run that stay on disk beside its results: those of all "
        "stages, that of the last stage, or none; large ones are packed, as changes of the "
        "pretrained weights. unpacked: those of all stages, as ordinary files of transformers",
    )
    sweep: Sweep | None = Field(None, description="settings to vary, for `xlt sweep`")

    @field_validator("name")
    @classmethod
    def _name_is_a_file_name(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(NAME, name):
            raise ValueError(
                f"the name {name[:100]!r} cannot be used for a folder: it may have up to 100 "
                "letters (a-z, A-Z), digits, '.', '_' and '-', and must begin with a letter "
                "or a digit"
            )
        return name

    @field_validator("device")
    @classmethod
    def _device_is_known(cls, device: str) -> str:
        if not re.fullmatch(DEVICE, device):
            raise ValueError(f"unknown device {device!r}: it is auto, cpu, mps, cuda or cuda:N")
        return device

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed is listed twice")
        return seeds
