"""A process that stays, at its end."""

from __future__ import annotations

import gc
import io
import sys

import pytest

from xlt_cli.launch import serving


def test_at_its_end_a_process_leaves_nothing_out_of_collections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Libraries made with nanobind list on stderr what the last collection has not freed."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    serving._tidy()  # after a job
    assert gc.get_freeze_count()
    serving.serve()
    assert not gc.get_freeze_count()
