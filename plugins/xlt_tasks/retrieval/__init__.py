"""Published sets of retrieval, a file each; `base` has what they share."""

from xlt_tasks.retrieval.base import (
    TRANSLATED,
    AlignedSentences,
    RetrievalTask,
    RetrievalTaskParams,
    aligned_lines,
)

__all__ = [
    "TRANSLATED",
    "AlignedSentences",
    "RetrievalTask",
    "RetrievalTaskParams",
    "aligned_lines",
]
