"""`xlt cache` says what is there, and clears no more than it is told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from xlt_cli.commands.cache import LEXICONS, TOKENIZERS
from xlt_cli.data.feature_cache import FeatureCache
from xlt_cli.user_cache import MARK
from xlt_encoders import kept_tokenizer
from xlt_perturbations import downloads

Cli = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of two entries of features, one of noise, a tokenizer, and a lexicon of 2 kB."""
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path))
    cache = FeatureCache(tmp_path / "features", warn=pytest.fail)
    for key in ("0" * 64, "1" * 64):
        cache.write(key, [[1] * 1000])
    downloads.cache_path("x.json").parent.mkdir()
    downloads.write(downloads.cache_path("x.json"), b"x" * 2000)
    downloads.cache_path(".x.json.lock").touch()
    (cache.folder / "notes.txt").write_text("not ours")
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise" / f"{'2' * 64}.noise").write_bytes(b"x" * 10)
    (tmp_path / "tokenizers").mkdir()
    (tmp_path / "tokenizers" / f"{'3' * 64}.json").write_bytes(b"x" * 30)
    return tmp_path


def left(folder: Path) -> list[str]:
    return sorted(path.name[:5] for path in folder.glob("*/*"))


def test_what_is_there(xlt: Cli, folder: Path) -> None:
    result = xlt("cache")
    assert result.exit_code == 0, result.output
    place, features, noise, lexicons, checksums, tokenizers, finished, plugins, precision = (
        result.stdout.splitlines()
    )
    assert place == str(folder)
    assert " ".join(features.split()) == "features 2 entries 8.4 kB of at most 2.0 GB"
    assert " ".join(noise.split()) == "noise 1 entry 0.0 kB of at most 2.0 GB"
    assert " ".join(lexicons.split()) == "lexicons 1 entry 2.0 kB"
    assert " ".join(checksums.split()) == "checksums 0 entries 0.0 kB"
    assert " ".join(tokenizers.split()) == "tokenizers 1 entry 0.0 kB"
    assert " ".join(finished.split()) == "finished 0 entries 0.0 kB of at most 2.0 GB"
    assert " ".join(plugins.split()) == "plugins 0 entries 0.0 kB"
    assert " ".join(precision.split()) == "precision 0 entries 0.0 kB"
    found = json.loads(xlt("cache", "--json").stdout)
    size = sum(path.stat().st_size for path in folder.glob("features/*.ids"))
    assert found == {
        "path": str(folder),
        "limit": 2 * 10**9,
        "features": {"entries": 2, "bytes": size},
        "noise": {"entries": 1, "bytes": 10},
        "lexicons": {"entries": 1, "bytes": 2000},
        "checksums": {"entries": 0, "bytes": 0},
        "tokenizers": {"entries": 1, "bytes": 30},
        "finished": {"entries": 0, "bytes": 0},
        "plugins": {"entries": 0, "bytes": 0},
        "precision": {"entries": 0, "bytes": 0},
    }


def test_nothing_is_there(xlt: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "none"))
    assert "0 entries" in xlt("cache").stdout
    assert xlt("cache", "clear").exit_code == 0
    assert not (tmp_path / "none").exists()


def test_features_that_are_turned_off_are_said_to_be(
    xlt: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_CACHE_SIZE", "0")
    assert "(turned off)" in xlt("cache").stdout


def test_a_size_that_is_none(xlt: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLT_CACHE_SIZE", "lots")
    result = xlt("cache")
    assert result.exit_code == 2
    assert "XLT_CACHE_SIZE" in result.stderr
    assert xlt("cache", "clear").exit_code == 0


@pytest.mark.parametrize(
    ("options", "kinds", "remaining"),
    [
        (
            [],
            [
                "features",
                "noise",
                "lexicons",
                "checksums",
                "tokenizers",
                "finished",
                "plugins",
                "precision",
            ],
            [".x.js", "notes"],
        ),
        (
            ["--features", "--lexicons"],
            ["features", "lexicons"],
            [".x.js", "22222", "33333", "notes"],
        ),
        (["--features"], ["features"], [".x.js", ".x.js", "22222", "33333", "notes", "x.jso"]),
        (["--lexicons"], ["lexicons"], [".x.js", "00000", "11111", "22222", "33333", "notes"]),
    ],
)
def test_clearing(
    xlt: Cli, folder: Path, options: list[str], kinds: list[str], remaining: list[str]
) -> None:
    result = xlt("cache", "clear", *options)
    assert result.exit_code == 0, result.output
    said = {"features": "removed 2 entries of features (8.4 kB)"}
    said["noise"] = "removed 1 entry of noise (0.0 kB)"
    said["lexicons"] = "removed 1 entry of lexicons (2.0 kB)"
    said["checksums"] = "removed 0 entries of checksums (0.0 kB)"
    said["tokenizers"] = "removed 1 entry of tokenizers (0.0 kB)"
    said["finished"] = "removed 0 entries of finished (0.0 kB)"
    said["plugins"] = "removed 0 entries of plugins (0.0 kB)"
    said["precision"] = "removed 0 entries of precision (0.0 kB)"
    assert result.stdout.splitlines() == [said[kind] for kind in kinds]
    assert left(folder) == remaining


def test_lexicons_are_where_perturbations_keep_them() -> None:
    assert (downloads.FOLDER, downloads.MARK) == (LEXICONS, MARK)


def test_tokenizers_are_where_encoders_keep_them() -> None:
    assert kept_tokenizer.FOLDER == TOKENIZERS


@pytest.mark.parametrize("options", [[], ["--lexicons"], ["--features", "--lexicons"]])
def test_files_that_a_user_put_there_stay(xlt: Cli, folder: Path, options: list[str]) -> None:
    own = {
        "fra-eng.txt": "mot word",  # beside those that xlt wrote
        "x.json": "edited since",  # written by xlt, then changed
        "counter-fitted.txt": "fast quick",
    }
    for name, text in own.items():
        (folder / "lexicons" / name).write_text(text)
    elsewhere = folder / "elsewhere.txt"
    elsewhere.write_text("a lexicon of mine")
    (folder / "lexicons" / "link.txt").symlink_to(elsewhere)
    assert json.loads(xlt("cache", "--json").stdout)["lexicons"]["entries"] == 0
    result = xlt("cache", "clear", *options)
    assert result.exit_code == 0, result.output
    assert {name: (folder / "lexicons" / name).read_text() for name in own} == own
    assert (folder / "lexicons" / "link.txt").read_text() == "a lexicon of mine"
    assert "4 entries" in result.stderr
