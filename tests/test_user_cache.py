"""Where the user's cache is, and what stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli.errors import UserError
from xlt_cli.user_cache import entries, total_size, user_cache


def test_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLT_CACHE_DIR", "~/mine")
    assert user_cache() == Path.home() / "mine"
    monkeypatch.setenv("XLT_CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert user_cache() == Path("/somewhere/xlt")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_cache() == Path.home() / ".cache" / "xlt"


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(UserError) as caught:
        user_cache()
    assert "XLT_CACHE_DIR" in caught.value.hint


def test_entries_are_whole_files(tmp_path: Path) -> None:
    assert entries(tmp_path / "none") == []
    (tmp_path / "folder").mkdir()
    for name in ("b", "a", ".a.lock", ".c.partial"):
        (tmp_path / name).write_bytes(b"1234")
    assert [path.name for path in entries(tmp_path)] == ["a", "b"]
    assert total_size([*entries(tmp_path), tmp_path / "gone"]) == 8
