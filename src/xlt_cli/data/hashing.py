"""Hashes of content: the same rows have the same hash, whatever file they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xlt_cli.api import Example, Task

if TYPE_CHECKING:
    import numpy as np


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


def row_hashes(task: Task, examples: Sequence[Example]) -> np.ndarray:
    """Of each row, the hashes of its texts and, where tasks share items, of its item, [N, 1 or 2].

    The item tells a row again whose texts were used in languages that its own task does not have.
    """
    import numpy as np

    hashes = [[text_hash(example) for example in examples]]
    if task.items:
        hashes.append([item_hash(task.items, example) for example in examples])
    return np.array(hashes, dtype=np.uint64).T


def data_hash(examples: Sequence[Example]) -> str:
    """SHA-256 over ids, texts and labels, in order."""
    digest = hashlib.sha256()
    for example in examples:
        row = json.dumps(example.fingerprint(), ensure_ascii=False)
        digest.update(row.encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return digest.hexdigest()
