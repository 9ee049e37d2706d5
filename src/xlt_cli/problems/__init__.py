"""The problems and heads that ship, found through entry points as a stranger's are.

May stand here: sequence classification, token labelling, intent and slots, regression, multiple
choice, span extraction, masked language modelling and retrieval with all that only they need, their
heads, and what every problem's labels go through (names, collapse). The contract is in `api`.
"""

from xlt_cli.api.features import Encoded, Feature, Prediction
from xlt_cli.api.problems import Problem
from xlt_cli.problems.choices import ChoiceExample, MultipleChoice
from xlt_cli.problems.intents import IntentAndSlots, IntentExample
from xlt_cli.problems.masked import MaskedLanguageModelling
from xlt_cli.problems.masking import Masking
from xlt_cli.problems.regression import Regression, ScoredExample
from xlt_cli.problems.retrieval import (
    AnswerRetrieval,
    BitextMining,
    Candidate,
    MiningParams,
    RetrievalExample,
    RetrievalParams,
    SentenceRetrieval,
)
from xlt_cli.problems.sequence import SequenceClassification
from xlt_cli.problems.span_examples import SpanExample
from xlt_cli.problems.spans import SpanExtraction, SpanSettings
from xlt_cli.problems.token import TokenLabelling

__all__ = [
    "AnswerRetrieval",
    "BitextMining",
    "Candidate",
    "ChoiceExample",
    "Encoded",
    "Feature",
    "IntentAndSlots",
    "IntentExample",
    "MaskedLanguageModelling",
    "Masking",
    "MiningParams",
    "MultipleChoice",
    "Prediction",
    "Problem",
    "Regression",
    "RetrievalExample",
    "RetrievalParams",
    "ScoredExample",
    "SentenceRetrieval",
    "SequenceClassification",
    "SpanExample",
    "SpanExtraction",
    "SpanSettings",
    "TokenLabelling",
]
