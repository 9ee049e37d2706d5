"""Commands that need no model import none of the packages that take seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


def imported(arguments: list[str], folder: Path) -> tuple[int, list[str]]:
    """The exit code of `xlt ARGUMENTS` in a fresh process, and the heavy packages it imported."""
    code = PROBE.format(heavy=set(HEAVY), arguments=arguments)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder
    )
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("IMPORTED")]
    return done.returncode, line.split()[1:]


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
    arguments: list[str], tmp_path: Path
) -> None:
    assert imported(arguments, tmp_path) == (0, [])


def test_an_error_in_a_spec_is_said_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("encoder: mbrt\nstages:\n- task: xnli\n", "utf-8")
    assert imported(["train", str(spec)], tmp_path) == (2, [])


def test_the_probe_sees_what_is_imported(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("", "utf-8")
    code = "import sys; sys.path.insert(0, ''); import torch\n"
    code += PROBE.format(heavy={"torch"}, arguments=["--version"])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stderr.split() == ["IMPORTED", "torch"]
