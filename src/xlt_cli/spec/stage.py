"""A stage of a spec as it is written: its rows, its perturbations, its schedule."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from xlt_cli.spec.adapters import Adapter, by_kind
from xlt_cli.spec.model import Languages, Model, NamedSplit, PerturbationUse, Use, Uses, uses
from xlt_cli.spec.rows import Exclusion, MoreRows
from xlt_cli.spec.trained_fields import ClassWeights, Freeze, frozen


class Dev(Model):
    """What a stage is watched on while it trains."""

    split: NamedSplit = Field("dev", description="split to evaluate on")
    languages: Languages | None = Field(
        None, description="default: the stage's own, which keeps the selection strictly zero-shot"
    )
    limit: int | None = Field(None, ge=1, description="use only the first rows of each language")
    metric: Use | None = Field(
        None,
        description="metric by which the best is selected, of the problem or a metric plugin; "
        "default: the task's",
    )
    metrics: Uses = Field(
        default_factory=list,
        description="metric plugin, or a list of them: computed in addition to those of the "
        "problem",
    )


class Stage(Model):
    """One round of fine-tuning: a task, languages, a perturbation, a schedule."""

    task: Use = Field(description="task plugin")
    languages: Languages | None = Field(None, description="default: the task's source language")
    split: NamedSplit = Field("train", description="split to train on")
    limit: int | None = Field(None, ge=1, description="use only the first rows of each language")
    also: list[MoreRows] = Field(
        default_factory=list,
        description="rows of further tasks with the same labels, or with a head of their own, "
        "trained on together with these",
    )
    sampling: Literal["all", "one-per-item"] = Field(
        "all",
        description="all: the rows of all languages; one-per-item: each item of aligned rows once, "
        "in one of its languages, drawn at random with the run's seed",
    )
    temperature: float = Field(
        1.0,
        ge=1,
        description="balances tasks and languages of different sizes: each has a share of the "
        "epoch in proportion to its number of rows to the power of 1/temperature",
    )
    exclude: list[Exclusion] = Field(
        default_factory=list, description="rows that are not trained on"
    )
    shots: int | None = Field(
        None,
        ge=1,
        description="few-shot training: number of rows of each label in each language (if an "
        "example has several labels, or none, number of rows in total)",
    )
    shot_sample: int = Field(
        0,
        ge=0,
        description="selects the random sample of shots; a larger number of shots includes a "
        "smaller one",
    )
    labels: Literal["given", "shuffled"] = Field(
        "given", description="shuffled: labels are permuted at random over the rows, as a control"
    )
    perturbation: Annotated[list[PerturbationUse], BeforeValidator(uses)] = Field(
        default_factory=list,
        description="perturbation plugin, or a list of them; none: plain training (ERM)",
    )
    epochs: float = Field(3.0, gt=0, description="passes over the training rows")
    max_steps: int | None = Field(
        None, ge=1, description="stop after this many updates, if that is before the last epoch"
    )
    batch_size: int = Field(32, ge=1, description="examples in an update, over all processes")
    accumulate: int = Field(
        1, ge=1, description="number of forward passes that each update is split into"
    )
    learning_rate: float = Field(2e-5, gt=0, description="peak learning rate of AdamW")
    head_learning_rate: float | None = Field(
        None, gt=0, description="peak learning rate of the head; default: learning_rate"
    )
    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        description="learning rate of each layer as a fraction of that of the layer above, "
        "embeddings included (Howard and Ruder 2018)",
    )
    weight_decay: float = Field(
        0.01, ge=0, description="weight decay of AdamW; biases and norms have none"
    )
    warmup: float | None = Field(
        0.1,
        ge=0,
        le=1,
        description="fraction of the updates in which the learning rate rises; null where "
        "`warmup_steps` is given",
    )
    warmup_steps: int | None = Field(
        None, ge=0, description="number of updates in which it rises, in place of `warmup`"
    )
    schedule: Literal["linear", "cosine", "constant"] = Field(
        "linear",
        description="learning rate after the warmup: decay to 0 in a line or along half a cosine, "
        "or constant",
    )
    max_grad_norm: float | None = Field(
        1.0, gt=0, description="largest norm of the gradient (clipping); null: no clipping"
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="share of each target that is spread over all labels"
    )
    class_weights: ClassWeights | None = Field(
        None,
        description="factor of the loss of each label, 1 for those that are not named: "
        "{label: 2.0}; balanced: inversely proportional to how often the label occurs in the "
        "training rows",
    )
    focal_gamma: float = Field(
        0.0,
        ge=0,
        description="focal loss (Lin et al. 2017): exponent of the factor that lowers the loss of "
        "what the model gets right already; 0: cross-entropy",
    )
    freeze: Annotated[Freeze | None, BeforeValidator(frozen)] = Field(
        None, description="parts that are not trained, e.g. `embeddings`, `encoder`, {layers: 6}"
    )
    adapter: Annotated[Adapter | None, BeforeValidator(by_kind)] = Field(
        None,
        description="train an adapter and the head, and leave the encoder's weights as they are, "
        "e.g. `lora`",
    )
    gradient_checkpointing: bool = Field(
        False,
        description="compute the activations of the layers again in the backward pass: less "
        "memory, more time, the same training",
    )
    dev: Dev | None = Field(
        default_factory=Dev,
        description="what is evaluated during training; null: nothing, and the last step is kept",
    )
    evaluate_every: int | None = Field(
        None, ge=1, description="number of updates between evaluations on dev; default: an epoch"
    )
    checkpoint_every: int | None = Field(
        None,
        ge=1,
        description="number of updates between additional checkpoints; there is one at every "
        "evaluation on dev, and after ten minutes without one, in any case",
    )
    select: Literal["best", "last", "average"] = Field(
        "best",
        description="model that the stage results in: the best on dev, the last, or the average "
        "of the weights at all evaluations (Schmidt et al. 2023)",
    )
    patience: int | None = Field(
        None, ge=1, description="stop after this many evaluations on dev without a new best"
    )

    @field_validator("labels", mode="before")
    @classmethod
    def _labels_are_not_listed(cls, labels: object) -> object:
        if isinstance(labels, list | tuple | dict):
            raise ValueError(
                "the labels of a data set are a parameter of the tasks for your own files: "
                "task: {name: TASK, path: DIR, labels: [...]}"
            )
        return labels

    @model_validator(mode="after")
    def _patience_has_scores(self) -> Stage:
        if self.patience is not None and self.dev is None:
            raise ValueError("patience needs evaluations on dev, and dev is null")
        return self

    @model_validator(mode="after")
    def _one_way_of_sampling(self) -> Stage:
        if self.sampling == "one-per-item" and self.temperature != 1:
            raise ValueError("temperature has no effect with `sampling: one-per-item`")
        return self

    @model_validator(mode="after")
    def _one_warmup(self) -> Stage:
        if self.warmup_steps is None:
            if self.warmup is None:
                raise ValueError("warmup is null, and there are no warmup_steps: for none, write 0")
        elif "warmup" in self.model_fields_set and self.warmup is not None:
            raise ValueError(
                "give warmup (a fraction of the updates) or warmup_steps (a number), not both"
            )
        else:
            self.warmup = None
        return self

    @model_validator(mode="after")
    def _nothing_frozen_is_the_default(self) -> Stage:
        if self.freeze == Freeze():
            self.freeze = None
        return self

    @model_validator(mode="after")
    def _an_adapter_can_be_trained(self) -> Stage:
        if self.adapter is not None and self.freeze is not None and self.freeze.encoder:
            raise ValueError("`freeze: encoder` leaves no adapter to train; write one of the two")
        return self

    @model_validator(mode="after")
    def _one_way_to_soften(self) -> Stage:
        if self.focal_gamma and self.label_smoothing:
            raise ValueError("give focal_gamma or label_smoothing, one of the two")
        return self

    @model_validator(mode="after")
    def _batch_divides(self) -> Stage:
        if self.accumulate > self.batch_size:
            raise ValueError(
                f"accumulate ({self.accumulate}) cannot exceed batch_size ({self.batch_size})"
            )
        return self
