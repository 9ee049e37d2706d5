"""Retrieval: texts are found by the nearness of their vectors.

May stand here: examples of queries and candidates, their settings, exact search, the mining of
pairs, the contrastive loss, and the problems that are made of these.
"""

from xlt_cli.problems.retrieval.examples import Candidate, RetrievalExample
from xlt_cli.problems.retrieval.mining import BitextMining
from xlt_cli.problems.retrieval.ranking import AnswerRetrieval, SentenceRetrieval
from xlt_cli.problems.retrieval.settings import MiningParams, RetrievalParams

__all__ = [
    "AnswerRetrieval",
    "BitextMining",
    "Candidate",
    "MiningParams",
    "RetrievalExample",
    "RetrievalParams",
    "SentenceRetrieval",
]
