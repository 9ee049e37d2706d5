"""English sets that are adversarial, contrastive, or about conjunctions."""

from __future__ import annotations

from xlt_cli.api import Split
from xlt_tasks.nli.base import LETTERS, NliTask
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release


def published(round_: str) -> Release:
    """A round of ANLI as its authors publish it, in a folder of its own."""
    columns = Columns((("context", "hypothesis"),), ("label",))
    return Release(f"{round_}/{{split}}.jsonl", columns, "en", label_map=LETTERS)


def copy_of(round_: str) -> OnHub:
    """A round of ANLI on the hub, where a split's name has the round behind it."""
    files: dict[Split, str] = {
        "train": f"plain_text/train_{round_}-*.parquet",
        "dev": f"plain_text/dev_{round_}-*.parquet",
        "test": f"plain_text/test_{round_}-*.parquet",
    }
    return OnHub("facebook/anli", Release(files, language="en"))


class AnliR1(NliTask):
    """Dev rows of the first round: written to make a BERT fail; long premises from Wikipedia."""

    api_version = 1
    name = "anli-r1"
    summary = "pairs that people wrote to make a model fail, first round"
    reference = "Nie et al. 2020, Adversarial NLI (ACL); hub: facebook/anli"
    published_languages = ("en",)
    licence = "CC BY-NC 4.0"
    origin = "native"
    tags = ("adversarial", "out-of-distribution")
    folder = "nli_adv_en"
    releases = (Release({"dev": "anli-r1-dev"}, language="en"), published("R1"))
    on_hub = copy_of("r1")


class AnliR2(AnliR1):
    """Dev rows of the second round: written to make RoBERTas fail."""

    api_version = 1
    name = "anli-r2"
    summary = "pairs that people wrote to make a model fail, second round"
    releases = (Release({"dev": "anli-r2-dev"}, language="en"), published("R2"))
    on_hub = copy_of("r2")


class ConjNli(NliTask):
    """Dev rows; the hypothesis changes a conjunct of the premise."""

    api_version = 1
    name = "conjnli"
    summary = "inference over conjunctions"
    reference = "Saha et al. 2020, ConjNLI (EMNLP)"
    published_languages = ("en",)
    licence = "MIT"
    origin = "native"
    tags = ("challenge", "out-of-distribution")
    folder = "nli_adv_en"
    releases = (Release({"dev": "conjnli-dev"}, language="en"),)


class FeverSymmetric(NliTask):
    """Version 0.2: evidence as the premise, claim as the hypothesis; no row is neutral. Each claim
    and each piece of evidence is in a supported and in a refuted pair."""

    api_version = 1
    name = "fever-symmetric"
    summary = "evidence and claims, paired so that the claim alone tells nothing"
    reference = "Schuster et al. 2019, Towards Debiasing Fact Verification Models (EMNLP)"
    published_languages = ("en",)
    licence = "MIT"
    origin = "native"
    tags = ("challenge", "out-of-distribution")
    folder = "nli_adv_en"
    releases = (Release({"dev": "fever-symmetric-dev"}, language="en"),)


class SnliCounterfactual(NliTask):
    """SNLI test rows with their revisions: a few words changed, and with them the label."""

    api_version = 1
    name = "snli-counterfactual"
    summary = "pairs and minimal revisions of them that have another label"
    reference = "Kaushik et al. 2020, Learning the Difference That Makes a Difference (ICLR)"
    published_languages = ("en",)
    licence = "Apache-2.0"
    origin = "native"
    tags = ("adversarial", "out-of-distribution")
    folder = "nli_adv_en"
    releases = (Release({"test": "snli-counterfactual-test"}, language="en"),)
