"""What is looked at in the runs whose weights are packed."""

from __future__ import annotations

from pathlib import Path

from xlt_cli.weights import packed_in

ORDINARY = "unpacked"
"""What keeps the weights of a run as ordinary files."""


def models(run: Path) -> list[Path]:
    return sorted(run.glob("stages/*/model"))


def are_packed(run: Path) -> list[bool]:
    return [packed_in(model) is not None for model in models(run)]


def results(run: Path) -> dict[str, bytes]:
    """All that packing must not change."""
    names = ("evaluations/*/predictions/*", "evaluations/*/results.*", "stages/*/*.json*")
    return {
        str(path.relative_to(run)): path.read_bytes()
        for name in names
        for path in sorted(run.glob(name))
    }
