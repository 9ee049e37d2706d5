"""Monotonicity: what follows when a word becomes more general or more specific."""

from __future__ import annotations

from xlt_cli.api import NOT_STATED
from xlt_tasks.nli.base import NON_ENTAILMENT, NliTask, SlicedNliTask
from xlt_tasks.sources.release import Release

LABELS = ("entailment", "neutral")
"""`neutral` is all that is not entailed: a three-way model's contradictions count as it."""


class Med(SlicedNliTask):
    """`slice` is upward_monotone, downward_monotone or non_monotone; a phenomenon (conjunction,
    disjunction, conditionals, npi, reverse, lexical_knowledge); or a source (crowd, paper, ...)."""

    api_version = 1
    name = "med"
    summary = "inference from the monotonicity of quantifiers and other words"
    reference = "Yanaka et al. 2019, Can Neural Networks Understand Monotonicity? (BlackboxNLP)"
    labels = LABELS
    collapse = NON_ENTAILMENT
    published_languages = ("en",)
    licence = "CC BY-SA 4.0"
    origin = "native"
    tags = ("challenge", "out-of-distribution")
    folder = "nli_adv_en"
    releases = (Release({"test": "med"}, language="en", slice_columns=("4",)),)


class PMoNli(NliTask):
    """Words of SNLI's sentences are replaced by more general or more specific ones."""

    api_version = 1
    name = "pmonli"
    summary = "lexical entailment in upward monotone sentences"
    reference = "Geiger et al. 2020, Neural Natural Language Inference Models (BlackboxNLP)"
    labels = LABELS
    collapse = NON_ENTAILMENT
    published_languages = ("en",)
    licence = NOT_STATED
    origin = "native"
    tags = ("challenge",)
    folder = "nli_adv_en"
    releases = (
        Release({"test": "monli-pmonli"}, language="en"),
        Release({"test": "pmonli.jsonl"}, language="en"),
    )


class NMoNli(PMoNli):
    """The same under negation, which turns entailment round: the training rows of its authors."""

    api_version = 1
    name = "nmonli"
    summary = "lexical entailment under negation, where it turns round"
    releases = (
        Release({"train": "monli-nmonli-train"}, language="en"),
        Release({"train": "nmonli_train.jsonl", "test": "nmonli_test.jsonl"}, language="en"),
    )
