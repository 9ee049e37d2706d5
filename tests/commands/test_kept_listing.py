"""`xlt list-plugins` shows what is installed now, whether it imports the plugins or not."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from xlt_cli import registry
from xlt_cli.commands import kept_listing, list_plugins
from xlt_cli.runs import atomic

Cli = Callable[..., Result]
Install = Callable[..., Path]

SOURCE = """\
from pathlib import Path
from xlt_cli.api import TextPerturbation

class Noise(TextPerturbation):
    api_version = 1
    name = "noise"
    summary = "the first"

    def perturb(self, example, rng):
        return [example]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a process that seems to begin after all that the test writes."""
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(kept_listing, "_began", lambda: time.time_ns() + 10 * 10**9)
    # Python itself tells two files of one size and second not apart.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path / "cache" / kept_listing.FOLDER


@pytest.fixture
def noise(install: Install) -> Path:
    """A plugin `noise`, in a package with a file of data."""
    points = {"xlt.perturbations": {"noise": "noise_plugin:Noise"}}
    site = install("noise-dist", points, {"noise_plugin": ""})
    (site / "noise_plugin.py").unlink()
    (site / "noise_plugin").mkdir()
    (site / "noise_plugin" / "data.txt").write_text("in a file")
    (site / "noise_plugin" / "__init__.py").write_text(SOURCE)
    return site


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What was listed by importing plugins: the kinds, None for all."""
    kinds: list[str | None] = []
    made = list_plugins._made

    def noted(kind: str | None, check: bool) -> kept_listing.Listing:
        kinds.append(kind)
        _forget()
        return made(kind, check)

    monkeypatch.setattr(list_plugins, "_made", noted)
    return kinds


def _forget() -> None:
    """As a new process: nothing of the plugin is imported."""
    registry.clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "noise_plugin"]:
        del sys.modules[name]


def summary(xlt: Cli) -> str | None:
    """What is shown of `noise`."""
    rows = json.loads(xlt("list-plugins", "--json").stdout)
    return next((row["summary"] for row in rows if row["name"] == "noise"), None)


@pytest.mark.parametrize("options", [[], ["--json"], ["--kind", "task"], ["--kind", "encoder"]])
def test_a_kept_list_is_shown_as_the_first(
    xlt: Cli, imported: list[str | None], options: list[str]
) -> None:
    first = xlt("list-plugins", *options).stdout
    xlt("list-plugins")
    imported.clear()
    assert xlt("list-plugins", *options).stdout == first
    assert not imported


def test_an_unknown_kind_is_an_error_beside_a_kept_list(xlt: Cli) -> None:
    xlt("list-plugins")
    assert "unknown kind 'nosuch'" in xlt("list-plugins", "--kind", "nosuch").stderr


def test_check_imports(xlt: Cli, imported: list[str | None]) -> None:
    xlt("list-plugins")
    imported.clear()
    xlt("list-plugins", "--check", "--kind", "head")
    assert imported == ["head"]


@pytest.mark.usefixtures("imported")
def test_an_edited_plugin_is_shown_as_it_is_now(xlt: Cli, noise: Path) -> None:
    assert summary(xlt) == "the first"
    module = noise / "noise_plugin" / "__init__.py"
    module.write_text(SOURCE.replace("the first", "the other"))  # of the same size
    assert summary(xlt) == "the other"
    from_file = SOURCE.replace('"the first"', 'Path(__file__).with_name("data.txt").read_text()')
    module.write_text(from_file)
    assert summary(xlt) == "in a file"
    (noise / "noise_plugin" / "data.txt").write_text("as edited")
    assert summary(xlt) == "as edited"


def test_plugins_come_and_go(xlt: Cli, install: Install, noise: Path) -> None:
    assert summary(xlt) == "the first"
    (info,) = noise.glob("*.dist-info")
    metadata = (info / "METADATA").read_text()
    (info / "METADATA").write_text(metadata.replace("1.0", "1.1"))
    _forget()
    assert "noise-dist 1.1" in xlt("list-plugins", "--json").stdout
    other = {"noise_other": SOURCE.replace('"noise"', '"other"')}
    install("other-dist", {"xlt.perturbations": {"other": "noise_other:Noise"}}, other)
    assert "other-dist" in xlt("list-plugins", "--json").stdout
    (info / "entry_points.txt").unlink()
    _forget()
    assert summary(xlt) is None


def test_a_plugin_that_is_turned_off_is_shown_so(
    xlt: Cli, noise: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert summary(xlt) == "the first"
    monkeypatch.setenv("XLT_DISABLE_PLUGINS", "noise")
    _forget()
    assert status(xlt) == "disabled"
    monkeypatch.delenv("XLT_DISABLE_PLUGINS")
    _forget()
    assert status(xlt) == "ok"


def status(xlt: Cli) -> str:
    rows = json.loads(xlt("list-plugins", "--json").stdout)
    return str(next(row["status"] for row in rows if row["name"] == "noise"))


def test_a_list_with_a_broken_plugin_is_not_kept(xlt: Cli, noise: Path, folder: Path) -> None:
    (noise / "noise_plugin" / "__init__.py").write_text("import nosuch\n")
    assert status(xlt) == "broken"
    assert not folder.exists()


def test_files_of_this_moment_are_not_trusted(
    xlt: Cli, noise: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # when the process began: before the plugin was written
    monkeypatch.setenv("XLT_CACHE_DIR", str(folder.parent))
    monkeypatch.syspath_prepend(str(noise))
    assert summary(xlt) == "the first"
    assert not folder.exists()


def _other_rows(*rows: object) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        atomic.write_json(path, {**atomic.read_json(path), "rows": list(rows)})

    return spoil


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _edited(path: Path) -> None:
    path.write_text(path.read_text().replace("the first", "forgeries"))


@pytest.mark.parametrize(
    "spoil",
    [
        _other_rows("noise"),
        _other_rows({"kind": "task"}),
        _cut,
        _edited,
        lambda path: path.write_bytes(b"\xff"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text("{}"),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_what_is_no_kept_list_is_made_again(
    xlt: Cli, noise: Path, folder: Path, spoil: Callable[[Path], object]
) -> None:
    first = xlt("list-plugins").stdout
    (file,) = folder.iterdir()
    spoil(file)
    assert xlt("list-plugins").stdout == first
    if file.is_file():
        assert atomic.read_json(file)["rows"][0]["name"]
