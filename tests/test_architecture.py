"""Who may import whom, and what a plugin's module may import."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter import cli

from xlt_cli import registry

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PLUGINS = {
    folder.name for folder in (ROOT / "plugins").iterdir() if (folder / "__init__.py").exists()
}
PUBLIC = ("xlt_cli.api", "xlt_cli.languages", "xlt_cli.problems", "xlt_cli.weights")


def imports(file: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it, also for types alone."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_contracts_of_import_linter_are_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    printed = capsys.readouterr().out
    assert code == 0, printed
    count = len(PROJECT["tool"]["importlinter"]["contracts"])
    assert f"{count} kept, 0 broken" in printed
    assert count >= 3


def test_no_modules_import_each_other_not_even_for_types() -> None:
    graph = grimp.build_graph("xlt_cli", cache_dir=None)
    waits = {m: graph.find_modules_directly_imported_by(m) - {m} for m in graph.modules}
    order = TopologicalSorter(waits)
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


def test_the_layers_name_every_room_of_the_runner() -> None:
    (layers,) = [
        contract["layers"]
        for contract in PROJECT["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    source = ROOT / "src" / "xlt_cli"
    rooms = {f.parent.name for f in source.glob("*/__init__.py")}
    written = Path(PROJECT["tool"]["hatch"]["build"]["hooks"]["vcs"]["version-file"]).name
    modules = {f.stem for f in source.glob("*.py") if f.name != written and f.stem[:2] != "__"}
    named = [name for layer in layers for name in layer.split(" : ")]
    assert sorted(named) == sorted(f"xlt_cli.{name}" for name in rooms | modules)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "src").rglob("*.py")), ids=lambda f: str(f.relative_to(ROOT))
)
def test_the_runner_imports_no_plugin_not_even_for_types(file: Path) -> None:
    content = file.read_text("utf-8")
    if any(name in content for name in PLUGINS):
        assert [name for name in imports(file) if name.partition(".")[0] in PLUGINS] == []


@pytest.mark.parametrize(
    "file", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda f: str(f.relative_to(ROOT))
)
def test_a_plugin_imports_what_a_third_party_may(file: Path) -> None:
    ours = [name for name in imports(file) if name.partition(".")[0] == "xlt_cli"]
    assert [name for name in ours if not name.startswith(PUBLIC)] == []


def test_every_entry_point_is_a_plugin_of_the_repository() -> None:
    groups = PROJECT["project"]["entry-points"]
    assert set(groups) == {kind.group for kind in registry.KINDS.values()}
    for members in groups.values():
        assert list(members) == sorted(members)
        # The problems and heads that ship stand beside the runner; a stranger's are found alike.
        assert all(
            target.partition(".")[0] in PLUGINS or target.startswith("xlt_cli.problems.")
            for target in members.values()
        )


def test_importing_every_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys; from xlt_cli import registry\n"
        "found = [e for kind in registry.KINDS for e in registry.entries(kind)]\n"
        "assert found and not [e for e in found if e.error], found\n"
        "heavy = {*registry.HEAVY, 'huggingface_hub', 'numpy', 'safetensors', 'tokenizers'}\n"
        "print(*sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_contract_imports_nothing_heavy() -> None:
    code = "import sys, xlt_cli.api, xlt_cli.problems; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
