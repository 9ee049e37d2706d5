"""Hashes of content: the same rows have the same hash, whatever file they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from xlt_cli.api import Example, SequenceExample


def text_hash(example: Example) -> int:
    """64 bits of the texts (or words) of an example, whatever its id and label."""
    texts = example.texts if isinstance(example, SequenceExample) else example.tokens
    content = json.dumps(texts, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")


def data_hash(examples: Sequence[Example]) -> str:
    """SHA-256 over ids, texts and labels, in order."""
    digest = hashlib.sha256()
    for example in examples:
        if isinstance(example, SequenceExample):
            row: list[Any] = [example.id, example.texts, example.label]
        else:
            row = [example.id, example.tokens, example.tags]
        digest.update(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return digest.hexdigest()
