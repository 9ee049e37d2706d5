"""Commands that need no model import none of the packages that take seconds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from light_server import LightServer

Imported = Callable[[list[str]], tuple[int, list[str]]]

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
HEAVY = (
    "accelerate",
    "datasets",
    "pandas",
    "pyarrow",
    "scipy",
    "sklearn",
    "tokenizers",
    "torch",
    "transformers",
)
PROBE = """
import atexit, sys
atexit.register(lambda: print("IMPORTED", *sorted({heavy!r} & set(sys.modules)), file=sys.stderr))
sys.argv = ["xlt", *{arguments!r}]
from xlt_cli.__main__ import main
main()
"""


@pytest.fixture
def imported(light_server: LightServer, tmp_path: Path) -> Imported:
    """The exit code of `xlt ARGUMENTS` in a process of its own, and what it imported."""

    def run(arguments: list[str]) -> tuple[int, list[str]]:
        code = PROBE.format(heavy=set(HEAVY), arguments=arguments)
        status, _, error = light_server.run(code, os.environ, tmp_path)
        (line,) = [line for line in error.splitlines() if line.startswith("IMPORTED")]
        return status, line.split()[1:]

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["train", "--help"],
        ["reproduce", "--help"],
        ["bench", "--help"],
        ["list-plugins"],
        ["list-plugins", "--check", "--json"],
        ["validate", str(EXPERIMENTS / "quickstart.yaml")],
        ["sweep", str(EXPERIMENTS / "quickstart.yaml"), "--dry-run"],
        ["show", "e5-small-q4"],
        ["show", "xnli", "--json"],
        ["schema"],
        ["init"],
        ["runs"],
        ["cache"],
        ["cache", "clear"],
    ],
    ids=lambda arguments: Path(" ".join(arguments)).name,
)
def test_a_command_without_a_model_imports_nothing_heavy(
    arguments: list[str], imported: Imported
) -> None:
    assert imported(arguments) == (0, [])


def test_an_error_in_a_spec_is_said_before_anything_heavy_is_imported(
    imported: Imported, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("encoder: mbrt\nstages:\n- task: xnli\n", "utf-8")
    assert imported(["train", str(spec)]) == (2, [])


def test_the_probe_sees_what_is_imported(light_server: LightServer, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("", "utf-8")
    code = "import sys; sys.path.insert(0, ''); import torch\n"
    code += PROBE.format(heavy={"torch"}, arguments=["--version"])
    _, _, error = light_server.run(code, os.environ, tmp_path)
    assert error.split() == ["IMPORTED", "torch"]
