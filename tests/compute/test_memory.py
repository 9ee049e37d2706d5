"""The memory that is free: of the machine, or of a container."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from xlt_cli.compute import memory

MIB = 2**20
VERSION_2 = ("memory.max", "memory.current", "memory.stat", "inactive_file")
VERSION_1 = (
    "memory/memory.limit_in_bytes",
    "memory/memory.usage_in_bytes",
    "memory/memory.stat",
    "total_inactive_file",
)


@pytest.mark.parametrize("names", [VERSION_2, VERSION_1, None])
@pytest.mark.parametrize(
    ("limit", "used", "free"),
    [(64, 50, 24), (64, 80, 0), (1 << 30, 50, 100), ("max", 50, 100), ("", 50, 100)],
)
def test_a_container_has_its_limit_and_files_in_memory_count_as_free(
    names: tuple[str, ...] | None,
    limit: int | str,
    used: int,
    free: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    machine = SimpleNamespace(available=100 * MIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: machine)
    if names is not None:
        (tmp_path / "memory").mkdir()
        (tmp_path / names[0]).write_text(str(limit * MIB if isinstance(limit, int) else limit))
        (tmp_path / names[1]).write_text(str(used * MIB))
        (tmp_path / names[2]).write_text(f"anon 1\n{names[3]} {10 * MIB}\n")
    assert memory.available() == (free if names is not None else 100) * MIB
