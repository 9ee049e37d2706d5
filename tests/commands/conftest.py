"""Commands are tested without data, whatever this machine has."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLT_DATA_DIR", raising=False)
