"""The public names: which there are, what they are documented with, and how light they are."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import xlt_cli

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"
PUBLIC = {
    "Answered": {"frame", "report"},
    "Benchmarked": {"frame", "report"},
    "Compared": {"frame", "report", "statements"},
    "Experiment": {
        *(
            "changes",
            "check",
            "evaluate",
            "from_dict",
            "from_file",
            "name",
            "plan",
            "size",
            "spec",
            "sweep",
            "systems",
            "trials",
        ),
        *("train", "write_manifest"),
    },
    "EffectiveRobustness": {"frame", "report"},
    "Modelled": {"formula", "frame", "report"},
    "Reporter": {"bar", "say", "warn"},
    "Results": {"frame"},
    "Run": {
        *("evaluate", "export", "metrics", "name", "path", "predictions", "push", "results"),
        "seed",
        "spec",
        "state",
    },
    "Runs": {"failed", "frame", "outcomes", "results"},
    "Table": {"frame"},
    "Tabulated": {"frame", "latex", "report"},
    "UserError": set(),
    "benchmark": set(),
    "compare": set(),
    "effective_robustness": set(),
    "evaluate_model": set(),
    "mixed_model": set(),
    "open_archive": set(),
    "open_run": set(),
    "question": set(),
    "tabulate": set(),
    "write_archive": set(),
}
INHERITED = {*dir(tuple), "register"}


def functions() -> Iterator[Any]:
    for name, members in PUBLIC.items():
        public = getattr(xlt_cli, name)
        if inspect.isfunction(public):
            yield pytest.param(public, id=name)
        for member in sorted(members):
            value = inspect.getattr_static(public, member)
            function = getattr(value, "fget", None) or getattr(value, "__func__", value)
            yield pytest.param(function, id=f"{name}.{member}")


def test_these_names_are_public_and_no_others() -> None:
    assert set(xlt_cli.__all__) == set(PUBLIC)
    for name, members in PUBLIC.items():
        public = getattr(xlt_cli, name)
        assert inspect.getdoc(public)
        if inspect.isclass(public) and not issubclass(public, Exception):
            own = {n for n in dir(public) if not n.startswith("_")} - INHERITED
            assert own - {"console", "quiet"} == members, name


@pytest.mark.parametrize("function", list(functions()))
def test_a_public_function_says_what_it_takes_returns_and_raises(
    function: Callable[..., Any],
) -> None:
    text = inspect.getdoc(function) or ""
    assert text
    parameters = inspect.signature(function).parameters
    wanted = [name for name in parameters if name not in ("self", "cls")]
    if "Reporter" in function.__qualname__:
        return
    if wanted:
        described = re.search(r"Args:\n(.*?)(\n\n|\Z)", text, re.S)
        assert described
        if "options" in wanted and "task:" in described[1]:
            wanted.remove("options")  # they are described one by one
        assert [n for n in wanted if f"    {n}: " not in described[1]] == []
        assert "Returns:" in text
        assert "Raises:" in text


def test_all_is_typed() -> None:
    for parameter in functions():
        (function,) = parameter.values
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty, function
        for name, value in signature.parameters.items():
            assert name in ("self", "cls") or value.annotation is not value.empty, function


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Experimnt'"):
        _ = xlt_cli.Experimnt  # type: ignore[attr-defined]
    assert set(xlt_cli.__all__) <= set(dir(xlt_cli))


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import xlt_cli", {"pydantic", "rich", "typer", "torch", "pandas"}),
        ("import xlt_cli.cli", {"pydantic", "rich", "ruamel", "torch", "pandas"}),
        ("from xlt_cli import Experiment, Run, evaluate_model, open_run", {"torch", "pandas"}),
        (
            "from xlt_cli import Experiment\n"
            "spec = {'encoder': 'mbert', 'stages': [{'task': 'mini-pawsx'}]}\n"
            "experiment = Experiment.from_dict(spec)\n"
            "assert experiment.size == 1\nexperiment.check()",
            {"torch", "transformers", "pandas", "datasets"},
        ),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str, heavy: set[str]) -> None:
    probe = f"{code}\nimport sys\nprint(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_reference_names_them_all() -> None:
    text = REFERENCE.read_text("utf-8")
    for name, members in PUBLIC.items():
        assert f"`{name}" in text, name
        missing = [member for member in members - {"outcomes", "bar", "say", "warn"}
                   if f"`{member}" not in text and f".{member}" not in text]  # fmt: skip
        assert missing == [], name
