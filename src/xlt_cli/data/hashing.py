"""Hashes of content: the same rows have the same hash, whatever file they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from xlt_cli.api import Example


def text_hash(example: Example) -> int:
    """64 bits of the texts (or words) of an example, whatever its id and label."""
    content = json.dumps(example.content(), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")


def item_hash(items: str, example: Example) -> int:
    """64 bits of what names the item of an example, in whatever language it stands (see
    `Task.items`)."""
    content = json.dumps({"items": items, "id": example.id}, ensure_ascii=False)
    digest = hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def data_hash(examples: Sequence[Example]) -> str:
    """SHA-256 over ids, texts and labels, in order."""
    digest = hashlib.sha256()
    for example in examples:
        row = json.dumps(example.fingerprint(), ensure_ascii=False)
        digest.update(row.encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return digest.hexdigest()
