"""The example of docs/reference/reports.md prints what the page shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from xlt_cli.formats import markdown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "reports.md"


def test_the_example_is_what_the_page_shows() -> None:
    text = PAGE.read_text("utf-8")
    (source,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (shown,) = re.findall(r"^As Markdown this is\n\n```text\n(.*?)^```$", text, re.M | re.S)
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102  (our own page)
    assert markdown.text(names["report"]) == shown
