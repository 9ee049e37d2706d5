"""Probes of Chinese inference: diagnostics, semantic fragments, stress tests."""

from __future__ import annotations

from xlt_cli.api import NOT_STATED
from xlt_tasks.nli.base import SlicedNliTask
from xlt_tasks.sources.release import Release

PAPER = "Hu et al. 2021, Investigating Transfer Learning in Multilingual Models (Findings of ACL)"


class ChineseDiagnostics(SlicedNliTask):
    """`slice` is a phenomenon: Anaphora, ArgumentStructure, Classifier, CommonSense, Comparative,
    DoubleNegation, Idioms, LexicalSemantics, Monotonicity, Negation, NonCoreArguments, ProDrop,
    TimeOfEvent or WorldKnowledge."""

    api_version = 1
    name = "nli-diagnostics-zh"
    summary = "Chinese pairs written for one linguistic phenomenon each"
    reference = PAPER
    source_language = "zh"
    published_languages = ("zh",)
    licence = NOT_STATED
    origin = "native"
    tags = ("challenge",)
    folder = "nli_zh"
    releases = (Release({"test": "diagnostics-zh"}, language="zh", slice_columns=("4",)),)


class ChineseFragments(SlicedNliTask):
    """`slice` is boolean, comparative, conditional, counting, negation or quantifier."""

    api_version = 1
    name = "nli-fragments-zh"
    summary = "Chinese pairs from templates of logic and counting"
    reference = f"{PAPER}, after Richardson et al. 2020"
    source_language = "zh"
    published_languages = ("zh",)
    licence = NOT_STATED
    origin = "generated"
    tags = ("challenge",)
    folder = "nli_zh"
    releases = (Release({"test": "fragments-zh"}, language="zh", slice_columns=("4",)),)


class ChineseStress(SlicedNliTask):
    """`slice` is antonym, synonym, numerical, spelling, distraction_hypo or distraction_premise.
    All but the numerical rows are made from OCNLI's dev rows."""

    api_version = 1
    name = "nli-stress-zh"
    summary = "Chinese pairs with antonyms, synonyms, numbers, misspellings and distractions"
    reference = f"{PAPER}, after Naik et al. 2018"
    source_language = "zh"
    published_languages = ("zh",)
    licence = f"{NOT_STATED} (OCNLI: CC BY-NC 2.0)"
    origin = "mixed"
    tags = ("challenge", "perturbed")
    folder = "nli_zh"
    releases = (Release({"test": "stress-zh"}, language="zh", slice_columns=("4",)),)
