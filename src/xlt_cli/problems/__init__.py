"""The shapes that tasks come in. A problem owns features, loss, decoding and metrics."""

from xlt_cli.problems.base import Encoded, Feature, Prediction, Problem
from xlt_cli.problems.sequence import SequenceClassification
from xlt_cli.problems.token import TokenLabelling

__all__ = [
    "Encoded",
    "Feature",
    "Prediction",
    "Problem",
    "SequenceClassification",
    "TokenLabelling",
]
