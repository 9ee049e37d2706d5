"""How vectors are made of texts and compared: parameters of a task."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from xlt_cli.api import PluginParams
from xlt_cli.errors import did_you_mean
from xlt_cli.problems.head_choice import heads_of

SHAPE = "sentence-embedding"
"""The shape of the heads: a vector for each input."""

Scoring = Literal["cosine", "dot", "ratio", "distance"]


@dataclass(frozen=True)
class RetrievalSettings:
    """Parameters of a task with these names override the defaults; `RetrievalParams` says what they
    mean."""

    scoring: Scoring = "cosine"
    neighbours: int = 4
    pooling: str = "sentence-mean"
    layer: int | None = None
    temperature: float = 0.05
    threshold: float | None = None

    @classmethod
    def of(cls, params: Any) -> RetrievalSettings:
        """The settings that the parameters of a task state."""
        names = (field.name for field in fields(cls))
        return cls(**{name: getattr(params, name) for name in names if hasattr(params, name)})

    @property
    def described(self) -> str:
        """`cosine of the means over layer 8`."""
        states = "the last hidden states" if self.layer is None else f"the states of {self._layer}"
        vectors = f"of {states} ({self.pooling.removeprefix('sentence-')})"
        if self.scoring in ("cosine", "dot"):
            return f"{'dot product' if self.scoring == 'dot' else 'cosine'} {vectors}"
        return f"{self.scoring} margin with {self.neighbours} neighbours, cosine {vectors}"

    @property
    def _layer(self) -> str:
        return f"layer {self.layer}" if self.layer else "the embeddings"


def _known(pooling: str) -> str:
    known = heads_of(SHAPE)
    if pooling not in known:
        raise ValueError(f"there is no pooling '{pooling}'; {did_you_mean(pooling, known)}")
    return pooling


_usual = RetrievalSettings()


class RetrievalParams(PluginParams):
    """How vectors are made of texts, and compared."""

    pooling: Annotated[str, AfterValidator(_known)] = Field(
        _usual.pooling,
        description="the vector of a text: sentence-mean is the mean of the states of all tokens, "
        "sentence-cls the state of the first; or another head plugin of this shape",
    )
    layer: int | None = Field(
        _usual.layer,
        ge=0,
        description="the layer whose states are taken, counted from the input on (0: the "
        "embeddings); None: the last. XTREME's `--specific_layer 7` of mBERT is `layer: 8` here: "
        "it counts from 0",
    )
    scoring: Scoring = Field(
        _usual.scoring,
        description="cosine; dot, the dot product of vectors as they are; ratio or distance, the "
        "margins of Artetxe and Schwenk 2019: the cosine divided by, or less, the mean cosine of "
        "both texts with their nearest neighbours (distance ranks as CSLS)",
    )
    neighbours: int = Field(_usual.neighbours, ge=1, description="of a margin")
    temperature: float = Field(
        _usual.temperature, gt=0, description="of the contrastive loss, in training"
    )


class MiningParams(RetrievalParams):
    """How vectors are made of texts, and which pairs are taken."""

    scoring: Scoring = Field(
        "ratio",
        description="ratio or distance, the margins of Artetxe and Schwenk 2019; cosine; or dot",
    )
    threshold: float | None = Field(
        None,
        description="the score from which on a pair counts; None: the one of the highest F1 on the "
        "dev rows of the language. On dev rows themselves that is an oracle, which a note says",
    )
