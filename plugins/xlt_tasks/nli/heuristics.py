"""Sets that heuristics of word overlap fail on: HANS and its like."""

from __future__ import annotations

from xlt_cli.api import NOT_STATED
from xlt_tasks.nli.base import NON_ENTAILMENT, TWO_WAY, SlicedNliTask
from xlt_tasks.sources.release import Release


class HansRegenerated(SlicedNliTask):
    """Not the published file: 9,000 new pairs from HANS's own generator and templates, 300 for each
    of the 30 subcases. `slice` is a heuristic (lexical_overlap, subsequence, constituent), a
    subcase (ln_subject/object_swap, ...) or a template."""

    api_version = 1
    name = "hans-regenerated"
    summary = "pairs that heuristics of word overlap fail on, generated anew with HANS's templates"
    reference = "McCoy et al. 2019, Right for the Wrong Reasons (ACL)"
    caveat = "not the published HANS: new pairs of its generator, comparable up to sampling error"
    labels = TWO_WAY
    collapse = NON_ENTAILMENT
    published_languages = ("en",)
    licence = "MIT"
    origin = "generated"
    tags = ("adversarial", "challenge")
    folder = "nli_heuristics"
    releases = (Release({"test": "hans-en"}, language="en", slice_columns=("4", "5", "6")),)


class HansZh(SlicedNliTask):
    """Three-way, unlike HANS. `slice` is a category (lexical_overlap, subsequence-constituent) or a
    template."""

    api_version = 1
    name = "hans-zh"
    summary = "Chinese pairs that heuristics of word overlap fail on"
    reference = "Hu et al. 2021, Investigating Transfer Learning in Multilingual Models (Findings)"
    source_language = "zh"
    published_languages = ("zh",)
    licence = NOT_STATED
    origin = "generated"
    tags = ("adversarial", "challenge")
    folder = "nli_heuristics"
    releases = (Release({"test": "hans-zh"}, language="zh", slice_columns=("4", "5")),)


class JaNli(SlicedNliTask):
    """`slice` is a heuristic (overlap-full, overlap-order, overlap-nonorder, subsequence,
    constituent) or a phenomenon."""

    api_version = 1
    name = "janli"
    summary = "Japanese pairs that heuristics of word overlap fail on"
    reference = "Yanaka and Mineshima 2021, JaNLI (BlackboxNLP)"
    source_language = "ja"
    labels = TWO_WAY
    collapse = NON_ENTAILMENT
    published_languages = ("ja",)
    licence = "CC BY-SA 4.0"
    origin = "generated"
    tags = ("adversarial", "challenge")
    folder = "nli_heuristics"
    releases = (Release("janli-{split}-{language}", slice_columns=("4", "5")),)


class Clcd(SlicedNliTask):
    """`slice` is simple_negation, boolean_coordination, quantifier, counting, comparative or
    equality_and_definite_description. The two languages have different rows."""

    api_version = 1
    name = "clcd"
    summary = "is it a contradiction? Logical templates in English and Portuguese"
    reference = "Salvatore et al. 2019, A logical-based corpus for cross-lingual evaluation"
    labels = ("contradiction", "non-contradiction")
    collapse = {"non-contradiction": ("entailment", "neutral")}  # noqa: RUF012  (see Task)
    published_languages = ("en", "pt")
    licence = "MIT"
    origin = "generated"
    tags = ("challenge",)
    folder = "nli_heuristics"
    releases = (Release("clcd-{split}-{language}", slice_columns=("4",)),)
