"""The heads that transformers' architectures have of their own. Without torch."""

from __future__ import annotations

from xlt_cli.api import Head

LANGUAGE_MODEL = "masked-language-modelling"
"""The shape of a head with an output for each entry of the vocabulary."""

SUFFIX = {
    "sequence-classification": "ForSequenceClassification",
    "token-classification": "ForTokenClassification",
    LANGUAGE_MODEL: "ForMaskedLM",
}
"""By the shape of the head, how the names of the architectures' classes with it end."""


def has_own(head: Head) -> bool:
    """Whether transformers' architectures have heads of this shape of their own."""
    return head.kind in SUFFIX
