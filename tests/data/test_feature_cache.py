"""Entries come back as they were written, or not at all; the folder keeps to its size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlt_cli.data import entry_files
from xlt_cli.data import feature_cache as module
from xlt_cli.data.entry_files import size_limit
from xlt_cli.data.feature_cache import FeatureCache
from xlt_cli.errors import UserError

KEYS = [f"{i:064x}" for i in range(10)]
IDS = [[3, 250_001, 0], [], [7]]


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the cache said; nothing was said before."""
    monkeypatch.setattr(entry_files, "_said", set())
    return []


@pytest.fixture
def cache(tmp_path: Path, warnings: list[str]) -> FeatureCache:
    return FeatureCache(tmp_path / "features", warn=warnings.append)


def names(cache: FeatureCache) -> list[str]:
    return sorted(path.name for path in cache.folder.iterdir())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=5), max_size=5))
def test_what_is_written_is_read(cache: FeatureCache, ids: list[list[int]]) -> None:
    cache.write(KEYS[0], ids)
    assert cache.read(KEYS[0], len(ids)) == ids
    assert cache.read(KEYS[0], len(ids) + 1) is None
    assert cache.read(KEYS[1], len(ids)) is None


def test_a_torn_file_is_none_and_is_written_again(cache: FeatureCache) -> None:
    cache.write(KEYS[0], IDS)
    path = cache.folder / f"{KEYS[0]}.ids"
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert cache.read(KEYS[0], 3) is None
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert cache.read(KEYS[0], 3) in (None, IDS), "a changed space in the header is no harm"
    cache.write(KEYS[0], IDS)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b"\n", b"[]\n", b'"a"\n', b'{"sha256": 1}\n', b"\xff\n"])
def test_a_foreign_file_is_none(cache: FeatureCache, content: bytes) -> None:
    cache.folder.mkdir()
    (cache.folder / f"{KEYS[0]}.ids").write_bytes(content)
    assert cache.read(KEYS[0], 3) is None


def test_an_entry_under_another_name_is_none(cache: FeatureCache) -> None:
    cache.write(KEYS[0], IDS)
    (cache.folder / f"{KEYS[0]}.ids").rename(cache.folder / f"{KEYS[1]}.ids")
    assert cache.read(KEYS[1], 3) is None


def test_an_entry_of_another_format_is_none(
    cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write(KEYS[0], IDS)
    monkeypatch.setattr(module, "FORMAT", module.FORMAT + 1)
    assert cache.read(KEYS[0], 3) is None


def test_the_file_is_what_the_module_says(cache: FeatureCache) -> None:
    cache.write(KEYS[0], IDS)
    first, _, body = (cache.folder / f"{KEYS[0]}.ids").read_bytes().partition(b"\n")
    header = json.loads(first)
    assert (header["format"], header["key"], header["texts"]) == (1, KEYS[0], 3)
    numbers = [int.from_bytes(body[i : i + 4], "little") for i in range(0, len(body), 4)]
    assert numbers == [3, 0, 1, 3, 250_001, 0, 7]


def test_the_least_recently_used_go_first(cache: FeatureCache) -> None:
    for age, key in enumerate(KEYS[:4]):
        cache.write(key, IDS)
        os.utime(cache.folder / f"{key}.ids", (1000 + age, 1000 + age))
    (cache.folder / "mine.txt").write_text("x" * 10_000)  # neither counted nor removed
    size = (cache.folder / f"{KEYS[0]}.ids").stat().st_size
    assert cache.read(KEYS[0], 3) == IDS  # used just now
    cache.limit = 3 * size + 10
    cache.write(KEYS[4], IDS)
    assert names(cache) == [*(f"{key}.ids" for key in (KEYS[0], KEYS[3], KEYS[4])), "mine.txt"]


def test_the_new_entry_stays_even_if_a_clock_is_ahead(cache: FeatureCache) -> None:
    cache.write(KEYS[0], IDS)
    path = cache.folder / f"{KEYS[0]}.ids"
    os.utime(path, (2**33, 2**33))
    cache.limit = path.stat().st_size + 10
    cache.write(KEYS[1], IDS)
    assert names(cache) == [f"{KEYS[1]}.ids"]


def test_what_is_larger_than_the_whole_cache_is_not_stored(cache: FeatureCache) -> None:
    cache.limit = 100
    cache.write(KEYS[0], IDS)
    assert not cache.folder.exists()


def test_what_a_killed_writer_left_is_removed_after_a_while(cache: FeatureCache) -> None:
    cache.folder.mkdir()
    old, new = (cache.folder / f".{key}.1.ids.partial" for key in KEYS[:2])
    old.write_bytes(b"torn")
    new.write_bytes(b"torn")
    os.utime(old, (1000, 1000))
    cache.write(KEYS[2], IDS)
    assert names(cache) == [new.name, f"{KEYS[2]}.ids"]


def test_processes_write_the_same_entries_at_once(cache: FeatureCache) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from xlt_cli.data.feature_cache import FeatureCache\n"
        f"keys = {KEYS}; rows = [list(range(k)) for k in range(300)]\n"
        # Room for a few entries only: the processes remove each other's.
        f"cache = FeatureCache(Path({str(cache.folder)!r}), 700_000, warn=sys.exit)\n"
        "for _ in range(5):\n"
        "    for key in keys:\n"
        "        found = cache.read(key, 300)\n"
        "        assert found in (None, rows)\n"
        "        cache.write(key, rows)\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    rows = [list(range(k)) for k in range(300)]
    left = [key for key in KEYS if cache.read(key, 300) == rows]
    assert names(cache) == [f"{key}.ids" for key in left]
    assert 1 <= len(left) <= 4


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path: Path, warnings: list[str]) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    for _ in range(2):
        cache = FeatureCache(tmp_path / "cache" / "features", warn=warnings.append)
        cache.write(KEYS[0], IDS)
        assert cache.read(KEYS[0], 3) is None
    (warning,) = warnings
    assert str(tmp_path / "cache") in warning
    assert "XLT_CACHE_DIR" in warning


def test_an_entry_that_cannot_be_replaced_leaves_nothing_half_written(
    cache: FeatureCache, warnings: list[str]
) -> None:
    (cache.folder / f"{KEYS[0]}.ids").mkdir(parents=True)
    cache.write(KEYS[0], IDS)
    assert len(warnings) == 1
    assert cache.read(KEYS[0], 3) is None
    assert names(cache) == [f"{KEYS[0]}.ids"]


def test_a_read_only_cache_serves(
    cache: FeatureCache, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    cache.write(KEYS[0], IDS)
    monkeypatch.setattr(os, "utime", refused)
    monkeypatch.setattr(Path, "write_bytes", refused)
    assert cache.read(KEYS[0], 3) == IDS
    cache.write(KEYS[1], IDS)
    assert len(warnings) == 1
    assert "Permission denied" in warnings[0]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 2 * 10**9),
        ("500", 500 * 10**6),
        ("1.5GB", 1_500_000_000),
        (" 20 kb ", 20_000),
        ("3T", 3 * 10**12),
        ("0", 0),
        ("0GB", 0),
    ],
)
def test_the_size_that_is_set(monkeypatch: pytest.MonkeyPatch, text: str, size: int) -> None:
    monkeypatch.setenv("XLT_CACHE_SIZE", text)
    assert size_limit() == size


@pytest.mark.parametrize("text", ["lots", "-1", "1e3", "GB", "2 GiB", "nan", "1,5"])
def test_what_is_no_size_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("XLT_CACHE_SIZE", text)
    with pytest.raises(UserError) as caught:
        FeatureCache.of_user(print)
    assert caught.value.where == "XLT_CACHE_SIZE"


def test_the_users_own_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("XLT_CACHE_SIZE", "7")
    cache = FeatureCache.of_user(warnings.append)
    assert cache is not None
    assert (cache.folder, cache.limit) == (tmp_path / "features", 7_000_000)
    monkeypatch.setenv("XLT_CACHE_SIZE", "0")
    assert FeatureCache.of_user(warnings.append) is None
    assert warnings == []


def test_without_a_home_there_is_no_cache(
    monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert FeatureCache.of_user(warnings.append) is None
    assert FeatureCache.of_user(warnings.append) is None
    assert len(warnings) == 1
