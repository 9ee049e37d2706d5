"""The evaluation as it is."""

from __future__ import annotations

from xlt_cli.api import Condition


class Clean(Condition):
    """Texts as they are, answered by the model itself."""

    api_version = 1
    name = "clean"
    summary = "the unchanged evaluation"
